"""Erasing what an institution said and met, a chunk at a time: out of every table, and revoked where it was read.

A chunk is one transaction, under the publisher's lock and with no writer of statements beside it: what was published
before is replaced in the same moment in which the rows go, and no value goes that somebody is about to speak of. A
process that dies leaves whole chunks behind it; whoever comes next goes on with what is still there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q

from iocmarket.accounts.models import Institution
from iocmarket.indicators.locks import hold_all_values
from iocmarket.indicators.models import Contribution, Indicator, Report, Sighting
from iocmarket.publication.audiences import EXTENT, audiences_of
from iocmarket.publication.gathering import among
from iocmarket.publication.models import Entry, View
from iocmarket.publication.publisher import Turn, as_publisher, publish_changes
from iocmarket.publication.revoking import revoke, said_by_one_alone

_ADDRESS = ("pk", *EXTENT)


def erase_statements(institution: Institution, limit: int) -> int:
    """Erase what was said of the next values, and the values that nobody else speaks of; how many statements."""
    said = Contribution.unscoped.filter(institution=institution)
    if not said.exists():
        return 0
    with as_publisher():
        hold_all_values()
        ids = set(said.order_by("pk").values_list("indicator_id", flat=True)[:limit])
        rows = list(said.filter(indicator_id__in=ids).only(*_ADDRESS))
        told = _audiences(rows)
        _revoke_alone(told, institution)
        Contribution.unscoped.filter(pk__in=[row.pk for row in rows]).delete()
        met = Sighting.unscoped.filter(institution=institution, indicator_id__in=ids)
        _add(told, met.only(*_ADDRESS))
        met.delete()
        publish_changes(Turn(), told)
        _forget_values(ids)
    return len(rows)


def erase_sightings(institution: Institution, limit: int) -> int:
    """Erase the next reports of what was met; how many."""
    met = Sighting.unscoped.filter(institution=institution)
    if not met.exists():
        return 0
    with as_publisher():
        hold_all_values()
        rows = list(met.order_by("pk").only(*_ADDRESS)[:limit])
        Sighting.unscoped.filter(pk__in=[row.pk for row in rows]).delete()
        publish_changes(Turn(), _audiences(rows))
        _forget_values({row.indicator_id for row in rows})
    return len(rows)


def erase_reports(institution: Institution, limit: int) -> int:
    """Erase the next stories, once nothing that was said stands in them; how many."""
    told = Report.objects.filter(institution=institution)
    if not told.exists():
        return 0
    with as_publisher():
        pks = list(told.order_by("pk").values_list("pk", flat=True)[:limit])
        revoke(Entry.objects.filter(report__in=pks))
        Report.objects.filter(pk__in=pks).delete()
    return len(pks)


def _audiences(rows: Iterable[Any]) -> dict[str, set[int]]:
    """The values of these statements or sightings, by audience key."""
    told: dict[str, set[int]] = defaultdict(set)
    _add(told, rows)
    return told


def _add(told: dict[str, set[int]], rows: Iterable[Any]) -> None:
    for row in rows:
        for key in audiences_of(row):
            told[key].add(row.indicator_id)


def _revoke_alone(told: dict[str, set[int]], institution: Institution) -> None:
    """Revoke what nobody else put where it is read. The rest is published anew, without what goes."""
    for view in View.objects.filter(audience__in=list(told)):
        alone = said_by_one_alone(view, told[view.audience], institution.pk)
        revoke(Entry.objects.filter(Q(indicator__in=alone) | Q(sighted__in=alone), view=view))


def _forget_values(ids: set[int]) -> None:
    """Delete the values of which nobody says anything, and what stood there because of what was said.

    Others' sightings go with the statement that they answered: nobody can see them without it. An entry that is left
    was withdrawn from an audience that the statement had before.
    """
    spoken_of = Contribution.unscoped.filter(indicator=OuterRef("pk"))
    unspoken = Indicator.unscoped.filter(~Exists(spoken_of), among(Indicator, "id", ids))
    gone = list(unspoken.values_list("pk", flat=True))
    revoke(Entry.objects.filter(Q(indicator__in=gone) | Q(sighted__in=gone)))
    Sighting.unscoped.filter(indicator__in=gone).delete()
    Indicator.unscoped.filter(pk__in=gone).delete()
