"""CrowdSec alerts, as its notification plug-in for HTTP posts them (`{{.|toJson}}`): a JSON array, or one alert.

A decision names what was banned and for how long. Simulated alerts and decisions are told by their places, and so are
those that CrowdSec took from a list: they are nobody's observation here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from ingestion.readers.base import Row
from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, file_readers
from ingestion.readers.sensing import events_in, is_outside, unreadable
from ingestion.readers.telling import dict_of, dicts_of, moment_of, plain, without_empty
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal

_HEAD = re.compile(rb'"scenario"\s*:.*"(?:decisions|leakspeed|events_count|scenario_hash)"\s*:', re.DOTALL)
_DURATION = re.compile(r"(?:(?P<hours>\d{1,6})h)?(?:(?P<minutes>\d{1,6})m)?(?:(?P<seconds>\d{1,9})(?:\.\d+)?s)?")
_LISTED = frozenset({"capi", "lists", "cscli-import"})
LONGEST = timedelta(days=366)
"""Of a ban; a longer one is kept so long."""
# The names of CrowdSec's hub: what the last part of a scenario's name holds, the telling words first.
_SCENARIOS = (
    (re.compile(r"(?:^|[-_])(?:bf|bruteforce|slow-bf|enum)(?:$|[-_])|user-enum|brute"), ThreatType.BRUTE_FORCE),
    (re.compile(r"ddos|[-_]dos(?:$|[-_])|flood"), ThreatType.DDOS),
    (re.compile(r"cve|exploit|sqli|xss|vpatch|log4j|traversal|backdoor|rce|webshell|shellshock|w00t"),
     ThreatType.EXPLOITATION),
    (re.compile(r"spam"), ThreatType.SPAM),
    (re.compile(r"scan|prob|crawl|sensitive|bad-user-agent|admin-interface|generic"), ThreatType.SCAN),
)  # fmt: skip
_SCOPES = frozenset({"ip", "range"})


class CrowdSec(FileReader):
    """Alerts with their decisions."""

    name: ClassVar[str] = "crowdsec"
    carriers: ClassVar[tuple[str, ...]] = ("application/json", "application/x-ndjson")
    size_max: ClassVar[int] = 16 * MIB

    def is_mine(self, head: bytes) -> bool:
        """An alert: a scenario and what only CrowdSec says beside it."""
        return _HEAD.search(head) is not None

    def opened(self, source: Source, context: FileContext) -> Opened:
        """One item for each decision, or for the source of an alert without any."""
        rows: list[Row] = []
        silent: list[int] = []
        own = context.own()
        for line, alert in events_in(source):
            if isinstance(alert, Refusal):
                rows.append(unreadable(line, alert))
                continue
            values = {value: until for value, until in _banned(alert, context) if _is_shared(value, own)}
            rows += [Row(line, {"value": value, **_said(alert, until, context)}) for value, until in values.items()]
            if not values:
                silent.append(line)
        return Opened(rows, silent=tuple(silent))


def _is_shared(value: str, own: Any) -> bool:
    return "/" in value or is_outside(value, own)


def _banned(alert: Mapping[str, Any], context: FileContext) -> Iterator[tuple[str, str | None]]:
    """What an alert accuses, and until when it was banned."""
    if alert.get("simulated") is True or not isinstance(alert.get("scenario"), str):
        return
    decisions = dicts_of(alert.get("decisions"))
    for decision in decisions:
        if decision.get("simulated") is not True and str(decision.get("origin", "")).lower() not in _LISTED:
            yield from _value(decision, _until(decision, context))
    if not decisions:
        yield from _value(dict_of(alert.get("source")), None)


def _value(part: Mapping[str, Any], until: str | None) -> Iterator[tuple[str, str | None]]:
    value = part.get("value") or part.get("ip")
    if str(part.get("scope", "Ip")).lower() in _SCOPES and isinstance(value, str) and value.strip():
        yield value.strip(), until


def _until(decision: Mapping[str, Any], context: FileContext) -> str | None:
    """The end of a ban of Go's notation (`3h59m56.2s`); None for what is none, and for one that is over."""
    match = _DURATION.fullmatch(str(decision.get("duration", "")).strip())
    parts = {name: int(text) for name, text in match.groupdict().items() if text} if match else {}
    length = min(timedelta(**parts), LONGEST)
    return (context.moment + length).isoformat() if length > timedelta(minutes=1) else None


def _said(alert: Mapping[str, Any], until: str | None, context: FileContext) -> dict[str, Any]:
    scenario = plain(alert.get("scenario"), 200)
    name = scenario.rpartition("/")[2].lower()
    threat = next((kind for words, kind in _SCENARIOS if words.search(name)), None)
    count = alert.get("events_count")
    times = f" ({count})" if isinstance(count, int) and not isinstance(count, bool) else ""
    first, last = (moment_of(alert.get(name), context.moment) for name in ("start_at", "stop_at"))
    return without_empty(
        {
            "threat_type": threat.value if threat else None,
            "valid_until": until,
            "first_seen": None if first and last and last < first else first,
            "last_seen": last,
            "comment": f"CrowdSec: {scenario}{times}",
        }
    )


file_readers.register(CrowdSec())
