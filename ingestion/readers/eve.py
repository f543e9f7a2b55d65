"""Suricata's EVE log (docs: "EVE JSON Format"): of its events the alerts, and of each the side that is outside.

An alert of a name that is known for command and control tells the name; the address that such a question went to is
that of a resolver. Payloads, headers and packets are not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ingestion.readers.base import Row
from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, file_readers
from ingestion.readers.sensing import Tallies, events_in, outside, unreadable
from ingestion.readers.telling import dict_of, dicts_of, plain
from ingestion.readers.threat_words import threat_words
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal

_HEAD = re.compile(rb'"event_type"\s*:\s*"\w+".*"(?:flow_id|in_iface|src_ip|community_id)"\s*:|'
                   rb'"(?:flow_id|in_iface|src_ip)"\s*:.*"event_type"\s*:\s*"\w+"', re.DOTALL)  # fmt: skip
_CONFIDENCE = {1: 80, 2: 60, 3: 40}
"""By Suricata's severity, of which 1 is the highest; a lower one counts as 3."""
# Descriptions of Suricata's classification.config that mean one of our threats.
_CLASSES = {
    "attempted administrator privilege gain": ThreatType.EXPLOITATION,
    "successful administrator privilege gain": ThreatType.EXPLOITATION,
    "attempted user privilege gain": ThreatType.EXPLOITATION,
    "successful user privilege gain": ThreatType.EXPLOITATION,
    "web application attack": ThreatType.EXPLOITATION,
    "access to a potentially vulnerable web application": ThreatType.EXPLOITATION,
    "exploit kit activity detected": ThreatType.EXPLOITATION,
    "executable code was detected": ThreatType.EXPLOITATION,
    "attempted information leak": ThreatType.SCAN,
    "detection of a network scan": ThreatType.SCAN,
    "attempted denial of service": ThreatType.DDOS,
    "detection of a denial of service attack": ThreatType.DDOS,
    "a network trojan was detected": ThreatType.MALWARE,
    "crypto currency mining activity detected": ThreatType.MALWARE,
    "malware command and control activity detected": ThreatType.C2,
    "domain observed used for c2 detected": ThreatType.C2,
    "successful credential theft detected": ThreatType.PHISHING,
    "possible social engineering attempted": ThreatType.PHISHING,
    "an attempted login using a suspicious username was detected": ThreatType.BRUTE_FORCE,
    "attempt to login by a default username and password": ThreatType.BRUTE_FORCE,
}


class Eve(FileReader):
    """Events, one a line."""

    name: ClassVar[str] = "eve"
    carriers: ClassVar[tuple[str, ...]] = ("application/x-ndjson", "application/json")
    size_max: ClassVar[int] = 64 * MIB

    def is_mine(self, head: bytes) -> bool:
        """An event with its type and what only Suricata says beside it."""
        return b"cowrie." not in head and _HEAD.search(head) is not None

    def opened(self, source: Source, context: FileContext) -> Opened:
        """One item for each address or name outside; silent are events that are no alerts."""
        own = context.own()
        tallies = Tallies("Suricata")
        faults: list[Row] = []
        silent: list[int] = []
        for line, event in events_in(source):
            if isinstance(event, Refusal):
                faults.append(unreadable(line, event))
                continue
            try:
                told = _of_alert(event, line, tallies, context, own)
            except Refusal as refusal:
                faults.append(Row(line, {}, f"{event.get('src_ip')} → {event.get('dest_ip')}", refusal))
            else:
                if not told:
                    silent.append(line)
        return Opened([*tallies.rows(), *faults], silent=tuple(silent))


def _of_alert(event: Mapping[str, Any], line: int, tallies: Tallies, context: FileContext, own: Any) -> bool:
    alert = dict_of(event.get("alert"))
    if event.get("event_type") != "alert" or not alert:
        return False
    threat = threat_of_alert(alert)
    name = _name(event) if threat is ThreatType.C2 else None
    value = name or outside(event.get("src_ip"), event.get("dest_ip"), own)
    if value is None:
        return False
    severity = alert.get("severity")
    tallies.of(value, line, "domain" if name else "").hear(
        event.get("timestamp"),
        context.moment,
        threat=threat,
        message=plain(alert.get("signature"), 200),
        confidence=_CONFIDENCE.get(severity if isinstance(severity, int) else 3, 40),
    )
    return True


def threat_of_alert(alert: Mapping[str, Any]) -> ThreatType | None:
    """By its class where that tells, else by the words of the signature."""
    words = threat_words(str(alert.get("signature", ""))[:500])
    return _CLASSES.get(str(alert.get("category", "")).strip().lower()) or (words[0].threat if words else None)


def _name(event: Mapping[str, Any]) -> str | None:
    """The name that was asked for, or that a connection was made to."""
    dns = dict_of(event.get("dns"))
    queries = dicts_of(dns.get("query")) or dicts_of(dns.get("queries")) or [dns]
    for name in (queries[0].get("rrname"), dict_of(event.get("tls")).get("sni")):
        if isinstance(name, str) and "." in name.strip("."):
            return name.strip().rstrip(".")
    return None


file_readers.register(Eve())
