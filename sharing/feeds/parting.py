"""What has left a feed: values that its consumer may still hold, and is to drop.

Only what the viewer's own views carried is ever told (ADR 0021, 0055): expired statements, withdrawals of what it could
read, and what it still sees that its options, the guard or a false positive keep out now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from iocmarket.indicators.types.base import ioc_types
from iocmarket.kernel.marking import BLOCKING_PAP
from sharing.feeds.items import Item
from sharing.feeds.options import Options

REMEMBERED = timedelta(days=30)
"""For so long a consumer is told of what has left: one that asks less often starts anew."""
_BEST = 100.0


@dataclass(frozen=True, slots=True)
class Parting:
    """Decides which values that a feed does not carry now are told as gone."""

    options: Options
    moment: datetime
    block: bool

    def tells(self, item: Item, strictest: int) -> bool:
        """Of a value that has left, `strictest` being the strictest PAP of all that the institution knows of it.

        What a feed would never have carried it does not name either: labels above those that the consumer may have.
        """
        asked = not self.options.types or item.type in self.options.types
        open_enough = self.options.tlp_max is None or item.marking.tlp <= self.options.tlp_max
        return asked and open_enough and not (self.block and max(item.marking.pap, strictest) > BLOCKING_PAP)

    def tells_of_change(self, item: Item, strictest: int) -> bool:
        """The same of one that the viewer still sees, and that the options do not want now: whether they may have."""
        return self.tells(item, strictest) and (item.changed >= self.moment - REMEMBERED or self._lapsed(item))

    def _lapsed(self, item: Item) -> bool:
        """Whether time, or a report that made no version, may have taken it below the score or out of the age."""
        options = self.options
        if options.threat_types and options.threat_types.isdisjoint(item.threat_types):
            return False
        then = self.moment - REMEMBERED
        used = max(timedelta(0), then - item.last_seen) / timedelta(days=ioc_types[item.type].lifetime_days)
        scored = options.score_min is None or _BEST * (1 - min(1.0, used) ** 2) >= options.score_min
        return scored and (options.age is None or item.last_seen >= then - options.age)
