"""What concerns me: the figures and lists of the first page, each bounded, each from what the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.circulation import Circulation, circulating
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.visibility import ContributionQuerySet
from iocmarket.kernel import clock
from iocmarket.publication.access import statements_of
from iocmarket.publication.models import Entry
from sharing.search.assets import reach_of_assets
from sharing.search.filters import Filters
from sharing.search.listing import page_of
from sharing.search.rows import Row, one_per_value

# Counting stops here: "999+" says as much as 12 345 on this page, and costs the same at any size.
COUNT_MAX = 999
CONCERNING, NEWEST, CONFIRMED, EXPIRING, CIRCULATING = 12, 12, 6, 6, 6
FIRST_VISIT = timedelta(days=7)
SOON = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The first page."""

    since: datetime
    new: int
    concerning: list[Row]
    """In force, in what the institution was verified to own, newest first."""
    owned: bool
    """Whether it owns anything verified."""
    newest: list[Row]
    confirmed: list[Contribution]
    confirmed_count: int
    expiring: list[Row]
    given: int
    circulating: list[Circulation]
    capped_at: int = COUNT_MAX


def read_home(*, viewer: Viewer, previous_visit: datetime | None) -> Home:
    """Read the page. `previous_visit` None means: the last seven days."""
    moment = clock.now()
    since = previous_visit or moment - FIRST_VISIT
    live = statements_of(viewer).filter(state=Entry.State.LIVE)
    owned = reach_of_assets(viewer.institution_id)
    confirmed = _confirmed(viewer, moment - timedelta(days=30))
    return Home(
        since=since,
        new=_count(live.filter(date_added__gt=since).exclude(indicator__contributions__in=_mine(viewer))),
        concerning=page_of(Filters(state="live", reach=owned), viewer=viewer, limit=CONCERNING).rows if owned else [],
        owned=owned is not None,
        newest=page_of(Filters(state="live"), viewer=viewer, limit=NEWEST).rows,
        confirmed=list(confirmed[:CONFIRMED]),
        confirmed_count=_count(confirmed),
        expiring=one_per_value(_expiring(viewer, moment)[: EXPIRING * 3], viewer=viewer)[:EXPIRING],
        given=_count(_mine(viewer)),
        circulating=circulating(viewer, limit=CIRCULATING),
    )


def _mine(viewer: Viewer) -> ContributionQuerySet:
    return Contribution.objects.own_of(viewer)


def _confirmed(viewer: Viewer, since: datetime) -> ContributionQuerySet:
    """What others said after us of a value that we share, newest first."""
    mine = Q(
        indicator__contributions__institution_id=viewer.institution_id,
        indicator__contributions__withdrawn_at__isnull=True,
        indicator__contributions__created_at__lt=F("created_at"),
    )
    others = Contribution.objects.visible_to(viewer).exclude(institution_id=viewer.institution_id)
    return others.filter(mine, created_at__gt=since).with_authors().order_by("-created_at").distinct()


def _expiring(viewer: Viewer, moment: datetime) -> QuerySet[Entry]:
    soon = statements_of(viewer).filter(state=Entry.State.LIVE, valid_until__range=(moment, moment + SOON))
    mine = soon.filter(
        indicator__contributions__institution_id=viewer.institution_id,
        indicator__contributions__withdrawn_at__isnull=True,
    )
    return mine.order_by("valid_until").distinct()


def _count(queryset: QuerySet[Any]) -> int:
    return len(queryset.values_list("pk", flat=True)[: COUNT_MAX + 1])
