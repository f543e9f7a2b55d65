"""Whether a mail was really sent by the address in its From, and to us: DKIM (RFC 6376), checked by ourselves.

What other servers noted in the mail is not believed. A signature counts when it is of the domain of From or one above
it, covers From, To, Subject and the whole body, and the mail was addressed to us when it was signed: else whoever once
got a signed mail of a member could send it to us again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.utils import getaddresses

import dkim
import dns.exception
import dns.resolver

from ingestion.mailbox.keys import key_in
from iocmarket.accounts.asset_dns import resolver
from iocmarket.indicators.types.suffixes import suffix_list

SIGNATURES_MAX = 5
"""Signatures of one mail that are looked at."""
SECONDS = 10.0
"""How long one question to the DNS may take."""
_COVERED = {b"from", b"to", b"subject"}
_ALGORITHMS = {b"rsa-sha256", b"ed25519-sha256"}
log = logging.getLogger(__name__)
Texts = Callable[[str], bytes | None]
"""The TXT record of a name, or None. Raises UnsureError."""


class UnsureError(Exception):
    """The DNS did not answer: neither yes nor no."""


@dataclass(frozen=True, slots=True)
class _Tags:
    domain: str
    usable: bool


def is_from(data: bytes, address: str, *, texts: Texts | None = None) -> bool:
    """Whether the mail is signed for that address of its From. Raises UnsureError."""
    mail = message_from_bytes(data)
    if any(len(mail.get_all(name, [])) != 1 for name in ("from", "to", "subject")):
        return False  # of two the signature covers one, and the other may be read
    to = (found for _, found in getaddresses([str(mail["to"])]))
    if not any(key_in(found) is not None for found in to):
        return False
    signatures = mail.get_all("dkim-signature", [])[:SIGNATURES_MAX]
    found = [index for index, value in enumerate(signatures) if _is_aligned(_tags(str(value)), address)]
    return any(_holds(data, index, texts or _asked) for index in found)


def _tags(value: str) -> _Tags:
    try:
        tags = dkim.parse_tag_value(value.encode("ascii", "replace"))
    except dkim.InvalidTagValueList:
        return _Tags("", usable=False)
    covered = {name.strip().lower() for name in tags.get(b"h", b"").split(b":")}
    whole = b"l" not in tags and tags.get(b"a", b"").lower() in _ALGORITHMS
    domain = tags.get(b"d", b"").decode("ascii", "replace").strip().lower().rstrip(".")
    return _Tags(domain, usable=whole and covered >= _COVERED)


def _is_aligned(tags: _Tags, address: str) -> bool:
    """Of the same domain, or of one above it that somebody has registered: nobody signs for a whole suffix."""
    of = address.rpartition("@")[2].lower()
    above = (
        "." in tags.domain and of.endswith(f".{tags.domain}") and suffix_list().publicsuffix(tags.domain) != tags.domain
    )
    return tags.usable and (of == tags.domain or above)


def _holds(data: bytes, index: int, texts: Texts) -> bool:
    def asked(name: bytes | str, timeout: float = 0) -> bytes | None:  # noqa: ARG001 (the library's shape)
        return texts(name.decode("ascii") if isinstance(name, bytes) else name)

    try:
        return bool(dkim.DKIM(data, minkey=1024).verify(idx=index, dnsfunc=asked))
    except (dkim.DKIMException, ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        log.info("a signature of a mail cannot be read: %s", type(error).__name__)
        return False


def _asked(name: str) -> bytes | None:
    try:
        found = resolver().resolve(name, "TXT", lifetime=SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise UnsureError from error
    return next((b"".join(record.strings) for record in found), None)
