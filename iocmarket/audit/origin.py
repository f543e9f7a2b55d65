"""From where an act is done: what the request says, kept beside the thread while the request is answered.

One place reads it, so that no service passes addresses on. Tasks and commands are nobody's requests and have none.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseBase

from iocmarket.web.client import client_address, client_name

_SALT_BYTES = 16
_request: ContextVar[HttpRequest | None] = ContextVar("request of the act", default=None)


@dataclass(frozen=True, slots=True)
class Origin:
    """An address (None: a unix socket whose proxy names nobody) and what the client calls itself."""

    address: str | None
    client: str


class OriginOfActs:
    """Middleware: says, while a request is answered, that acts come from it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        before = _request.set(request)
        try:
            return self._get_response(request)
        finally:
            _request.reset(before)


def current_origin() -> Origin | None:
    """From where the act is done that is being recorded; None outside of a request."""
    request = _request.get()
    if request is None:
        return None
    return Origin(client_address(request) or None, client_name(request))


def new_salt() -> bytes:
    """What makes the digest of an address useless to whoever tries all addresses, once it is thrown away."""
    return secrets.token_bytes(_SALT_BYTES)


def digest_of_origin(origin: Origin, salt: bytes) -> bytes:
    """What the event keeps for ever: SHA-256 over the salt and what it was."""
    written = json.dumps([origin.address, origin.client], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(salt + written.encode()).digest()
