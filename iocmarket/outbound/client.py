"""One request: connect to the address that was checked, read no more and no longer than allowed."""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urljoin

import urllib3
from django.conf import settings
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from iocmarket.outbound.deadline import Deadline
from iocmarket.outbound.errors import OutboundError
from iocmarket.outbound.target import Resolve, Target, by_the_system, choose, parse

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REDIRECTS = 3
CHUNK = 64 * 1024
_MOVED = (301, 302, 303, 307, 308)
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one act, redirects included."""

    seconds: float = 10.0
    bytes: int = 5 * 1024 * 1024
    """Of the body as it came, and of the body unpacked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `url`: the last address asked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """A client. `allowed`: hosts (or host:port) that may be inside our own network."""

    allowed: Collection[str] = ()
    limits: Limits = Limits()
    resolve: Resolve = by_the_system
    trust: ssl.SSLContext = field(default_factory=cache(ssl.create_default_context))

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Read. Raises OutboundError; a status of 400 and more is an answer."""
        return self.ask("GET", url, headers=headers)

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Send. A redirect is refused: what was sent would be sent to somebody else, or lost."""
        return self.ask("POST", url, body=body, headers=headers)

    def ask(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One act with its redirects, within the limits. Raises OutboundError, ValueError for another method."""
        if method not in METHODS:
            raise ValueError(f"{method} is no method of this client")
        target, until = parse(url), time.monotonic() + self.limits.seconds
        for _ in range(REDIRECTS + 1):
            answer = self._once(method, target, body, headers or {}, until)
            if answer.status not in _MOVED or "Location" not in answer.headers:
                return answer
            if method not in {"GET", "HEAD"}:
                raise OutboundError("redirect", "what is sent is not sent on to another address")
            target = _followed(target, answer.headers["Location"])
        raise OutboundError("redirect", f"more than {REDIRECTS} redirects")

    def _once(
        self, method: str, target: Target, body: bytes | None, headers: Mapping[str, str], until: float
    ) -> Answer:
        address = choose(target, self.resolve, self.allowed, _left(until))
        sent = {"User-Agent": "iocmarket", "Accept-Encoding": "gzip", **headers, "Host": target.authority}
        with Deadline(_left(until)) as deadline, self._pool(target, address, _left(until)) as pool:
            try:
                connection = deadline.watch(pool)
                found = connection.urlopen(
                    method, target.path, body=body, headers=sent, redirect=False, retries=False,
                    preload_content=False, decode_content=False, assert_same_host=False,
                )  # fmt: skip
                with closing(found):
                    content = _read(found, self.limits.bytes)
            except (HTTPError, OSError, ValueError) as error:
                if deadline.passed:
                    raise OutboundError("slow", "no complete answer in time") from error
                raise OutboundError("unreachable", "the host does not answer as a web server does") from error
            if deadline.passed:
                raise OutboundError("slow", "no complete answer in time")
        return Answer(found.status, found.headers, content, target.url)

    def _pool(self, target: Target, address: str, seconds: float) -> HTTPConnectionPool:
        """A pool of one connection to that address: urllib3 asks no resolver for an address in figures."""
        timeout = urllib3.Timeout(connect=seconds, read=seconds)
        if target.scheme == "http":
            return HTTPConnectionPool(address, target.port, timeout=timeout, maxsize=1)
        return HTTPSConnectionPool(
            address, target.port, timeout=timeout, maxsize=1,
            ssl_context=self.trust, server_hostname=target.host, assert_hostname=target.host,
        )  # fmt: skip


def client(*, limits: Limits | None = None) -> Outbound:
    """The client with what the operator allows (OUTBOUND_ALLOWED)."""
    return Outbound(allowed=frozenset(settings.OUTBOUND_ALLOWED), limits=limits or Limits())


def _followed(target: Target, location: str) -> Target:
    """The same host only, and never from https to http."""
    found = parse(urljoin(target.url, location))
    upgraded = (target.scheme, target.port, found.scheme, found.port) == ("http", 80, "https", 443)
    same = (found.scheme, found.port) == (target.scheme, target.port)
    if found.host != target.host or not (same or upgraded):
        raise OutboundError("redirect", "a redirect to another host is not followed")
    return found


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise OutboundError("slow", "no complete answer in time")
    return left


def _read(found: urllib3.BaseHTTPResponse, most: int) -> bytes:
    """The body, unpacked, up to so many bytes on either side of the unpacking."""
    encoding = found.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        raise OutboundError("encoding", "the answer is packed in a way that was not asked for")
    packed, unpacked = 0, bytearray()
    unpack = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    for chunk in found.stream(CHUNK, decode_content=False):
        packed += len(chunk)
        try:
            unpacked += unpack.decompress(chunk, most + 1 - len(unpacked)) if unpack else chunk
        except zlib.error as error:
            raise OutboundError("encoding", "the answer is not packed as it says") from error
        if max(packed, len(unpacked)) > most:
            raise OutboundError("large", f"the answer has more than {most} bytes")
    if unpack is not None and packed and not unpack.eof:
        raise OutboundError("encoding", "the packed answer ends too early")
    return bytes(unpacked)
