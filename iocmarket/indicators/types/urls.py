"""URLs, made canonical by the WHATWG parser (ada) and nothing more.

Two spellings that every server must treat alike become one (case of scheme and host, default port, dot segments,
needless escapes in the path: RFC 3986 section 6.2.2); whatever a server or a phishing kit can tell apart stays apart:
order of the query, fragment, final slash, case of the path, user information.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import ClassVar
from urllib.parse import urlsplit

import ada_url

from iocmarket.indicators.refang import refang
from iocmarket.indicators.types.addresses import USUAL_V4, is_ordinary, is_usual_ipv4, judge_address
from iocmarket.indicators.types.base import (
    DOTTED,
    DOTTED_SIGN,
    MAX_LENGTH,
    NO_HYPHEN_BEFORE,
    Canonical,
    IocType,
    Sign,
    Trait,
    cleaned,
    ioc_types,
    quoted,
)
from iocmarket.indicators.types.names import (
    PLAIN_NAME,
    ascii_name,
    defanged_name,
    judge_name,
    refuse_accidents,
    registered_of,
    usual_name,
)
from iocmarket.indicators.types.url_ends import REST_OF_URL, end_of_url
from iocmarket.kernel.decision import Refusal

SCHEMES = frozenset({"http", "https", "ftp", "ftps", "sftp", "tftp", "ws", "wss", "ldap", "ldaps", "ssh", "git", "smb"})
_BROKEN = {"http": "hxxp", "https": "hxxps", "ftp": "fxp", "ftps": "fxps"}
"""Schemes with a harmless spelling that everybody knows; the others get `[:]//`."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_OTHER_SCHEME = re.compile(
    r"(?:javascript|vbscript|data|file|mailto|about|blob|urn|tel|sms|magnet|cid):", re.IGNORECASE
)
_ESCAPE = re.compile(r"%([0-9a-f]{2})", re.IGNORECASE)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")  # RFC 3986 section 2.3
_ONION = re.compile(r"(?:[a-z0-9-]+\.)*(?:[a-z2-7]{16}|[a-z2-7]{56})\.onion")

_BODY = rf"(?-i:{REST_OF_URL})"  # no letters in it: without folding of case it is ten times faster
_V4 = r"\d{1,3}+(?:\.\d{1,3}+){3}"
_NAME_OR_V4 = rf"(?:{_V4}|(?:\w[\w-]{{0,62}}+\.(?=\w)){{1,40}}+[^\W\d_][\w-]{{1,62}}+)"

_PLAIN = r"A-Za-z0-9._~!$&*+,;=@/"
_USUAL = re.compile(rf"https?://([a-z0-9._-]++)(?:$|(/[{_PLAIN}-]*+)(?:\?[{_PLAIN}%?-]++)?(?:#[{_PLAIN}-]++)?)")


class Url(IocType):
    """An absolute URL; one without scheme but with a path is read as `http` with the warning `scheme_assumed`."""

    name: ClassVar[str] = "url"
    misp_type: ClassVar[str] = "url"
    label = "URL"
    traits = frozenset({Trait.URL})
    lifetime_days: ClassVar[int] = 90
    precedence: ClassVar[int] = 10
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("hxxps://EVIL-CAS[.]fr/Path", "https://evil-cas.fr/Path"),
        ("http://évil-accent.fr:80/a/../b", "http://xn--vil-accent-96a.fr/b"),
        ("evil-cas[.]fr/gate.php", "http://evil-cas.fr/gate.php"),
    )
    opens: ClassVar[str] = DOTTED
    signs: ClassVar[tuple[Sign, ...]] = (DOTTED_SIGN,)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"(?<![a-z0-9])(?:https?|s?ftps?|tftp|wss?|ldaps?|ssh|git|smb)://{_BODY}"
        rf"|(?<![\w.@\\$:]){NO_HYPHEN_BEFORE}(?<![^/]/){_NAME_OR_V4}(?::\d{{1,5}})?/(?!\d{{1,3}}(?![\w?=/-]|\.\w)|{_V4}(?!\w)){_BODY}",
        re.IGNORECASE,
    )

    # No punctuation in it that may end it, and none at its end; after it perhaps the next column of a table.
    plain: ClassVar[str | None] = (
        rf"https?://(?:{PLAIN_NAME}|{USUAL_V4})(?:/[A-Za-z0-9._~$+=/-]*+(?:\?[A-Za-z0-9._~$+=@/%&-]++)?)?"
        r"(?<=[A-Za-z0-9=/-])(?:(?![^ \t\"<>|`])|(?=,(?:[ \t'\"]|[0-9]{4}-[0-9]{2}-[0-9]{2}))"
        r"|(?=;(?<!&\w\w;)(?<!&\w\w\w;)(?<!&\w\w\w\w;)(?![\w.-]{1,40}=)))"
    )

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `scheme`, `not_a_url`, `too_long`, and those of its host (name or address); in free text also
        `file_name`, `sentence` and `code` for a host without a scheme before it.
        """
        text = cleaned(raw)
        scheme = _SCHEME.match(text)
        if _OTHER_SCHEME.match(text) or (scheme is not None and scheme[1].lower() not in SCHEMES):
            raise Refusal("scheme", f"Only these schemes are taken: {', '.join(sorted(SCHEMES))}.")
        if scheme is not None and text.startswith("/", scheme.end()):
            raise Refusal("empty_host", "There is no host between the slashes (RFC 9110 section 4.2.1): write two.")
        warnings: tuple[str, ...] = ()
        if scheme is None:
            if not explicit and text == raw.strip():
                _refuse_accidental_host(text)
            text, warnings = "http://" + text, ("scheme_assumed",)
        url = _settled(text)
        return Canonical(url, warnings=warnings + _judge_host(url))

    def usual(self, raw: str) -> Canonical | None:
        """A web address at a usual name or address, in which there is nothing to resolve or to unescape.

        No colon after the scheme, no bracket: nothing that could be defanging.
        """
        if len(raw) >= MAX_LENGTH or (shape := _USUAL.fullmatch(raw)) is None or "/." in (shape[2] or ""):
            return None
        if usual_name(shape[1]) is None and not is_usual_ipv4(shape[1]):
            return None
        return Canonical(raw if shape[2] else raw + "/")

    def known(self, text: str, start: int, end: int) -> Canonical | None:
        """The same of what has the shape: its host is usual."""
        if end - start >= MAX_LENGTH or text.find("/.", start, end) >= 0:
            return None
        begin = text.index("//", start) + 2
        slash = text.find("/", begin, end)
        host = text[begin : end if slash < 0 else slash]
        usual = is_ordinary(host) if host[-1].isdigit() else registered_of(host) is not None
        return Canonical(text[start:end] if slash >= 0 else text[start:end] + "/") if usual else None

    def match_key(self, value: str) -> str:
        """Without scheme, user information and fragment."""
        authority, tail = _split_authority(value.partition("://")[2])
        return authority.rpartition("@")[2] + tail.partition("#")[0]

    def settle(self, text: str, start: int, end: int) -> int | None:
        """Without the punctuation, brackets and columns of a table that follow it."""
        return end_of_url(text, start, end)

    def unmistakable(self, match: str) -> bool:
        """Whatever has a scheme."""
        return "://" in match

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[url:value = '…']`."""
        del subtree
        return f"[url:value = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """`hxxps://evil[.]org/path`; other schemes than HTTP and FTP as `ldap[:]//`."""
        scheme, _sep, rest = value.partition("://")
        authority, tail = _split_authority(rest)
        user, at, host = authority.rpartition("@")
        name, port = _split_port(host)
        broken = f"{_BROKEN[scheme]}://" if scheme in _BROKEN else f"{scheme}[:]//"
        name = "[:]".join(name.rsplit(":", 1)) if name.startswith("[") else defanged_name(name)
        return f"{broken}{user}{'[@]' if at else ''}{name}{port}{tail}"

    def dns_name(self, value: str) -> str | None:
        """The host, if it is a name."""
        host = host_of(value)
        return host if _as_address(host) is None else None

    def host_address(self, value: str) -> str | None:
        """The host, if it is an address."""
        address = _as_address(host_of(value))
        return None if address is None else str(address)


_PLAIN_HOST = re.compile(r"[a-z]+://([a-z0-9._-]+)(?=[/?#]|$)")


def host_of(url: str) -> str:
    """The host of a canonical URL, without brackets."""
    if (plain := _PLAIN_HOST.match(url)) is not None:
        return plain[1]
    return urlsplit(url).hostname or ""


def _settled(text: str) -> str:
    """The canonical form: parse and clean until nothing changes any more. Raises Refusal `not_a_url` or `too_long`."""
    for _ in range(8):
        url = _parsed(text)
        if len(url) > MAX_LENGTH:
            raise Refusal("too_long", f"Written canonically, the URL has more than {MAX_LENGTH} characters.")
        if url == text or ("%" not in url and refang(url) == url):
            return url
        text = url
    raise Refusal("not_a_url", "The escapes of this URL are nested too deeply.")


def _parsed(text: str) -> str:
    scheme, _sep, rest = refang(text).partition("://")
    scheme = scheme.lower()
    # ada canonicalises hosts of special schemes only; https keeps the port 80 that http would drop, and vice versa.
    stand_in = scheme if scheme in {"http", "https", "ftp", "ws", "wss"} else _stand_in(rest)
    try:
        parsed = ada_url.URL(f"{stand_in}://{rest}")
    except ValueError as error:
        raise Refusal("not_a_url", "This is not a URL that a browser would open.") from error
    authority, tail = _split_authority(parsed.href.partition("://")[2])
    user, at, host = authority.rpartition("@")
    name, port = _split_port(host)
    if not name.startswith("["):
        name = ascii_name(name)
    path, mark, query = _split_query(tail)
    return f"{scheme}://{user}{at}{name}{port}{_ESCAPE.sub(_unescaped, path)}{mark}{query}"


def _stand_in(rest: str) -> str:
    return "https" if re.match(r"[^/?#]*:0*80(?:[/?#]|$)", rest) else "http"


def _split_authority(rest: str) -> tuple[str, str]:
    end = min((position for mark in "/?#" if (position := rest.find(mark)) >= 0), default=len(rest))
    return rest[:end], rest[end:]


def _split_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, colon + port) if colon and port.isdigit() and not host.endswith("]") else (host, "")


def _split_query(tail: str) -> tuple[str, str, str]:
    end = min((position for mark in "?#" if (position := tail.find(mark)) >= 0), default=len(tail))
    return tail[:end], tail[end : end + 1], tail[end + 1 :]


def _unescaped(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _judge_host(url: str) -> tuple[str, ...]:
    host = host_of(url)
    if _ONION.fullmatch(host):
        return ("onion_service",)
    address = _as_address(host)
    return judge_address(address) if address is not None else judge_name(host)[1]


def _as_address(host: str) -> IPv4Address | IPv6Address | None:
    if ":" not in host and not host[-1:].isdigit():
        return None  # nearly every host; asking costs ten times as much
    try:
        return ip_address(host)
    except ValueError:
        return None


def _refuse_accidental_host(text: str) -> None:
    name = _split_port(_split_authority(text)[0])[0]
    if _as_address(name) is None:
        refuse_accidents(name, name.lower())


ioc_types.register(Url())
