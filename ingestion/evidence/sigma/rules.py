"""The rules: our own, in the folder `rules` beside this file, and those of a folder that the operator names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from ingestion.evidence.sigma.conditions import Condition, UnsupportedError, compiled
from ingestion.evidence.sigma.events import CATEGORIES, SERVICES, Event

OWN = Path(__file__).parent / "rules"
SIZE_MAX = 256 * 1024
RULES_MAX = 5000
SCORES: Final = {"critical": 95, "high": 85, "medium": 60, "low": 30, "informational": 10}
_TECHNIQUE: Final = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that can be evaluated."""

    id: str
    title: str
    score: int
    """0 to 100, by its level."""
    techniques: tuple[str, ...]
    """Of MITRE ATT&CK®, from its tags."""
    channel: str
    """In lower case; empty for any."""
    events: frozenset[tuple[str, int]]
    """Channels and event ids of its category; empty for any."""
    conditions: tuple[Condition, ...]

    def looks_at(self, channel: str, number: int) -> bool:
        """Whether its log source means such events."""
        return (not self.channel or channel == self.channel) and (not self.events or (channel, number) in self.events)

    def matches(self, event: Event) -> bool:
        """Whether any of its conditions holds."""
        return any(condition(event) for condition in self.conditions)


@dataclass(slots=True)
class Rules:
    """What was read, and what is not evaluated, by file with the reason."""

    rules: list[Rule] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    _chosen: dict[tuple[str, int], tuple[Rule, ...]] = field(default_factory=dict)

    def matching(self, record: Mapping[str, Any]) -> Iterator[Rule]:
        """The rules that this record of an event log fulfils."""
        kind = str(record.get("winlog.channel", "")).lower(), int(record.get("winlog.event_id") or 0)
        chosen = self._chosen.get(kind)
        if chosen is None:
            chosen = tuple(rule for rule in self.rules if rule.looks_at(*kind))
            if len(self._chosen) < SIZE_MAX:
                self._chosen[kind] = chosen
        if chosen:
            event = Event(record)
            yield from (rule for rule in chosen if rule.matches(event))


def read(folders: Iterable[Path]) -> Rules:
    """Every rule of these folders and below them, each id once; a folder that is not there has none."""
    found, seen = Rules(), set[str]()
    paths = (path for folder in folders for path in sorted(folder.rglob("*.y*ml")) if path.is_file())
    for path in paths:
        try:
            rule = _read(path)
        except UnsupportedError as error:
            found.skipped[path.name] = str(error)
            continue
        if rule.id in seen or len(seen) >= RULES_MAX:
            found.skipped[path.name] = "its id was read before" if rule.id in seen else "there are too many rules"
            continue
        seen.add(rule.id)
        found.rules.append(rule)
    return found


def _read(path: Path) -> Rule:
    """Raises UnsupportedError."""
    if path.stat().st_size > SIZE_MAX:
        raise UnsupportedError("the file is too large for a rule")
    try:
        rule = SigmaRule.from_yaml(path.read_text("utf-8"))
        parsed = [condition.parsed for condition in rule.detection.parsed_condition]
    # pySigma lets the errors of Python through where a rule has a value of another type than it expects.
    except (SigmaError, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise UnsupportedError(f"it is no rule: {str(error)[:200]}") from error
    source = rule.logsource
    if source.product not in {None, "windows"}:
        raise UnsupportedError(f"its events are of {source.product}")
    if source.service and source.service not in SERVICES:
        raise UnsupportedError(f"the service {source.service} is not known")
    if source.category and source.category not in CATEGORIES:
        raise UnsupportedError(f"the category {source.category} is not known")
    said = [str(tag) for tag in rule.tags]
    techniques = tuple(found[1].upper() for tag in said if (found := _TECHNIQUE.fullmatch(tag)))
    level = rule.level.name.lower() if rule.level else "medium"
    return Rule(
        str(rule.id or path.stem), rule.title, SCORES.get(level, 60), techniques,
        SERVICES.get(source.service or "", ""), CATEGORIES.get(source.category or "", frozenset()),
        tuple(compiled(each) for each in parsed),
    )  # fmt: skip
