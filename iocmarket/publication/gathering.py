"""What the publisher reads for a chunk: rows, not model instances, in one statement for each table.

Called under the publisher's lock, after the announcements were read: what it finds is committed at least as far as
they said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, CharField, ExpressionWrapper, F, Max, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from iocmarket.indicators.models import Contribution, Indicator, Sighting
from iocmarket.kernel.marking import Marking
from iocmarket.publication.audiences import contributions_in
from iocmarket.publication.facts import Met, Said
from iocmarket.publication.models import Entry, View
from iocmarket.publication.storing import Parameters

# The view as an expression that no index knows: where its statistics are of yesterday, PostgreSQL takes a view that
# grew since for a small one and reads all of it, for every chunk again.
IN_VIEW = ExpressionWrapper(F("view_id") + 0, output_field=BigIntegerField())


class Held(NamedTuple):
    """An entry as it stands, but for its body."""

    pk: int
    indicator_id: int
    stix_id: str
    """As text: most are read and never needed, and each UUID would be parsed and written again."""
    first_added: datetime
    digest: bytes
    state: str
    parameters: Parameters


def said_in(audience: str, ceiling: Marking, indicator_ids: Collection[int]) -> dict[int, list[Said]]:
    """The live contributions of an audience under a ceiling, by indicator."""
    rows = (
        Contribution.unscoped.filter(
            contributions_in(audience),
            among(Contribution, "indicator", indicator_ids),
            tlp__lte=ceiling.tlp,
            pap__lte=ceiling.pap,
        )
        .annotate(name=F("institution__name"))
        .values_list(*Said._fields)
    )
    found: dict[int, list[Said]] = defaultdict(list)
    for row in _rows(rows):
        found[row[1]].append(Said._make(row))
    return found


def met_in(audience: str, ceiling: Marking, indicator_ids: Collection[int]) -> dict[int, list[Met]]:
    """The sightings of an audience under a ceiling, by indicator."""
    rows = Sighting.unscoped.filter(
        contributions_in(audience),
        among(Sighting, "indicator", indicator_ids),
        tlp__lte=ceiling.tlp,
        pap__lte=ceiling.pap,
    )
    return met_of(rows)


def met_of(rows: QuerySet[Sighting]) -> dict[int, list[Met]]:
    """Sightings, of each kind and institution the latest, by indicator. One statement."""
    latest = rows.values_list("indicator_id", "kind", "institution_id", "anonymous").annotate(at=Max("seen_at"))
    found: dict[int, list[Met]] = defaultdict(list)
    for pk, *met in latest.order_by():
        found[pk].append(Met(*met))
    return found


def said_of(row: Contribution) -> Said:
    """One contribution that was read as an instance, with its institution."""
    return Said._make(row.institution.name if name == "name" else getattr(row, name) for name in Said._fields)


def values_of(indicator_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Type and value by indicator."""
    rows = Indicator.unscoped.filter(among(Indicator, "id", indicator_ids)).values_list("pk", "type", "value")
    return {pk: (type_name, value) for pk, type_name, value in _rows(rows)}


def held_in(view: View, indicator_ids: Collection[int]) -> dict[int, Held]:
    """The entries that a view has of these indicators."""
    columns = ["written_id" if name == "stix_id" else name for name in (*Held._fields[:-1], *Parameters._fields)]
    rows = (
        Entry.objects.alias(place=IN_VIEW)
        .filter(among(Entry, "indicator", indicator_ids), place=view.pk)
        .annotate(written_id=Cast("stix_id", CharField()))
        .values_list(*columns)
    )
    split = len(Held._fields) - 1
    return {row[1]: Held._make((*row[:split], Parameters._make(row[split:]))) for row in _rows(rows)}


def _rows(query: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """What a list of values finds, all at once as the driver brings it: Django would ask for a hundred at a time."""
    sql, given = query.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def among(model: type[Model], name: str, ids: Iterable[int]) -> RawSQL:
    """A condition, `column = ANY (ids)`: Django's `in` takes as long to write as its answer takes to find.

    The ids are one literal: as a list, each would be a term of the statement for the driver to write and PostgreSQL to
    read.
    """
    meta = model._meta  # noqa: SLF001 (Django's documented model _meta API)
    column = f"{meta.db_table}.{meta.get_field(name).column}"  # type: ignore[union-attr]
    # Names of our own models; the ids are a parameter.
    return RawSQL(f"{column} = ANY (%s::bigint[])", ["{" + ",".join(map(str, ids)) + "}"], output_field=BooleanField())  # noqa: S611
