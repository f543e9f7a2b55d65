"""Lists of values, newest first, a page at a time: the cost of a page does not follow its depth.

A list reads the entries of the viewer's views, one row per value: its newest. Each view is read by its own index from
the cursor on and the few rows found are merged, so that no sort grows with the community.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from iocmarket import prepared
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.visibility import ContributionQuerySet, filters_by_author
from iocmarket.kernel import clock
from iocmarket.kernel.clock import MICROSECOND
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.publication.gathering import IN_VIEW
from iocmarket.publication.models import Entry, View
from iocmarket.publication.personal import red_statements
from iocmarket.publication.scores import score_at
from sharing.search.filters import Filters
from sharing.search.in_person import told_in_person
from sharing.search.rows import Row, rows_of
from sharing.search.unnarrowed import NEWER, SPOKEN, Placed, merged, newest, views_read_by

LIMIT_MAX = 1000
LIMIT_DEFAULT = 100
WORDS_REACH = 20_000
"""Free words are looked for among so many of the newest values of each view: no index serves them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,18})-([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursor of the next page; empty when there is none."""

    rows: list[Row]
    next: str


class _Position(NamedTuple):
    added: datetime
    number: str
    """The random id of the entry, as text."""

    def cursor(self) -> str:
        return f"{(self.added - _EPOCH) // MICROSECOND}-{self.number.replace('-', '')}"

    @classmethod
    def of(cls, cursor: str) -> _Position:
        """Raises Refusal(`bad_cursor`)."""
        found = _CURSOR.fullmatch(cursor)
        try:
            if found is not None:
                return cls(_EPOCH + int(found[1]) * MICROSECOND, str(UUID(found[2])))
        except OverflowError:
            pass
        raise Refusal("bad_cursor", "the cursor is none of those that this list gave", where="cursor")


def page_of(filters: Filters, *, viewer: Viewer, limit: int = LIMIT_DEFAULT, cursor: str = "") -> Page:
    """One page. Three statements, whatever is found. Raises Refusal: `bad_cursor`, `bad_limit`."""
    if not 1 <= limit <= LIMIT_MAX:
        raise Refusal("bad_limit", f"limit is a whole number from 1 to {LIMIT_MAX}", where="limit")
    before = _Position.of(cursor) if cursor else None
    views = views_read_by(viewer)
    found = _newest(views, filters, before, viewer=viewer, count=limit + 1)
    found = _with_told_in_person(found, views, filters, before, viewer=viewer)[: limit + 1]
    shown = found[:limit]
    rows = rows_of([pk for pk, _position in shown], viewer=viewer)
    return Page(rows, shown[-1][1].cursor() if len(found) > limit else "")


def _with_told_in_person(
    found: list[tuple[int, _Position]], views: list[View], filters: Filters, before: _Position | None, *, viewer: Viewer
) -> list[tuple[int, _Position]]:
    """What lies in no view, put where it belongs: the same order, the same cursors."""
    told = told_in_person(views, filters, _narrowed_by_statements(filters, viewer), viewer=viewer)
    for added, number, pk in told:
        if before is None or (added, number) < (before.added, before.number):
            found.append((pk, _Position(added, number)))
    return sorted(found, key=lambda one: (one[1].added, one[1].number), reverse=True) if told else found


def _newest(
    views: list[View], filters: Filters, before: _Position | None, *, viewer: Viewer, count: int
) -> list[tuple[int, _Position]]:
    if filters == Filters():
        places = newest(views, count=count, before=before)
    else:
        places = _narrowed(views, filters, before, viewer=viewer, count=count)
    return [(pk, _Position(added, number)) for added, number, pk in places]


def _narrowed(
    views: list[View], filters: Filters, before: _Position | None, *, viewer: Viewer, count: int
) -> list[Placed]:
    parts = [_entries(view, views, filters, before, viewer=viewer) for view in views]
    return [(added, number, pk) for added, number, pk in prepared.rows_of(merged(parts, count))] if parts else []


def _entries(
    view: View, views: list[View], filters: Filters, before: _Position | None, *, viewer: Viewer
) -> QuerySet[Entry]:
    """The entries of one view that are the newest of their value, from the cursor on."""
    together = Entry.objects.filter(
        view__in=[each.pk for each in views], indicator_id=OuterRef("indicator_id"), state__in=SPOKEN
    )
    found = Entry.objects.filter(state__in=SPOKEN)
    if filters.reach is not None:
        found = found.filter(filters.reach.of_rows())
    if filters.reach is not None and filters.reach.few:
        found = found.alias(place=IN_VIEW).filter(place=view.pk)
    else:
        found = found.filter(view=view)
    if len(views) > 1:
        found = found.exclude(Exists(together.filter(NEWER)))
    if before is not None:
        found = found.filter(date_added__lte=before.added).exclude(date_added=before.added, stix_id__gte=before.number)
    found = _narrowed_by_entries(found, together, filters, viewer)
    if filters.words:
        found = found.filter(date_added__gte=_floor(view))
    for said in _narrowed_by_statements(filters, viewer):
        found = found.filter(Exists(said.filter(indicator_id=OuterRef("indicator_id"))))
    return found


def _narrowed_by_entries(
    found: QuerySet[Entry], together: QuerySet[Entry], filters: Filters, viewer: Viewer
) -> QuerySet[Entry]:
    """By what all views of the viewer say together: a row shows that, so a filter means that."""
    live = together.filter(state=Entry.State.LIVE)
    if filters.types:
        found = found.filter(indicator__type__in=sorted(filters.types))
    if filters.updated_since is not None:
        found = found.filter(date_added__gte=filters.updated_since)
    if filters.since is not None:
        # An entry moves to the end with each version, so that it was added no later than it moved.
        found = found.filter(date_added__gte=filters.since)
        found = found.exclude(Exists(together.filter(first_added__lt=filters.since)))
    if filters.state:
        found = found.filter(Exists(live)) if filters.state == "live" else found.exclude(Exists(live))
    if filters.threat_types:
        found = found.filter(Exists(together.filter(threat_types__overlap=sorted(filters.threat_types))))
    if filters.score_min:
        scored = live.alias(score=score_at(clock.now())).filter(score__gte=filters.score_min)
        found = found.filter(Exists(scored))
    if filters.tlps:
        strictest = Subquery(together.order_by("-tlp").values("tlp")[:1])
        meant = Q(strictest__in=sorted(filters.tlps))
        if viewer.member_id is not None:
            in_person = Exists(red_statements(viewer).filter(indicator_id=OuterRef("indicator_id")))
            meant = (meant & ~Q(in_person)) | (Q(in_person) if TLP.RED in filters.tlps else Q(pk__in=()))
        found = found.alias(strictest=strictest).filter(meant)
    return found


def _narrowed_by_statements(filters: Filters, viewer: Viewer) -> list[ContributionQuerySet]:
    """One visible statement must meet each of these; each may be met by another."""
    found: list[ContributionQuerySet] = []
    if not (filters.institution or filters.mine or filters.tag or filters.words):
        return found
    visible = Contribution.objects.visible_to(viewer)
    if filters.institution is not None:
        named = (
            Q(institution__public_id=filters.institution)
            if isinstance(filters.institution, UUID)
            else Q(institution__name__iexact=filters.institution)
        )
        found.append(filters_by_author(visible, named))
    if filters.mine:
        found.append(visible.filter(institution_id=viewer.institution_id))
    if filters.tag:
        found.append(visible.filter(tags__contains=[filters.tag]))
    if filters.words:
        words = Q(comment__icontains=filters.words) | Q(indicator__value__icontains=filters.words)
        found.append(visible.filter(words | Q(tags__contains=[filters.words])))
    return found


def _floor(view: View) -> Coalesce:
    """The `date_added` below which free words are not looked for."""
    reach = Entry.objects.filter(view=view).order_by("-date_added").values("date_added")
    return Coalesce(Subquery(reach[WORDS_REACH : WORDS_REACH + 1]), Value(_EPOCH - timedelta(days=1)))
