"""Why a request was not made, or not finished."""

from __future__ import annotations


class OutboundError(Exception):
    """`code` is stable: url, scheme, credentials, port, address, name, redirect, slow, large, encoding, unreachable.

    The sentence names no address that was resolved: it may be shown to the person who gave the URL, and must not
    become a map of the network behind the server.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
