"""Reading what was published: every machine exit begins here.

`views_of` says which views a viewer may read now; `entries_of` what it may read in them. Both fail closed: a viewer
whose ceiling has no view reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.publication.audiences import COMMUNITY, inbox
from iocmarket.publication.models import Entry, View


def audiences_read_by(viewer: Viewer) -> list[str]:
    """The audiences whose views the viewer may read: the community's and the own inbox."""
    return [COMMUNITY, inbox(viewer.institution_id)]


def views_of(viewer: Viewer) -> QuerySet[View]:
    """The complete views that the viewer may read, at its ceiling."""
    return View.objects.filter(
        audience__in=audiences_read_by(viewer),
        ceiling_tlp=viewer.ceiling.tlp,
        ceiling_pap=viewer.ceiling.pap,
        filled_to__isnull=True,
    ).order_by("id")


def entries_of(viewer: Viewer, views: Iterable[View]) -> QuerySet[Entry]:
    """Every object of these views, oldest first, withdrawals told to those who could have read what is withdrawn."""
    since = Institution.objects.filter(pk=viewer.institution_id).values_list("approved_at", flat=True).first()
    untold = Q(state=Entry.State.WITHDRAWN) & (Q(date_added__lt=since) if since else Q())
    return Entry.objects.filter(view__in=[view.pk for view in views]).exclude(untold).order_by("date_added")


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
