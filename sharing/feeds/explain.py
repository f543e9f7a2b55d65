"""`?explain=1`: what a feed left out and why, in words. Everything named is visible to whoever asks."""

from __future__ import annotations

from typing import Any

from sharing.feeds.formats.base import Format, Tally
from sharing.feeds.services import REASONS


def explanation_of(fmt: Format, tally: Tally) -> dict[str, Any]:
    """The explanation as a JSON object. The counts tell of all; so many values as `tally` names are named."""
    return {
        "format": fmt.name,
        "mode": str(fmt.mode),
        "count": tally.count,
        "skipped": tally.skipped.total(),
        "reasons": [
            {"reason": reason, "count": count, "sentence": str(REASONS[reason])}
            for reason, count in sorted(tally.skipped.items())
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
            for item, reason in tally.named
        ],
    }
