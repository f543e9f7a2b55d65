"""The views behind a feed: those whose content it carries, and those that decide whether to block."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from iocmarket.accounts.models import CircleMembership, Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel.clock import MICROSECOND
from iocmarket.kernel.marking import Marking
from iocmarket.prepared import Prepared
from iocmarket.publication.access import views_of
from iocmarket.publication.models import Entry, View
from sharing.reading import Exit

ALWAYS = 2
"""Audiences of every member institution: the community, and its own inbox; partners and the public have the first."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Behind(NamedTuple):
    """A view behind a feed: a row, since most requests end before a model's instance is needed."""

    pk: int
    head: datetime | None
    ceiling_tlp: int
    ceiling_pap: int
    circle_id: int | None

    def view(self) -> View:
        """As an instance."""
        return View(**self._asdict())


@dataclass(frozen=True)
class Readable:
    """The complete views of a viewer at its ceiling (`shown`) and at its institution's full one (`deciding`)."""

    viewer: Viewer
    shown: tuple[Behind, ...]
    deciding: tuple[Behind, ...]
    since: str = ""
    """From when on the viewer is told of withdrawals in each of them."""

    @property
    def views(self) -> list[View]:
        """Those that are shown."""
        return [view.view() for view in self.shown]

    @cached_property
    def every(self) -> list[Behind]:
        """Each of them once."""
        return list({view.pk: view for view in (*self.shown, *self.deciding)}.values())

    @cached_property
    def shown_ids(self) -> frozenset[int]:
        """For quick questions."""
        return frozenset(view.pk for view in self.shown)

    @cached_property
    def deciding_ids(self) -> frozenset[int]:
        """For quick questions."""
        return frozenset(view.pk for view in self.deciding)

    @cached_property
    def signature(self) -> bytes:
        """Changes with every publication in any of these views: a view's head moves with each new version."""
        told = [(view.pk, view.head) for view in sorted(self.every, key=lambda view: view.pk)]
        return hashlib.sha256(f"{told}{self.since}".encode()).digest()

    def heads(self) -> dict[int, int]:
        """Up to where each view was read, in microseconds since 1970."""
        return {view.pk: (view.head - _EPOCH) // MICROSECOND for view in self.every if view.head is not None}

    @cached_property
    def access(self) -> bytes:
        """Equal while exactly these views may be read, in which exactly this may be told."""
        return hashlib.sha256(f"{sorted(self.shown_ids)}{sorted(self.deciding_ids)}{self.since}".encode()).digest()


def views_behind(exit_: Exit) -> QuerySet[Any, Any]:
    """Those of its ceiling and of the one that decides; beside each how many audiences the institution belongs to
    (`audiences`), and from when on it is told of withdrawals in it (`since`).
    """
    mine = CircleMembership.objects.filter(institution_id=exit_.institution_id)
    circles = mine.order_by().values("institution_id").annotate(number=Count("*")).values("number")
    joined = mine.filter(circle_id=OuterRef("circle_id")).values("joined_at")
    approved = Institution.objects.filter(pk=exit_.institution_id).values("approved_at")
    found = views_of(exit_.viewer) | views_of(exit_.viewer.decider)
    return found.annotate(
        audiences=Coalesce(Subquery(circles), 0) + ALWAYS, since=Greatest(Subquery(joined), Subquery(approved))
    )


def _views(exit_: Exit) -> QuerySet[View, Any]:
    columns = ("id", "head", "ceiling_tlp", "ceiling_pap", "circle_id", "audiences", "since")
    return views_behind(exit_).order_by().values_list(*columns)


COLUMNS = 7
"""Of a row of `views_statement`."""
_VIEWS = Prepared[Exit](_views)


def views_statement(viewer: Viewer) -> tuple[str, tuple[Any, ...]]:
    """The views behind a viewer's feeds, the first column their key: for `readable_of`. Written once for each exit."""
    return _VIEWS.written(Exit.of(viewer))


@lru_cache(maxsize=512)
def readable_of(viewer: Viewer, rows: tuple[tuple[Any, ...], ...]) -> Readable | None:
    """The views behind this viewer's feeds; None while one of them does not exist or is being filled: ask later.

    Pure, and kept for rows that were just the same: between two publications a consumer's requests all bring those.
    """
    found = [Behind(*row[:5]) for row in rows]
    wanted = 1 if viewer.community_only else rows[0][-2] if rows else ALWAYS
    shown, deciding = _at(viewer.ceiling, found), _at(viewer.decider.ceiling, found)
    since = repr([(row[0], row[-1]) for row in rows])
    return Readable(viewer, shown, deciding, since) if len(shown) == len(deciding) == wanted else None


def unread_since(heads: dict[int, int], readable: Readable) -> datetime | None:
    """When the first version was published that lies after these places; None for none. One statement a view."""
    found = []
    for pk, head in readable.heads().items():
        if head != heads.get(pk):
            after = _EPOCH + heads.get(pk, 0) * MICROSECOND
            later = Entry.objects.filter(view=pk, date_added__gt=after).order_by("date_added")
            found.append(later.values_list("date_added", flat=True)[0])
    return min(found, default=None)


def _at(ceiling: Marking, views: list[Behind]) -> tuple[Behind, ...]:
    wanted = (ceiling.tlp, ceiling.pap)
    return tuple([view for view in views if (view.ceiling_tlp, view.ceiling_pap) == wanted])
