"""Reading what was published: every machine exit begins here.

`views_of` says which views a viewer may read now; `entries_of` what it may read in them. Both fail closed: a viewer
whose ceiling has no view reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Q, QuerySet

from iocmarket.accounts.models import CircleMembership, Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.visibility import circles_of
from iocmarket.prepared import Before, Given
from iocmarket.publication.audiences import COMMUNITY, inbox
from iocmarket.publication.models import Entry, View


def views_of(viewer: Viewer) -> QuerySet[View]:
    """The complete views that the viewer may read, at its ceiling."""
    read = Q(audience=COMMUNITY)
    if not viewer.community_only:
        mine = Q(audience__in=[COMMUNITY, inbox(viewer.institution_id)])
        read = mine | Q(circle_id__in=circles_of(viewer.institution_id))
    return View.objects.filter(
        read,
        ceiling_tlp=viewer.ceiling.tlp,
        ceiling_pap=viewer.ceiling.pap,
        filled_to__isnull=True,
    ).order_by("id")


def entries_of(viewer: Viewer, views: Iterable[View]) -> QuerySet[Entry]:
    """Every object of these views, oldest first, withdrawals told to those who could have read what is withdrawn."""
    listed = list(views)
    return entries_told((view.pk, since) for view, since in _read_since(viewer, listed))


def entries_told(views: Iterable[tuple[int, datetime | Given | None]]) -> QuerySet[Entry]:
    """The same of views by their key, each with the moment since which it is read; None for one never read."""
    listed = list(views)
    untold = Q()
    for pk, since in listed:
        withdrawn = Q(view=pk, state=Entry.State.WITHDRAWN)
        if isinstance(since, Given):
            withdrawn &= Q(Before("date_added"))
        elif since is not None:
            withdrawn &= Q(date_added__lt=since)
        untold |= withdrawn
    found = Entry.objects.filter(view__in=[pk for pk, _since in listed])
    return (found.exclude(untold) if listed else found.none()).order_by("date_added")


def read_since(joined: datetime | None, approved: datetime | None, *, of_a_circle: bool) -> datetime | None:
    """Since when a view is read: the approval, or the joining of the circle after that. Never, without either.

    Whoever is let in again, after a suspension, has gained every view anew.
    """
    since = joined if of_a_circle else approved
    return max(since, approved) if since and approved else None


def _read_since(viewer: Viewer, views: list[View]) -> Iterator[tuple[View, datetime | None]]:
    circles = {view.circle_id for view in views if view.circle_id is not None}
    memberships = CircleMembership.objects.filter(institution_id=viewer.institution_id, circle__in=circles)
    joined = dict(memberships.values_list("circle_id", "joined_at")) if circles else {}
    approved = Institution.objects.filter(pk=viewer.institution_id).values_list("approved_at", flat=True).first()
    for view in views:
        moment = joined.get(view.circle_id) if view.circle_id is not None else None
        yield view, read_since(moment, approved, of_a_circle=view.circle_id is not None)


def statements_of(viewer: Viewer) -> QuerySet[Entry]:
    """The live and expired indicators over all views of the viewer, with their value; one row per view."""
    return (
        Entry.objects.filter(
            view__in=views_of(viewer),
            state__in=[Entry.State.LIVE, Entry.State.EXPIRED],
        )
        .select_related("indicator")
        .defer("body", "digest")
        .order_by("-date_added", "-id")
    )
