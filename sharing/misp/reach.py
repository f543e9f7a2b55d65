"""What a viewer reads as MISP: its views with what decides on their telling, read in one statement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import QuerySet

from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel import clock
from iocmarket.prepared import Prepared
from iocmarket.publication.models import View
from sharing.feeds.readable import views_behind
from sharing.misp.following import catch_up
from sharing.misp.models import MovedFor
from sharing.reading import Exit

DETECTING_TOOL = "misp-detect"
"""The tool of a token whose MISP only detects: nothing it does with a value can be noticed."""
READ_GRAIN = timedelta(days=1)


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
    moving: int | None = None
    """The key of its `MovedFor`, once a value has moved for it."""

    @cached_property
    def by_pk(self) -> dict[int, Shown]:
        """For quick questions."""
        return {shown.pk: shown for shown in self.shown}


def reach_of(viewer: Viewer, *, noted: bool = True) -> Reach:
    """What the viewer reads, up to date. Raises NotReady. `noted`: from now on it is followed what moves for it."""
    reach, complete = _read(viewer)
    if not complete:
        raise NotReady
    behind = [shown for shown in reach.shown if shown.head is not None and shown.head != shown.upto]
    if not catch_up(shown.view() for shown in behind):
        raise NotReady
    return replace(reach, moving=_moving(viewer)) if noted else reach


def moved_at(viewer: Viewer) -> datetime | None:
    """When `to_ids` of a value changed last for the viewer without a publication."""
    return MovedFor.objects.filter(**_exit(viewer)).values_list("moved_at", flat=True).first()


def _exit(viewer: Viewer) -> dict[str, Any]:
    return {
        "institution_id": viewer.institution_id, "ceiling_tlp": viewer.ceiling.tlp, "ceiling_pap": viewer.ceiling.pap,
        "community_only": viewer.community_only, "detecting": viewer.tool == DETECTING_TOOL,
    }  # fmt: skip


def _moving(viewer: Viewer) -> int | None:
    """One statement, two at the first time of a day."""
    named = _exit(viewer)
    held = MovedFor.objects.filter(**named).values_list("pk", "read_at", "moved_at").first()
    present = clock.now()
    if held is None:
        MovedFor.objects.bulk_create([MovedFor(**named, read_at=present)], ignore_conflicts=True)
        return None
    pk, read_at, moved_at = held
    if present - read_at > READ_GRAIN:
        MovedFor.objects.filter(pk=pk).update(read_at=present)
    return None if moved_at is None else pk


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
