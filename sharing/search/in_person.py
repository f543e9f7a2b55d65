"""The part of a list that lies in no view: values told to the session's person in TLP:RED (domain.md, Views).

A person is named in few statements, so these are read whole and narrowed row by row; a list of a machine has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.visibility import ContributionQuerySet
from iocmarket.publication.models import Entry, View
from iocmarket.publication.personal import red_statements
from sharing.search.filters import Filters
from sharing.search.rows import Row, rows_of

Placed = tuple[datetime, str, int]
"""When it was last said, the statement that said it, and the indicator."""


def told_in_person(
    views: list[View], filters: Filters, narrowing: Iterable[ContributionQuerySet], *, viewer: Viewer
) -> list[Placed]:
    """The values that only TLP:RED tells this person, newest first, as the filters narrow them.

    `narrowing`: statements of which the value must have one each. A value that a view holds stands in its list already.
    """
    if viewer.member_id is None:
        return []
    published = Entry.objects.filter(
        view__in=[view.pk for view in views],
        state__in=(Entry.State.LIVE, Entry.State.EXPIRED),
        indicator_id=OuterRef("indicator_id"),
    )
    found = red_statements(viewer).exclude(Exists(published))
    if filters.reach is not None:
        found = found.filter(filters.reach.of_rows())
    if filters.since is not None:
        earlier = red_statements(viewer).filter(created_at__lt=filters.since, indicator_id=OuterRef("indicator_id"))
        found = found.exclude(Exists(earlier))
    if filters.types:
        found = found.filter(indicator__type__in=sorted(filters.types))
    for each in narrowing:
        found = found.filter(Exists(each.filter(indicator_id=OuterRef("indicator_id"))))
    said = found.values_list("refreshed_at", "public_id", "indicator_id")
    placed = sorted(((moment, str(number), pk) for moment, number, pk in said), reverse=True)
    newest: dict[int, Placed] = {}
    for place in placed:
        newest.setdefault(place[2], place)
    # Rows are made in the order asked for, one each: every one of these values has a statement.
    rows = zip(newest.values(), rows_of(list(newest), viewer=viewer), strict=True)
    return [place for place, row in rows if _meant(row, filters)]


def _meant(row: Row, filters: Filters) -> bool:
    """What `listing` asks of entries, asked of a row."""
    return (
        (not filters.tlps or row.marking.tlp in filters.tlps)
        and (not filters.threat_types or bool(filters.threat_types & set(row.threat_types)))
        and (not filters.state or row.state == filters.state)
        and (not filters.score_min or row.score >= filters.score_min)
        and (filters.updated_since is None or row.updated >= filters.updated_since)
    )
