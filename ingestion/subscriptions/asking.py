"""Asking the other server: through the guarded client, with the subscription's credential, within bounds.

What goes wrong becomes a PullError with a stable code; neither the credential nor what the server wrote is in it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson

from iocmarket.outbound import Answer, Limits, OutboundError, client

MIB = 1024 * 1024
LIMITS = Limits(seconds=45.0, bytes=16 * MIB)
"""Of one page. A server that sends more is asked for fewer at a time."""
WAIT_MAX = 24 * 3600
"""Seconds that a server may have us wait."""


class PullError(Exception):
    """Why a turn ended early. `wait`: seconds the server asked for; `stops`: somebody has to look before it goes on."""

    def __init__(self, code: str, *, wait: int = 0, stops: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.wait = wait
        self.stops = stops


@dataclass(frozen=True, slots=True)
class Access:
    """Where and as whom to ask. `repr` shows no credential."""

    url: str
    login: str = ""
    secret: str = field(default="", repr=False)

    def basic_or_bearer(self) -> dict[str, str]:
        """As TAXII servers want it; nothing without a secret."""
        if self.login:
            return {"Authorization": f"Basic {b64encode(f'{self.login}:{self.secret}'.encode()).decode()}"}
        return {"Authorization": f"Bearer {self.secret}"} if self.secret else {}


def get(url: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[Any, Answer]:
    """The JSON document at an address, and its answer. Raises PullError."""
    return _asked("GET", f"{url}?{urlencode(query)}" if query else url, None, headers)


def post(url: str, document: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[Any, Answer]:
    """The JSON document that is the answer to another one. Raises PullError."""
    return _asked("POST", url, orjson.dumps(document), {"Content-Type": "application/json", **headers})


def _asked(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[Any, Answer]:
    try:
        answer = client(limits=LIMITS).ask(method, url, body=body, headers=headers)
    except OutboundError as error:
        raise PullError(f"net_{error.code}") from error
    _check(answer)
    try:
        return orjson.loads(answer.body), answer
    except orjson.JSONDecodeError as error:
        raise PullError("not_json") from error


def _check(answer: Answer) -> None:
    """Raises PullError for any answer that is none."""
    status = answer.status
    if status in {401, 403}:
        raise PullError("credential_refused", stops=True)
    if status in {404, 406, 410}:
        raise PullError("nothing_there")
    if status in {429, 503}:
        raise PullError("asked_to_wait", wait=_seconds(answer.headers.get("Retry-After", "")))
    if status >= 500:
        raise PullError("server_fails")
    if not 200 <= status < 300:
        raise PullError("request_refused")


def _seconds(text: str) -> int:
    return min(int(text), WAIT_MAX) if text.isascii() and text.isdigit() and len(text) < 9 else 0
