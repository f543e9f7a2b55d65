"""The views behind a feed: those whose content it carries, and those that decide whether to block."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db.models import Q

from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel.marking import FULL, Marking
from iocmarket.publication.access import audiences_read_by
from iocmarket.publication.models import View


@dataclass(frozen=True, slots=True)
class Readable:
    """The complete views of a viewer at its ceiling (`shown`) and at its institution's full one (`deciding`)."""

    shown: tuple[View, ...]
    deciding: tuple[View, ...]

    @property
    def every(self) -> list[View]:
        """Each of them once."""
        return list({view.pk: view for view in (*self.shown, *self.deciding)}.values())

    @property
    def shown_ids(self) -> frozenset[int]:
        """For quick questions."""
        return frozenset(view.pk for view in self.shown)

    @property
    def deciding_ids(self) -> frozenset[int]:
        """For quick questions."""
        return frozenset(view.pk for view in self.deciding)

    def signature(self) -> bytes:
        """Changes with every publication in any of these views: a view's head moves with each new version."""
        told = [(view.pk, view.head) for view in sorted(self.every, key=lambda view: view.pk)]
        return hashlib.sha256(repr(told).encode()).digest()


def readable_by(viewer: Viewer) -> Readable | None:
    """The views behind this viewer's feeds; None while one of them does not exist or is being filled: ask later.

    One statement.
    """
    keys = audiences_read_by(viewer)
    ceilings = Q(ceiling_tlp=viewer.ceiling.tlp, ceiling_pap=viewer.ceiling.pap) | Q(
        ceiling_tlp=FULL.tlp, ceiling_pap=FULL.pap
    )
    found = list(View.objects.filter(ceilings, audience__in=keys, filled_to__isnull=True).order_by("id"))
    shown, deciding = _at(viewer.ceiling, found), _at(FULL, found)
    return Readable(shown, deciding) if len(shown) == len(deciding) == len(keys) else None


def _at(ceiling: Marking, views: list[View]) -> tuple[View, ...]:
    return tuple(view for view in views if view.ceiling == ceiling)
