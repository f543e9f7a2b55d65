"""`?explain=1`: what a feed left out and why, in words. Everything named is visible to whoever asks."""

from __future__ import annotations

from typing import Any

from sharing.feeds.services import REASONS, Feed

NAMED = 1000
"""So many values are named; the counts tell of all."""


def explanation_of(feed: Feed) -> dict[str, Any]:
    """The explanation as a JSON object."""
    return {
        "format": feed.fmt.name,
        "mode": str(feed.fmt.mode),
        "count": feed.count,
        "skipped": len(feed.left_out),
        "reasons": [
            {"reason": reason, "count": count, "sentence": str(REASONS[reason])}
            for reason, count in sorted(feed.skipped.items())
        ],
        "values": [
            {
                "indicator": str(item.public_id),
                "type": item.type,
                "value": item.value,
                "tlp": item.marking.tlp.label,
                "pap": item.marking.pap.label,
                "reason": reason,
            }
            for item, reason in feed.left_out[:NAMED]
        ],
    }
