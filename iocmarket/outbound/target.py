"""From a URL to the one address that will be connected to: parsed once, resolved once, checked between the two."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from iocmarket.outbound.addresses import is_open
from iocmarket.outbound.errors import OutboundError

PORTS = {"http": 80, "https": 443}
MAX_URL = 2000
"""Characters."""
Resolve = Callable[[str, int], list[str]]
"""Host name and port to addresses; raises OSError."""
_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}", re.ASCII)
_REFUSED = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads, before anybody is asked for its address."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header: no port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address again, in one spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(url: str) -> Target:
    """Raises OutboundError: url, scheme, credentials, port."""
    if len(url) > MAX_URL or _REFUSED.search(url) or not url.isascii():
        raise OutboundError("url", "the address is too long or has characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutboundError("url", "the address cannot be read") from error
    if parts.scheme not in PORTS:
        raise OutboundError("scheme", "only http and https are spoken")
    if "@" in parts.netloc:
        raise OutboundError("credentials", "an address must not carry a user name or password")
    host = (parts.hostname or "").rstrip(".")
    if not _HOST.fullmatch(host):
        raise OutboundError("url", "the address has no host name")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, PORTS[parts.scheme] if port is None else port, path)


def choose(target: Target, resolve: Resolve, allowed: Collection[str], patience: float) -> str:
    """The address to connect to. Raises OutboundError: port, name, address.

    `allowed`: hosts, or host:port, that may be inside. Of any other name every address must be outside: a name with
    one address of each sort is an attack, not a convenience.
    """
    inside = target.host in allowed or f"{target.host}:{target.port}" in allowed
    if not inside and (target.port < 1024 and target.port not in PORTS.values()):
        raise OutboundError("port", "this port speaks another protocol")
    found = [_read(text) for text in _resolved(target, resolve, patience)]
    if not found:
        raise OutboundError("name", "the host name leads nowhere")
    if not inside and not all(map(is_open, found)):
        raise OutboundError("address", "the host is not on the open internet")
    return str(found[0])


def by_the_system(host: str, port: int) -> list[str]:
    """What the system's resolver says; it also reads decimal, octal and hexadecimal spellings."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _resolved(target: Target, resolve: Resolve, patience: float) -> list[str]:
    """The resolver in a thread of its own: the system's one cannot be told how long to wait."""
    found: list[str] = []

    def ask() -> None:
        try:
            found.extend(resolve(target.host, target.port))
        except (OSError, UnicodeError):
            found.clear()

    thread = threading.Thread(target=ask, daemon=True, name="resolve")
    thread.start()
    thread.join(patience)
    if thread.is_alive():
        raise OutboundError("slow", "the host name was not resolved in time")
    return list(found)


def _read(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
