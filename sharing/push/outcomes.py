"""How an attempt ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

GONE, TOO_MANY = 410, 429
_OK = range(200, 300)
WAIT_MOST = timedelta(hours=6)
"""The longest wait that a target may ask for."""
CODES = {401: "credential_refused", 403: "credential_refused", 404: "nothing_there", 413: "too_large_for_target"}


@dataclass(frozen=True, slots=True)
class Arrived:
    """The target has taken it. `refused`: what it said of single documents, by kind of error."""

    status: int
    refused: Counter[str] = field(default_factory=Counter)


class DeliveryError(Exception):
    """It has not arrived, or nobody knows. `stops`: trying again makes no sense before somebody has looked.

    `code` has a sentence in reasons.py; what the target wrote is not kept, since it may repeat what was sent.
    """

    def __init__(
        self, code: str, *, status: int | None = None, wait: timedelta | None = None, stops: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.wait = wait
        self.stops = stops


def raise_for(status: int, headers: Mapping[str, str], moment: datetime) -> None:
    """Raises DeliveryError for every status that says anything but yes."""
    if status in _OK:
        return
    if status == GONE:
        raise DeliveryError("target_gone", status=status, stops=True)
    wait = _asked_wait(headers.get("Retry-After", ""), moment)
    if status == TOO_MANY:
        raise DeliveryError("asked_to_slow_down", status=status, wait=wait)
    code = CODES.get(status, "target_fails" if status >= 500 else "target_refuses")
    raise DeliveryError(code, status=status, wait=wait)


def _asked_wait(header: str, moment: datetime) -> timedelta | None:
    """Retry-After (RFC 9110 section 10.2.3): seconds or a date; never longer than WAIT_MOST."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), WAIT_MOST)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - moment, timedelta(0)), WAIT_MOST)
