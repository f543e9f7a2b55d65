"""What an institution lets its own tools do with what it reads: its feed policy. Pure.

For each threat type and IOC type: `block` (every feed carries it, as far as the other rules let it), `detect` (only
feeds whose consumer looks in silence), `ignore` (none). A value of several threat types gets the most that one of
them permits. Beside the matrix: a least score, an age, tags to leave out, and how many values a feed holds at most.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.decision import Refusal
from sharing.feeds.formats.base import Mode
from sharing.feeds.items import Item

AGE_MAX, CAP_MAX = 3650, 10_000_000
TAGS_MAX, TAG_LENGTH = 50, 100


class Action(StrEnum):
    """What tools may do, the least first."""

    IGNORE = "ignore"
    DETECT = "detect"
    BLOCK = "block"


Cells = Mapping[str, Mapping[str, Action]]
"""By threat type, then by IOC type; what is not there is `block`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One institution's. The one without anything lets everything through."""

    cells: Cells = field(default_factory=dict)
    score_min: int | None = None
    """In every feed; blocking feeds have the community's threshold besides."""
    age_days: int | None = None
    cap: int | None = None
    tags: tuple[str, ...] = ()

    def action(self, threat: str, kind: str) -> Action:
        """What stands in one cell."""
        return self.cells.get(threat, {}).get(kind, Action.BLOCK)

    def document(self) -> dict[str, Any]:
        """As it is kept and told: equal for equal policies."""
        kept = {
            threat: {kind: str(action) for kind, action in sorted(row.items()) if action != Action.BLOCK}
            for threat, row in sorted(self.cells.items())
        }
        return {
            "matrix": {threat: row for threat, row in kept.items() if row},
            "score_min": self.score_min,
            "age_days": self.age_days,
            "cap": self.cap,
            "tags": list(self.tags),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Policy:
        """The inverse, of whatever was sent. Raises Refusal(`bad_policy`) with the place of what is not understood."""
        if unknown := sorted(set(document) - {"matrix", "score_min", "age_days", "cap", "tags"}):
            raise _bad(f"{str(unknown[0])[:40]!r} is no part of a policy", f"/{str(unknown[0])[:40]}")
        return cls(
            cells=_cells(document.get("matrix")),
            score_min=_whole(document, "score_min", 0, 100),
            age_days=_whole(document, "age_days", 1, AGE_MAX),
            cap=_whole(document, "cap", 1, CAP_MAX),
            tags=_tags(document.get("tags")),
        )


class Ruling:
    """The policy, as one feed asks it for each of its values."""

    def __init__(self, policy: Policy, mode: Mode, *, moment: datetime, tagged: Collection[int] = ()) -> None:
        """`tagged`: the indicators that carry one of the policy's tags."""
        needed = (Action.IGNORE, Action.DETECT) if mode is Mode.BLOCK else (Action.IGNORE,)
        barred: dict[str, set[str]] = {}
        for threat, row in policy.cells.items():
            for kind, action in row.items():
                if action in needed:
                    barred.setdefault(kind, set()).add(threat)
        self._barred = {kind: frozenset(threats) for kind, threats in barred.items()}
        self._score = policy.score_min
        self._since = None if policy.age_days is None else moment - timedelta(days=policy.age_days)
        self._tagged = tagged
        self.asks_more = bool(self._barred) or self._since is not None
        """Whether it needs to know threat types or dates, which plain formats do without."""

    def leaves_out(self, item: Item, indicator_id: int) -> bool:
        """Whether the institution does not want this value in this feed."""
        barred = self._barred.get(item.type)
        return (
            (barred is not None and barred.issuperset(item.threat_types))
            or (self._score is not None and item.score < self._score)
            or (self._since is not None and item.last_seen < self._since)
            or indicator_id in self._tagged
        )


def _bad(detail: str, where: str) -> Refusal:
    return Refusal("bad_policy", detail, where=where)


def _cells(given: Any) -> Cells:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise _bad("the matrix is an object of threat types", "/matrix")
    found: dict[str, dict[str, Action]] = {}
    for threat, row in given.items():
        if threat not in ThreatType.values or not isinstance(row, Mapping):
            raise _bad(f"{str(threat)[:40]!r} is no threat type with an object of IOC types", "/matrix")
        found[threat] = {}
        for kind, action in row.items():
            if kind not in ioc_types:
                raise _bad(f"{str(kind)[:40]!r} is no IOC type", f"/matrix/{threat}")
            if not isinstance(action, str) or action not in set(Action):
                raise _bad(f"an action is one of {', '.join(Action)}", f"/matrix/{threat}/{kind}")
            if action != Action.BLOCK:
                found[threat][kind] = Action(action)
    return {threat: row for threat, row in found.items() if row}


def _whole(document: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    given = document.get(name)
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= most:
        raise _bad(f"{name} is a whole number from {least} to {most}, or null", f"/{name}")
    return given


def _tags(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(tag, str) for tag in given):
        raise _bad("tags is a list of texts", "/tags")
    found = sorted({tag.strip() for tag in given} - {""})
    if len(found) > TAGS_MAX or any(len(tag) > TAG_LENGTH or not tag.isprintable() for tag in found):
        raise _bad(f"at most {TAGS_MAX} tags of at most {TAG_LENGTH} characters", "/tags")
    return tuple(found)
