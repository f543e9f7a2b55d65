"""cowrie's JSON log (docs: OUTPUT, jsonlog): who came to the honeypot, and what they tried to bring.

An address that tried to log in is one of brute force, one that only connected scanned. The user names and passwords
that were tried, and the commands that were typed, are not read at all. Events that come `late` are dated as they say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ingestion.readers.base import Row
from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, file_readers
from ingestion.readers.sensing import Tallies, events_in, is_outside, unreadable
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal

_EVENT = re.compile(rb'"eventid"\s*:\s*"cowrie\.')
_SESSIONS = {
    "cowrie.session.connect": ("connections", None),
    "cowrie.login.failed": ("failed log-ins", ThreatType.BRUTE_FORCE),
    "cowrie.login.success": ("log-ins", ThreatType.BRUTE_FORCE),
}
_BROUGHT = {"cowrie.session.file_download": ThreatType.DROPPER, "cowrie.session.file_upload": ThreatType.MALWARE}


class Cowrie(FileReader):
    """Events, one a line, or an array of them."""

    name: ClassVar[str] = "cowrie"
    carriers: ClassVar[tuple[str, ...]] = ("application/x-ndjson", "application/json")
    size_max: ClassVar[int] = 64 * MIB

    def is_mine(self, head: bytes) -> bool:
        """An event of cowrie's."""
        return _EVENT.search(head) is not None

    def opened(self, source: Source, context: FileContext) -> Opened:
        """One item for each address, then one for each URL and file; silent are events that say nothing of those."""
        own = context.own()
        came, brought = Tallies("cowrie", otherwise=ThreatType.SCAN), Tallies("cowrie")
        faults: list[Row] = []
        silent: list[int] = []
        for line, event in events_in(source):
            if isinstance(event, Refusal):
                faults.append(unreadable(line, event))
                continue
            heard = _address(event, line, came, context) if is_outside(event.get("src_ip"), own) else False
            if not (_files(event, line, brought, context) or heard):
                silent.append(line)
        return Opened([*came.rows(), *brought.rows(), *faults], silent=tuple(silent))


def _address(event: Mapping[str, Any], line: int, tallies: Tallies, context: FileContext) -> bool:
    found = _SESSIONS.get(str(event.get("eventid")))
    if found is None:
        return False
    message, threat = found
    tally = tallies.of(str(event["src_ip"]).strip(), line)
    tally.hear(event.get("timestamp"), context.moment, threat=threat, message=message)
    return True


def _files(event: Mapping[str, Any], line: int, tallies: Tallies, context: FileContext) -> bool:
    threat = _BROUGHT.get(str(event.get("eventid")))
    if threat is None:
        return False
    values = [(event.get("url"), "url", threat), (event.get("shasum"), "sha256", ThreatType.MALWARE)]
    told = [(value, kind, what) for value, kind, what in values if isinstance(value, str) and value.strip()]
    for value, kind, what in told:
        tallies.of(value.strip(), line, kind).hear(event.get("timestamp"), context.moment, threat=what)
    return bool(told)


file_readers.register(Cowrie())
