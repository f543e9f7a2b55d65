"""Values in running text: messages, command lines, data of events. Linear in the text, whatever it holds.

Nothing here is certain: a key is a candidate, which counts once somebody knows it. But its borders are: `evil.org` is
not in `notevil.org`, nor in `evil.org.example.net`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from socket import AF_INET6, inet_ntop, inet_pton
from typing import Final

import ada_url

from iocmarket.kernel.match.keys import Key
from iocmarket.kernel.match.paths import in_path

_HASH = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{128}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Za-z])"
)
_KINDS: Final = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = re.compile(rf"(?<![\w.])((?:{_OCTET}\.){{3}}{_OCTET})(?::([1-9][0-9]{{0,4}}))?(?!\w|\.\w)")
_V4_WHOLE = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_V6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,8}[0-9A-Fa-f]{0,4}(?![\w:])")
_BOXED = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\]:([1-9][0-9]{0,4})(?!\w)")
_SCHEME = re.compile(r"(?<![0-9A-Za-z])(?:https?|s?ftps?|tftp|wss?|ldaps?|ssh|git|smb)://", re.IGNORECASE)
_URL_END = re.compile(r"[\s\"'<>|\\^`{}\x00-\x1f]")
_URL_MAX = 4096
_AFTER = ".,;:!?)]}*'\"&="
_TAIL = r"(?:xn--[a-z0-9-]{1,59}|[^\W\d_]{2,63})(?!\w|-\w)"
_LABELS = r"(?:\w[\w-]{0,62}+\.(?=\w)){1,40}+"
# A backslash before it is that of a path, unless there are two: those of a share.
_NAME = re.compile(rf"(?<![\w-])(?<![^\\]\\){_LABELS}{_TAIL}", re.IGNORECASE)
_MAIL = re.compile(rf"(?<![\w.+%'-])([\w.+%'-]{{1,64}}+)@({_LABELS}{_TAIL})", re.IGNORECASE)
_ENDINGS = """
exe dll sys log txt tmp ini dat pf lnk xml json cfg mui bat cmd vbs ps1 evtx etl inf cat db bin msi mum manifest
docx xlsx pptx pdf png jpg gif ico cpl ocx drv tlb nls html js css csv conf bak old job
"""
_NO_TOPS: Final = frozenset(_ENDINGS.split())
"""Endings of files that no name of the DNS has: they would be most of what is found."""
_CACHED = 512


def in_text(text: str) -> tuple[Key, ...]:
    """The keys of a text, each once."""
    return _remembered(text) if len(text) <= _CACHED else tuple(dict.fromkeys(_found(text)))


@lru_cache(maxsize=1 << 14)
def _remembered(text: str) -> tuple[Key, ...]:
    """Records repeat themselves: short texts are read once."""
    return tuple(dict.fromkeys(_found(text)))


def _found(text: str) -> Iterator[Key]:
    for match in _HASH.finditer(text):
        yield Key(_KINDS[len(match[0])], match[0].lower())
    if "." in text:
        yield from _dotted(text)
    if ":" in text:
        for match in _V6.finditer(text):
            yield from address(match[0])
        for match in _BOXED.finditer(text):
            yield from address(match[1], match[2])
        if "://" in text:
            yield from _urls(text)
    yield from in_path(text)


def _dotted(text: str) -> Iterator[Key]:
    for match in _V4.finditer(text):
        yield from address(match[1], match[2])
    if "@" in text:
        for match in _MAIL.finditer(text):
            if domain := ascii_name(match[2]):
                yield Key("email", f"{match[1].lower()}@{domain}")
    for match in _NAME.finditer(text):
        yield from name(match[0])


def name(text: str) -> Iterator[Key]:
    """The key of a name of the DNS, none for what is no such name."""
    if found := ascii_name(text):
        yield Key("domain", found)


def ascii_name(text: str) -> str:
    """In lower case and A-labels, without its final dot; empty for what cannot be one."""
    plain = text.strip().removesuffix(".").removeprefix("*.")
    lower = plain.lower() if plain.isascii() else ada_url.idna_to_ascii(plain).decode("ascii")
    if not _NAME.fullmatch(lower) or len(lower) > 253 or lower[lower.rfind(".") + 1 :] in _NO_TOPS:
        return ""
    return lower


def address(text: str, port: str | int | None = None) -> Iterator[Key]:
    """The keys of an address, alone and with its port; none for what is none. IPv4 inside of IPv6 is IPv4."""
    plain = text.strip().strip("[]").partition("%")[0]
    if _V4_WHOLE.fullmatch(plain) is not None:
        yield Key("ipv4", plain)
        if port and 0 < int(port) < 65536:
            yield Key("ip-port", f"{plain}:{int(port)}")
        return
    try:
        packed = inet_pton(AF_INET6, plain)
    except (OSError, ValueError):
        return
    if packed[:12] == b"\0" * 10 + b"\xff\xff":
        yield from address(".".join(map(str, packed[12:])), port)
        return
    canonical = inet_ntop(AF_INET6, packed)
    yield Key("ipv6", canonical)
    if port and 0 < int(port) < 65536:
        yield Key("ip-port", f"[{canonical}]:{int(port)}")


def _urls(text: str) -> Iterator[Key]:
    """Each ends where the next one begins; the outermost also with what it carries in its query."""
    starts = [match.start() for match in _SCHEME.finditer(text)]
    reached = 0
    for place, start in enumerate(starts):
        end = min(len(text), start + _URL_MAX)
        if (stop := _URL_END.search(text, start, end)) is not None:
            end = stop.start()
        following = starts[place + 1] if place + 1 < len(starts) else end
        yield from url(text[start : min(following, end)])
        if following < end and start >= reached:
            reached = end
            yield from url(text[start:end])


def url(text: str) -> Iterator[Key]:
    """The keys of a URL: itself, also without the punctuation after it, and its host."""
    for one in dict.fromkeys((text, text.rstrip(_AFTER))):
        if len(one) <= _URL_MAX and (settled := _settled(one)):
            yield Key("url", settled)
            host = settled.partition("://")[2].partition("/")[0].rpartition("@")[2]
            yield from _host(host)


def _host(host: str) -> Iterator[Key]:
    bare, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        bare, port = host, ""
    found = tuple(address(bare, port or None))
    yield from found or name(bare)


@lru_cache(maxsize=1 << 12)
def _settled(text: str) -> str:
    """As the WHATWG's parser writes it; empty for what is none."""
    try:
        href = ada_url.URL(text).href
    except ValueError:
        return ""
    return str(href)
