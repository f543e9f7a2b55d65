"""Transfers of BITS that fetch from afar, as the log of its client tells them."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.evidence.findings.base import LIKELY, OPEN, Family, Found, Record, families
from ingestion.evidence.findings.judging import text
from ingestion.evidence.persistence import BITS

_PROVIDER = "microsoft-windows-bits-client"
_USUAL = (
    ".microsoft.com", ".windowsupdate.com", ".windows.com", ".google.com", ".gvt1.com", ".mozilla.org", ".mozilla.net",
    ".adobe.com", ".office.net", ".live.com",
)  # fmt: skip
"""Whose updates come this way on most machines."""


def _found(record: Record) -> Iterator[Found]:
    url = text(record, "url.full")
    if not url or text(record, "event.provider").lower() != _PROVIDER:
        return
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    if not host or f".{host}".endswith(_USUAL):
        return
    numbers = host.replace(".", "").isdigit()
    yield Found("background", BITS, host, "", url, LIKELY if numbers else OPEN, (text(record, "event.id"),))


families.register(Family("background", _found))
