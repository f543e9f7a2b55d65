"""Invented values that every type accepts and that harm nobody.

Addresses are of the documentation ranges (RFC 5737, RFC 3849) and of 185.220.100.0/22, which its operators publish as
Tor exits: these have a country to show and may enter block feeds. Names lie under real suffixes, because the types
refuse reserved ones, and are too clumsy for anybody to own. Hashes are those of sentences.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from ipaddress import IPv4Network, ip_network
from random import Random

DOCUMENTATION = ("192.0.2.", "198.51.100.", "203.0.113.")
TOR_EXITS = ("185.220.100.", "185.220.101.", "185.220.102.", "185.220.103.")
SERVICES = ("cas", "ent", "sso", "webmail", "messagerie", "zimbra", "partage", "vpn", "rh", "scolarite")
TURNS = (
    "connexion-securisee",
    "verification-compte",
    "mise-a-jour-obligatoire",
    "quota-depasse",
    "double-authentification",
    "reactivation-acces",
    "document-partage",
)
SUFFIXES = ("top", "xyz", "online", "site", "click", "icu", "shop", "info")
PATHS = ("cas/login", "login.php", "auth/verif.php", "portail/index.html", "doc/consulter", "wp-includes/js/maj.php")
MAIL_NAMES = ("service-rh", "support-informatique", "ne-pas-repondre", "assistance.ent", "dsi-alerte", "comptabilite")


class Draw:
    """Draws values with a seeded generator, none twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._seen: set[str] = set()
        self._makers: dict[str, Callable[[tuple[str, ...]], str]] = {
            "ipv4": self._documentation_address,
            "tor": self._tor_address,
            "ipv6": self._ipv6,
            "cidr": self._network,
            "domain": self._domain,
            "url": self._url,
            "email": self._email,
            "md5": self._hash_with("md5"),
            "sha1": self._hash_with("sha1"),
            "sha256": self._hash_with("sha256"),
        }

    def value(self, kind: str, words: tuple[str, ...]) -> str:
        """One new value of that kind; `words` colour names and hashes. Raises RuntimeError when a range is used up."""
        for _ in range(2000):
            value = self._makers[kind](words)
            if value not in self._seen:
                self._seen.add(value)
                return value
        raise RuntimeError(f"no {kind} is left to draw")

    def _documentation_address(self, words: tuple[str, ...]) -> str:
        del words
        return self._random.choice(DOCUMENTATION) + str(self._random.randint(1, 254))

    def _tor_address(self, words: tuple[str, ...]) -> str:
        del words
        return self._random.choice(TOR_EXITS) + str(self._random.randint(1, 254))

    def _ipv6(self, words: tuple[str, ...]) -> str:
        del words
        return f"2001:db8:{self._random.randint(1, 0xFFFF):x}::{self._random.randint(1, 0xFFFF):x}"

    def _network(self, words: tuple[str, ...]) -> str:
        del words
        parent = ip_network(self._random.choice((*DOCUMENTATION, *TOR_EXITS)) + "0/24")
        assert isinstance(parent, IPv4Network)  # noqa: S101 (for the type checker: the tables hold IPv4 only)
        return str(self._random.choice(list(parent.subnets(new_prefix=self._random.randint(26, 29)))))

    def _domain(self, words: tuple[str, ...]) -> str:
        stem = f"{self._random.choice(SERVICES)}-{self._random.choice(words)}-{self._random.choice(TURNS)}"
        return f"{stem}.{self._random.choice(SUFFIXES)}"

    def _url(self, words: tuple[str, ...]) -> str:
        return f"https://{self._domain(words)}/{self._random.choice(PATHS)}?s={self._random.randint(0x1000, 0xFFFF):x}"

    def _email(self, words: tuple[str, ...]) -> str:
        return f"{self._random.choice(MAIL_NAMES)}@{self._domain(words)}"

    def _hash_with(self, algorithm: str) -> Callable[[tuple[str, ...]], str]:
        def make(words: tuple[str, ...]) -> str:
            sentence = f"{' '.join(words)}, échantillon {self._random.randint(1, 10**9)}"
            return hashlib.new(algorithm, sentence.encode(), usedforsecurity=False).hexdigest()

        return make
