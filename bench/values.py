"""Values and statements as a community would send them, each a function of its number: the same in every run. Pure.

Numbers differ → values differ (up to 40 × 2²⁰ of them), and every value is canonical: a test asks their types.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.marking import PAP, TLP

_SHARES = {
    "ipv4": 35, "domain": 22, "url": 18, "sha256": 10, "md5": 5, "sha1": 3, "ipv6": 3, "email": 2, "cidr": 2,
}  # fmt: skip
_SLOTS = [name for name, share in _SHARES.items() for _ in range(share)]
# First octets that are public as a whole.
_OCTETS = [
    *(2, 5, 14, 23, 27, 31, 37, 41, 45, 46, 49, 57, 59, 61, 62, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89),
    *(90, 91, 92, 93, 94, 95, 101, 103, 109, 176, 185, 194),
]
_WORDS = ("secure", "login", "webmail", "update", "portail", "cas", "ent", "compte", "bank", "cloud", "mail", "vpn")
_TOPS = ("com", "net", "org", "xyz", "top", "fr", "info", "online", "site", "ru")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_THREATS = list(ThreatType.values)
_COMMENTS = (
    "", "", "", "Seen in our mail gateway logs, several recipients.", "Scan of port 22 from this host for two days.",
    "Page imitates the single sign-on of the university; kit served from a compromised site.",
)  # fmt: skip
_TAGS = ("attack:T1566", "attack:T1110", "malware:agenttesla", "malware:lumma", "campaign:rentree", "source:honeypot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One statement; `institution` and `recipients` are positions in the list of institutions."""

    institution: int
    audience: str
    recipients: tuple[int, ...]
    threat_type: str
    tlp: TLP
    pap: PAP
    confidence: int
    comment: str
    tags: tuple[str, ...]
    anonymous: bool
    first_seen: datetime
    last_seen: datetime
    valid_until: datetime | None


def value_of(number: int) -> tuple[str, str]:
    """The type and the canonical value with that number."""
    kind = _SLOTS[number * 61 % len(_SLOTS)]
    if kind in {"md5", "sha1", "sha256"}:
        return kind, hashlib.new(kind, b"%d" % number, usedforsecurity=False).hexdigest()
    tail = _base36(number)
    word, other = _WORDS[number % len(_WORDS)], _WORDS[number // 7 % len(_WORDS)]
    top = _TOPS[number // 3 % len(_TOPS)]
    if kind == "domain":
        return kind, f"{other}.{word}-{tail}.{top}" if number % 3 == 0 else f"{word}-{other}{tail}.{top}"
    if kind == "url":
        return kind, f"http{'s' if number % 4 else ''}://{word}{tail}.{top}/{other}/index.php?id={number % 997}"
    if kind == "email":
        return kind, f"{word}.{tail}@{other}-{word}.{top}"
    if kind == "ipv6":
        noise = int.from_bytes(hashlib.sha256(b"%d" % number).digest()[:8], "big")
        return kind, str(IPv6Address((0x2A02 << 112) | (noise << 32) | (number & 0xFFFFFFFF)))
    return (kind, _address(number, bits=24)) if kind == "ipv4" else (kind, f"{_address(number, bits=20)}/28")


def values(numbers: Sequence[int]) -> list[str]:
    """The values alone."""
    return [value_of(number)[1] for number in numbers]


def statements_of(number: int, *, institutions: int, lifetime_days: int, moment: datetime) -> list[Drawn]:
    """What is said of that value: one statement mostly, seldom three, each by another institution."""
    draw = random.Random(number)
    count = draw.choices((1, 2, 3), (80, 17, 3))[0]
    speakers = draw.sample(range(institutions), min(count, institutions))
    return [_statement(draw, speaker, institutions, lifetime_days, moment) for speaker in speakers]


def _statement(draw: random.Random, speaker: int, institutions: int, lifetime_days: int, moment: datetime) -> Drawn:
    audience = draw.choices(("community", "recipients", "own"), (90, 6, 4))[0]
    addressed = audience == "recipients"
    # A few are older than their life: expired, and still published.
    last_seen = moment - timedelta(days=lifetime_days * 1.05 * draw.random() ** 2)
    return Drawn(
        institution=speaker,
        audience=audience,
        recipients=tuple(sorted(draw.sample(range(institutions), min(2, institutions)))) if addressed else (),
        threat_type=draw.choice(_THREATS),
        tlp=draw.choices((TLP.CLEAR, TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT), (15, 25, 50, 10))[0],
        pap=draw.choices((PAP.CLEAR, PAP.GREEN, PAP.AMBER, PAP.RED), (20, 60, 15, 5))[0],
        confidence=draw.randrange(40, 101),
        comment=draw.choice(_COMMENTS),
        tags=tuple(draw.sample(_TAGS, draw.choices((0, 1, 2), (50, 35, 15))[0])),
        anonymous=draw.random() < 0.05,
        first_seen=last_seen - timedelta(days=draw.random() * 10),
        last_seen=last_seen,
        valid_until=moment + timedelta(days=draw.randrange(2, 60)) if draw.random() < 0.05 else None,
    )


def unknown_types() -> list[str]:
    """Registered types that no value here is of: they are left out of the benchmark."""
    return sorted(kind.name for kind in ioc_types if kind.name not in _SHARES)


def _address(number: int, *, bits: int) -> str:
    """Another address for another number: an odd factor only shuffles the numbers below 2^bits."""
    rest, first = divmod(number, len(_OCTETS))
    return str(IPv4Address(_OCTETS[first] << 24 | (rest * 6_700_417 % (1 << bits)) << (24 - bits)))


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if number == 0:
            return digits
