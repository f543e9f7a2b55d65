"""Rule numbers for Suricata: unique on the platform, stable per value, random (contracts.md, Feeds).

A table and not a function of the value: a keyed hash into the 32 bits of a sid would collide from some ten thousand
values on, and whatever resolves a collision would depend on who asks.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection

from iocmarket.indicators.models import Indicator
from sharing.feeds.formats.suricata import FIRST_SID, RESERVED, SLOTS
from sharing.feeds.models import RuleNumber

FIRST = FIRST_SID + RESERVED
_COUNT = (2**32 - FIRST) // SLOTS
CHUNK = 2000


def allocate(indicator_ids: Collection[int]) -> dict[int, int]:
    """Give a number to each of these indicators, which have none; of two that ask at once, the first decides."""
    wanted = sorted(indicator_ids)
    found: dict[int, int] = {}
    for start in range(0, len(wanted), CHUNK):
        missing = wanted[start : start + CHUNK]
        while missing:
            rows = [RuleNumber(indicator=Indicator(pk=pk), sid=_draw()) for pk in missing]
            RuleNumber.objects.bulk_create(rows, ignore_conflicts=True)
            given = RuleNumber.objects.filter(indicator_id__in=missing).values_list("indicator_id", "sid")
            found.update(given)
            missing = [pk for pk in missing if pk not in found]  # the number drawn was another's: draw again
    return found


def _draw() -> int:
    return FIRST + SLOTS * secrets.randbelow(_COUNT)
