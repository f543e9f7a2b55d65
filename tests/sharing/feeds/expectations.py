"""Two hundred values, what becomes of each, and what a consumer of a feed is to find of them.

They go through the real submission, in the spellings in which people send them. An expectation is about the value as a
consumer meets it: the name that is asked, the address that connects, the page that is loaded.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils import timezone

from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import PAP, TLP
from sharing.feeds.formats.base import Mode, formats
from tests.factories import contribute, make_institution, publish, withdraw
from tests.ingestion.submissions.conftest import Sender


class Fate(StrEnum):
    """What becomes of a value."""

    LIVE = "live"
    AMBER = "amber"
    RED = "red"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Expected:
    """`met` is what a consumer meets of the value; several may be met of one (addresses of a network)."""

    type: str
    sent: str
    met: str
    fate: Fate = Fate.LIVE

    def hit(self, fmt: str) -> bool:
        """Whether a consumer of this format is to find it."""
        if self.fate is Fate.RED and fmt == "sentinel":
            return False
        if self.fate in {Fate.AMBER, Fate.RED}:
            return formats[fmt].mode is Mode.DETECT
        return self.fate is Fate.LIVE

    @property
    def kind(self) -> str:
        """A word for what is met."""
        if self.type in {"ipv4", "ipv6", "cidr"}:
            return "ip6" if ":" in self.met else "ip"
        return "host" if self.type == "domain" else self.type


_FATES = [Fate.LIVE] * 5 + [Fate.AMBER, Fate.RED, Fate.EXPIRED, Fate.WITHDRAWN, Fate.HIDDEN]
_LONGEST = ".".join(["a" * 59] * 3 + ["b" * 56, "fr"])
_TAILS = (
    "/gate.php", "/A/b;jsessionid=1?x=1&y=2", "/a%22b%5Cc%7Cd:e", "/it,(x)[1]", "/?q=a:b;c", "/%C3%A9t%C3%A9",
    "/a/b/c.exe?u=http://evil.example", "/x~y!z*$w", "/", "/long/" + "l" * 180,
)  # fmt: skip


def two_hundred() -> list[Expected]:
    """The values, each with its fate in turn, and near misses that nobody sent."""
    made = [*_names(), *_addresses(), *_web(), *_mail(), *_hashes()]
    return [*made, *_absent()]


def _fated(number: int) -> Fate:
    return _FATES[number % len(_FATES)]


def _names() -> Iterator[Expected]:
    yield Expected("domain", _LONGEST, _LONGEST)
    yield Expected("domain", "évil-accent.fr", "xn--vil-accent-96a.fr")
    yield Expected("domain", "EVIL-UPPER[.]FR", "evil-upper.fr")
    yield Expected("domain", "evil-parent.fr", "evil-parent.fr")
    yield Expected("domain", "www.evil-parent.fr", "www.evil-parent.fr")
    yield Expected("domain", "_dmarc.evil-under.fr", "_dmarc.evil-under.fr")
    for number in range(46):
        name = f"evil-{number}-cas.fr" if number % 3 else f"deep.er.evil-{number}-cas.fr"
        yield Expected("domain", name.replace(".", "[.]") if number % 2 else name, name, _fated(number))


def _addresses() -> Iterator[Expected]:
    yield Expected("cidr", "45.77.10.9/24", "45.77.10.200")
    yield Expected("ipv4", "45.77.10.3", "45.77.10.3")  # within the network
    yield Expected("cidr", "2a05:db8:cafe:1::7/48", "2a05:db8:cafe:2::9")
    yield Expected("ipv6", "2A05:0DB8:00AA::0001", "2a05:db8:aa::1")
    for number in range(18):
        yield Expected("ipv4", f"45.80.{number}[.]7", f"45.80.{number}.7", _fated(number))
        yield Expected("ipv6", f"2a0b:{number + 1:x}::5", f"2a0b:{number + 1:x}::5", _fated(number + 3))
    for number in range(6):
        yield Expected("cidr", f"45.90.{number * 4}.0/22", f"45.90.{number * 4 + 1}.1", _fated(number + 4))


def _web() -> Iterator[Expected]:
    for number in range(46):
        url = f"http://web-{number}-cas.fr{_TAILS[number % len(_TAILS)]}"
        sent = url.replace("http://", "hxxp://") if number % 3 == 0 else url
        yield Expected("url", sent, url, _fated(number // 4))


def _mail() -> Iterator[Expected]:
    yield Expected("email", "O'Brien@evil-mail.fr", "o'brien@evil-mail.fr")
    yield Expected("email", "Bob <BOB[at]evil-mail[.]fr>", "bob@evil-mail.fr")
    for number in range(24):
        address = f"phish.{number}_x-y@mail-{number % 5}-cas.fr"
        yield Expected("email", address, address, _fated(number))


def _hashes() -> Iterator[Expected]:
    for number in range(24):
        kind = ("md5", "sha1", "sha256")[number % 3]
        digest = hashlib.new(kind, f"value {number}".encode(), usedforsecurity=False).hexdigest()
        yield Expected(kind, digest.upper() if number % 4 == 0 else digest, digest, _fated(number // 3))


def _absent() -> Iterator[Expected]:
    """What nobody sent, and what resembles something that somebody did."""
    for name in ("notevil-upper.fr", "evil-upper.fr.org", "evil-under.fr"):
        yield Expected("domain", "", name, Fate.ABSENT)
    for address in ("45.77.11.1", "2a05:db8:caff::1", "45.80.0.8"):
        yield Expected("ipv6" if ":" in address else "ipv4", "", address, Fate.ABSENT)
    yield Expected("url", "", "http://web-0-cas.fr/gate", Fate.ABSENT)
    yield Expected("email", "", "zbob@evil-mail.fr", Fate.ABSENT)
    yield Expected("md5", "", "0" * 31 + "1", Fate.ABSENT)


def share(sender: Sender, expected: Iterable[Expected]) -> None:
    """Have each of them meet its fate."""
    listed = [one for one in expected if one.fate is not Fate.ABSENT]
    long_ago = timezone.now() - timedelta(days=4000)
    other = make_institution()
    for one in listed:
        if one.fate in {Fate.EXPIRED, Fate.HIDDEN}:
            told = {"seen": long_ago} if one.fate is Fate.EXPIRED else {"audience": "own"}
            contribute(other, one.sent, type_name=one.type, tlp=TLP.GREEN, pap=PAP.CLEAR, confidence=90, **told)
    sent = [one for one in listed if one.fate not in {Fate.EXPIRED, Fate.HIDDEN}]
    answer = sender.json(*map(_statement, sent))
    assert answer.status_code == 201, answer.json()
    items = answer.json()["items"]
    assert [item["reason"] for item in items if item["status"] != "accepted"] == []
    publish()
    for one, item in zip(sent, items, strict=True):
        if one.fate is Fate.WITHDRAWN:
            withdraw(Contribution.unscoped.get(institution=sender.institution, indicator__value=item["value"]))
    publish()


def _statement(one: Expected) -> dict[str, str | int]:
    pap = {Fate.AMBER: "AMBER", Fate.RED: "RED"}.get(one.fate, "GREEN")
    return {
        "value": one.sent, "type": one.type, "tlp": "GREEN", "pap": pap, "threat_type": "c2", "confidence": 90,
    }  # fmt: skip


def within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of these addresses and networks."""
    found = ipaddress.ip_address(address)
    return any(found in ipaddress.ip_network(network) for network in networks)
