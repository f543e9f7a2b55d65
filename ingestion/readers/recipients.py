"""Whom a mail was for, and how their addresses are taken out of what is kept of it. Pure.

An address hides in links in many spellings: percent-encoded once or twice, as `local=name` in addresses of bounces, in
Base64 alone or within something larger, in hexadecimal, as a digest. All of them go; what follows in a link stays.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

from iocmarket.indicators.warninglists.mail_providers import of_a_provider

ADDRESSES_MAX = 2000
"""Recipients of one mail that are told apart; a mail with more is refused, because not all could be taken out."""
NAME_MAX = 80
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]\\|{}=?&/@]{1,64}+@[^\s<>,;:\"'()\[\]\\|{}?&/@]{1,253}+")
_NAMED = re.compile(r"(?:^|[,;:])\s*\"?([^,;:<>\"@]{5,80})\"?\s*<")
_LINE = re.compile(
    r"^[\s>*|]{0,20}+(?:to|cc|bcc|à|a|pour|destinataires?|copie(?: à)?|an|para)\b[\s*\u00a0]{0,5}+:(.{1,2000})",
    re.IGNORECASE | re.MULTILINE,
)
"""The line of a message that was forwarded or answered that names its recipients, in the languages met here."""
_FOR = re.compile(r"\bfor\s+<?([^\s<>;]{1,320})", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z0-9+_-]{8,}+(?:%3[Dd]|=){0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){6,}+")
_DIGEST = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-fA-F])")
_AT = r"(?:@|%(?:25)*40|=|%(?:25)*3[Dd]|\(at\)|\[at\]|\[@\]|_at_|-at-|\s+at\s+|&#64;|#)"
_URLSAFE = str.maketrans("-_", "+/")
_ROLES = frozenset(
    {
        word
        for line in (
            "abuse accueil admin administrateur bonjour contact direction dsi helpdesk info infos mail news newsletter",
            "noreply office phishing postmaster root secretariat securite security service services spam support",
            "webmaster",
        )
        for word in line.split()
    }
)


class Recipients:
    """The recipients of one mail."""

    def __init__(self) -> None:
        self._addresses: dict[str, None] = {}
        self._names: dict[str, None] = {}
        self._digests: set[str] = set()

    def __len__(self) -> int:
        return len(self._addresses)

    def hear(self, header: str) -> None:
        """A header that names recipients (`To`, `Delivered-To`, …), decoded."""
        for match in _ADDRESS.finditer(header):
            self.add(match[0])
        for match in _NAMED.finditer(header):
            self.hear_a_name(match[1])

    def hear_a_name(self, name: str) -> None:
        """What a recipient is called beside the address."""
        name = name.strip(" '\"").lower()
        if "@" not in name and 5 <= len(name) <= NAME_MAX and name not in _ROLES and len(self._names) < ADDRESSES_MAX:
            self._names[name] = None

    def hear_of_a_hop(self, received: str) -> None:
        """The recipient in a `Received` header: `for <bob@example.org>`."""
        for match in _FOR.finditer(received):
            self.hear(match[1])

    def hear_of_a_body(self, text: str) -> None:
        """The recipients of a message that stands within the text of this one."""
        for match in _LINE.finditer(text):
            self.hear(match[1])

    def add(self, address: str) -> None:
        """One address."""
        address = address.strip(" .'\"<>").lower()
        if "@" in address.strip("@"):
            self._addresses[address] = None
            for algorithm in ("md5", "sha1", "sha256"):
                self._digests.add(hashlib.new(algorithm, address.encode(), usedforsecurity=False).hexdigest())

    def reached(self, address: str) -> bool:
        """Whether the mail was for that address."""
        return address.lower() in self._addresses

    def beside(self, address: str) -> bool:
        """Whether it is one of theirs or of a colleague: at the name of a recipient that is no provider for all."""
        name = address.lower().rpartition("@")[2]
        if self.reached(address):
            return True
        return not of_a_provider(name) and any(each.rpartition("@")[2] == name for each in self._addresses)

    def erased(self, text: str, mark: str = "") -> str:
        """The text without any spelling of their addresses; `mark` stands in their place."""
        if not self._addresses:
            return text
        text = _DIGEST.sub(lambda match: mark if match[0].lower() in self._digests else match[0], text)
        for local, name in self._near(text):
            text = _spelt(local, name).sub(mark, text)
        text = _RUN.sub(lambda match: mark if self._within(match[0]) else match[0], text)
        return _HEX.sub(lambda match: mark if self._holds(_from_hex(match[0])) else match[0], text)

    def erased_from_url(self, url: str) -> str:
        """A link without their addresses, and without the mailbox alone where it is a whole value or step."""
        url = self.erased(url)
        lowered = url.lower()
        for local in self._mailboxes():
            if local in lowered:
                url = re.sub(rf"(?<=[=/#&?:;,]){re.escape(local)}(?=$|[&#/?;,])", "", url, flags=re.IGNORECASE)
        return url

    def erased_from_words(self, text: str, mark: str = "") -> str:
        """A subject or the name of a file without their addresses, mailboxes and names."""
        text = self.erased(text, mark)
        lowered = text.lower()
        for word in (*self._mailboxes(), *self._names):
            if word in lowered:
                text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", mark, text, flags=re.IGNORECASE)
        return text

    def _mailboxes(self) -> Iterator[str]:
        """What stands before the @ where it may name a person."""
        for address in self._addresses:
            local = address.rpartition("@")[0]
            if len(local) >= 4 and local not in _ROLES:
                yield local

    def _near(self, text: str) -> Iterator[tuple[str, str]]:
        """The recipients that the text may spell out: a cheap look before the expensive one."""
        plain = unquote(unquote(unquote(text))).lower()
        for address in self._addresses:
            local, _at, name = address.rpartition("@")
            if local in plain and name in plain:
                yield local, name

    def _within(self, run: str) -> bool:
        """Whether a run of letters is Base64 that holds an address, from whichever of four letters it begins."""
        bare = run.rstrip("=").removesuffix("%3D").removesuffix("%3d").removesuffix("%3D").removesuffix("%3d")
        return any(self._holds(_from_base64(bare[start:])) for start in range(4))

    def _holds(self, data: bytes) -> bool:
        text = data.decode("latin-1").lower()
        return "@" in text and any(address in text for address in self._addresses)


def _from_base64(text: str) -> bytes:
    text = text.translate(_URLSAFE)
    text = text[: len(text) - 1] if len(text) % 4 == 1 else text
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def _from_hex(text: str) -> bytes:
    return bytes.fromhex(text)


@lru_cache(maxsize=256)
def _spelt(local: str, name: str) -> re.Pattern[str]:
    """All spellings of an address in plain or percent-encoded letters."""
    return re.compile(f"{_letters(local)}{_AT}{_letters(name)}", re.IGNORECASE)


def _letters(text: str) -> str:
    return "".join(f"(?:{re.escape(letter)}|%(?:25)*{ord(letter):02x})" for letter in text)
