"""Alerts of Elastic's detection engine, as a web hook posts them: `{"alerts":[…]}`, an array, one alert a line.

Fields are those of the Elastic Common Schema (ECS), nested or with dots. Told are the address outside, the file that
the alert is about and the indicator that it matched; users, hosts, processes and command lines are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ingestion.readers.base import Row
from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, file_readers
from ingestion.readers.sensing import Tallies, events_in, outside, unreadable
from ingestion.readers.telling import dict_of, dicts_of, plain
from ingestion.readers.threat_words import threat_words
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal

ALERTS_MAX = 10_000
"""Of one execution of a rule, Elastic's own maximum."""
_HEAD = re.compile(rb'"(?:kibana\.alert\.[\w.]+|kibana)"\s*:|"signal"\s*:\s*\{')
_CONFIDENCE = {"low": 40, "medium": 60, "high": 75, "critical": 85}
_HASHES = ("sha256", "sha1", "md5")
# ATT&CK techniques (without their sub-technique) and tactics that mean one of our threats.
_TECHNIQUES = {
    "T1110": ThreatType.BRUTE_FORCE,
    "T1190": ThreatType.EXPLOITATION,
    "T1203": ThreatType.EXPLOITATION,
    "T1566": ThreatType.PHISHING,
    "T1595": ThreatType.SCAN,
    "T1046": ThreatType.SCAN,
    "T1486": ThreatType.RANSOMWARE,
    "T1498": ThreatType.DDOS,
    "T1499": ThreatType.DDOS,
    "T1071": ThreatType.C2,
    "TA0011": ThreatType.C2,
}


class Elastic(FileReader):
    """Alerts of one rule, or of several."""

    name: ClassVar[str] = "elastic"
    carriers: ClassVar[tuple[str, ...]] = ("application/json", "application/x-ndjson")
    size_max: ClassVar[int] = 64 * MIB

    def is_mine(self, head: bytes) -> bool:
        """An alert of Kibana's."""
        return _HEAD.search(head) is not None

    def opened(self, source: Source, context: FileContext) -> Opened:
        """One item for each value. Raises Refusal: `too_many_alerts`."""
        own = context.own()
        tallies = Tallies("Elastic")
        faults: list[Row] = []
        silent: list[int] = []
        place = 0
        for line, document in events_in(source):
            if isinstance(document, Refusal):
                faults.append(unreadable(line, document))
                continue
            for alert in _alerts(document):
                place += 1
                if place > ALERTS_MAX:
                    detail = f"at most {ALERTS_MAX} alerts at once, as many as one execution of a rule makes"
                    raise Refusal("too_many_alerts", detail, where=f"line {line}")
                try:
                    told = _of_alert(alert, place, tallies, context, own)
                except Refusal as refusal:
                    sides = f"{_field(alert, 'source.ip')} → {_field(alert, 'destination.ip')}"
                    faults.append(Row(place, {}, sides[:200], refusal))
                else:
                    if not told:
                        silent.append(place)
        return Opened([*tallies.rows(), *faults], silent=tuple(silent))


def _alerts(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alerts in one of the envelopes that templates and searches write, else the document itself."""
    for part in (document, dict_of(document.get("context")), dict_of(document.get("hits"))):
        for name in ("alerts", "hits"):
            if isinstance(part.get(name), list):
                return [dict_of(found.get("_source")) or found for found in dicts_of(part[name])]
    return [dict_of(document.get("_source")) or document]


def _of_alert(alert: Mapping[str, Any], place: int, tallies: Tallies, context: FileContext, own: Any) -> bool:
    found = list(dict.fromkeys(_values(alert, own)))
    rule = plain(_first(alert, "kibana.alert.rule.name", "signal.rule.name", "rule.name"), 200)
    severity = str(_first(alert, "kibana.alert.severity", "signal.rule.severity") or "").lower()
    for value, kind in found:
        tallies.of(value, place, kind).hear(
            _first(alert, "kibana.alert.original_time", "@timestamp", "kibana.alert.start"),
            context.moment,
            threat=_threat(alert, rule),
            message=rule,
            confidence=_CONFIDENCE.get(severity),
        )
    return bool(found)


def _values(alert: Mapping[str, Any], own: Any) -> Iterator[tuple[str, str]]:
    for name, kind in (("ip", ""), ("url.full", "url"), ("url.domain", "domain"), ("email.address", "email")):
        yield from _text(_field(alert, f"threat.indicator.{name}"), kind)
    for name in _HASHES:
        yield from _text(_field(alert, f"threat.indicator.file.hash.{name}"), name)
    for name in _HASHES:
        yield from _text(_field(alert, f"file.hash.{name}"), name)
    address = outside(_one(_field(alert, "source.ip")), _one(_field(alert, "destination.ip")), own)
    if address is not None:
        yield address, ""


def _text(value: Any, kind: str) -> Iterator[tuple[str, str]]:
    text = _one(value)
    if isinstance(text, str) and text.strip():
        yield text.strip(), kind


def _one(value: Any) -> Any:
    """Alerts write one value as a list of one as often as not."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _first(alert: Mapping[str, Any], *names: str) -> Any:
    return next((value for name in names if (value := _one(_field(alert, name))) is not None), None)


def _field(alert: Mapping[str, Any], name: str) -> Any:
    """A field by its dotted name, however much of it is nested."""
    if name in alert:
        return alert[name]
    head, dot, rest = name.partition(".")
    while dot:
        if isinstance(alert.get(head), dict) and (found := _field(alert[head], rest)) is not None:
            return found
        step, dot, rest = rest.partition(".")
        head = f"{head}.{step}"
    return None


def _threat(alert: Mapping[str, Any], rule: str) -> ThreatType | None:
    text = repr(_first(alert, "kibana.alert.rule.threat", "kibana.alert.rule.parameters.threat", "threat.technique.id"))
    known = (_TECHNIQUES.get(number) for number in re.findall(r"\bTA?\d{4}\b", text[:2000]))
    words = threat_words(rule)
    return next((kind for kind in known if kind is not None), words[0].threat if words else None)


file_readers.register(Elastic())
