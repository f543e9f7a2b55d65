"""The same client in the shape of a `requests` session, for libraries that bring no other."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from iocmarket.outbound.client import Outbound, client
from iocmarket.outbound.errors import OutboundError


class _Adapter(BaseAdapter):
    """Sends what requests has prepared through our client; its own options for proxies and trust do not count."""

    def __init__(self, outbound: Outbound) -> None:
        super().__init__()
        self._outbound = outbound

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Raises requests.ConnectionError, which is what callers of requests expect."""
        del stream, timeout, verify, cert, proxies
        body = request.body.encode() if isinstance(request.body, str) else request.body
        passed = {name: value for name, value in request.headers.items() if name.lower() not in _OURS}
        try:
            found = self._outbound.ask(request.method or "GET", request.url or "", body=body, headers=passed)
        except OutboundError as error:
            raise requests.ConnectionError(f"{error.code}: {error.detail}", request=request) from error
        response = requests.Response()
        response.status_code = found.status
        response.headers = CaseInsensitiveDict(found.headers)
        response.url, response.request = found.url, request
        response.raw = io.BytesIO(found.body)
        response.headers.pop("Content-Encoding", None)  # it is unpacked
        return response

    def close(self) -> None:
        """Nothing is kept open."""


_OURS = frozenset({"accept-encoding", "connection", "host", "content-length", "transfer-encoding"})


def session(**choices: Any) -> requests.Session:
    """A session whose every request goes through `client(**choices)`, whatever the environment says of proxies."""
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 0
    made.adapters.clear()
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Adapter(client(**choices)))
    return made
