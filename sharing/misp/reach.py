"""What a viewer reads as MISP: its views with what decides on their telling, read in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import QuerySet

from iocmarket.accounts.viewer import Viewer
from iocmarket.prepared import Prepared
from iocmarket.publication.models import View
from sharing.feeds.readable import views_behind
from sharing.misp.following import catch_up
from sharing.reading import Exit


class NotReady(Exception):  # noqa: N818 (a state that passes, not a fault)
    """The views are being filled, or what they say is getting its names: an answer would be incomplete."""

    retry_after = 5
    """Seconds."""


class Shown(NamedTuple):
    """A view that is read."""

    pk: int
    audience: str
    head: datetime | None
    circle_id: int | None
    circle: str
    circle_public_id: str
    ceiling_tlp: int
    ceiling_pap: int
    upto: datetime | None
    """Up to where its attributes have names."""
    since: datetime | None
    """From when on the viewer reads it; what was gone before is not told. None: nothing that is gone is."""

    def view(self) -> View:
        """As an instance."""
        return View(
            pk=self.pk, audience=self.audience, head=self.head, circle_id=self.circle_id,
            ceiling_tlp=self.ceiling_tlp, ceiling_pap=self.ceiling_pap,
        )  # fmt: skip


@dataclass(frozen=True)
class Reach:
    """The views of a viewer, and the keys of those by which its institution decides whether to block."""

    viewer: Viewer
    shown: tuple[Shown, ...]
    deciding: frozenset[int]

    @cached_property
    def by_pk(self) -> dict[int, Shown]:
        """For quick questions."""
        return {shown.pk: shown for shown in self.shown}


def reach_of(viewer: Viewer) -> Reach:
    """What the viewer reads, up to date. Raises NotReady."""
    reach, complete = _read(viewer)
    if not complete:
        raise NotReady
    behind = [shown for shown in reach.shown if shown.head is not None and shown.head != shown.upto]
    if not catch_up(shown.view() for shown in behind):
        raise NotReady
    return reach


def _read(viewer: Viewer) -> tuple[Reach, bool]:
    rows = _VIEWS.rows(Exit.of(viewer))
    shown, deciding = [], set()
    ceiling, full = viewer.ceiling, viewer.decider.ceiling
    for *row, audiences in rows:
        found = Shown._make(row)
        wanted = 1 if viewer.community_only else audiences
        if (found.ceiling_tlp, found.ceiling_pap) == (ceiling.tlp, ceiling.pap):
            shown.append(found)
        if (found.ceiling_tlp, found.ceiling_pap) == (full.tlp, full.pap):
            deciding.add(found.pk)
    return Reach(viewer, tuple(shown), frozenset(deciding)), bool(rows) and len(shown) == len(deciding) == wanted


def _views(exit_: Exit) -> QuerySet[View, Any]:
    return views_behind(exit_).values_list(
        "id", "audience", "head", "circle_id", "circle__name", "circle__public_id", "ceiling_tlp", "ceiling_pap",
        "followed__upto", "since", "audiences",
    )  # fmt: skip


_VIEWS = Prepared[Exit](_views)
