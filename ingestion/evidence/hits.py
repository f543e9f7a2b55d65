"""Reading hits: those in what the viewer sees, of indicators that the viewer sees. A guest's own eyes decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ingestion.evidence.models import Archive, Hit
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.visibility import effective_marking
from iocmarket.kernel.marking import Marking

SHOWN = 500
"""Hits of one answer: the newest, then those in most records."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit with the marking of what the viewer sees of its indicator."""

    hit: Hit
    marking: Marking


def hits_of(archives: Iterable[Archive], viewer: Viewer, most: int = SHOWN) -> list[Shown]:
    """The hits in these archives. Two statements, whatever their number."""
    held = Hit.objects.visible_to(viewer).filter(archive__in=list(archives)).select_related("indicator", "archive")
    hits = list(held.order_by("-late", "-found_at", "-count", "pk")[:most])
    said: dict[int, list[Contribution]] = defaultdict(list)
    asked = {hit.indicator_id for hit in hits}
    for one in Contribution.objects.visible_to(viewer).filter(indicator__in=asked).only("indicator_id", "tlp", "pap"):
        said[one.indicator_id].append(one)
    return [Shown(hit, effective_marking(said[hit.indicator_id])) for hit in hits if hit.indicator_id in said]
