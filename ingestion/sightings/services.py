"""Reporting what was read from a request: what could be read is stored in one transaction, each item has its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingestion.sightings.drafts import Draft
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.sightings import ACCEPTED, ADDED, REFUSED, Result, report_sightings

UNKNOWN = "no value that you may see"


def report(drafts: Sequence[Draft], viewer: Viewer) -> dict[str, Any]:
    """Store and answer, item by item: the contract's answer. Raises Refusal as `report_sightings` does."""
    read = [draft.observation for draft in drafts if draft.observation is not None]
    results = iter(report_sightings(read, viewer))
    items = [_item(draft, next(results) if draft.observation is not None else _refused(draft)) for draft in drafts]
    counts = {name: sum(item["status"] == name for item in items) for name in (ACCEPTED, ADDED, REFUSED)}
    return {"counts": {"received": len(items), **counts}, "items": items}


def _refused(draft: Draft) -> Result:
    return Result(status=REFUSED, reason=draft.refusal.code if draft.refusal else "")


def _item(draft: Draft, result: Result) -> dict[str, Any]:
    indicator = result.indicator
    detail = draft.refusal.detail if draft.refusal else UNKNOWN
    return {
        "index": draft.index,
        "input": draft.input,
        "kind": draft.kind,
        "type": (indicator.type if indicator else draft.type) or None,
        "value": (indicator.value if indicator else draft.value) or None,
        "status": result.status,
        "reason": result.reason or None,
        "detail": detail if result.reason else None,
        "indicator": str(indicator.public_id) if indicator else None,
        "sighting": str(result.sighting) if result.sighting else None,
    }
