"""File hashes: MD5, SHA-1, SHA-256, SHA-512."""

from __future__ import annotations

import hashlib
import re
from string import hexdigits
from typing import ClassVar

from iocmarket.indicators.types.base import AFTER_USUAL, Canonical, IocType, Sign, Trait, cleaned, ioc_types, quoted
from iocmarket.kernel.decision import Refusal

_SIZES = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128}
_EXTENSIONS = (
    "apk|bat|bin|cmd|dat|dll|docm?|docx|elf|exe|gz|hta|html?|img|iso|jar|jpe?g|js|json|lnk|msi|ocx|out|pdf|php|png|ps1|py|"
    "rar|rtf|scr|sh|sys|tar|tmp|txt|vbs|virus|vir|xls|xlsm|xlsx|xml|zip|7z"
)
_DIGITS = re.compile(r"[0-9a-f]+")
_EITHER_CASE = re.compile(r"[0-9A-Fa-f]+")
_HEXADECIMAL = bytes(ord("h" if chr(code) in hexdigits else " ") for code in range(256))
_PAIRS = re.compile(r"[0-9a-f]{2}(?:([:\- ])[0-9a-f]{2})(?:\1[0-9a-f]{2})*", re.IGNORECASE)


def wrong_length(text: str) -> Refusal | None:
    """The refusal `hash_length` of a run of hexadecimal digits that is no hash we know, if it is at most 8 digits off.

    Other digests, of lengths of their own (SHA-384), are left alone.
    """
    name, size = min(_SIZES.items(), key=lambda item: abs(item[1] - len(text)))
    gap = size - len(text)
    if not gap or abs(gap) > 8:
        return None
    short = f"{gap} missing" if gap > 0 else f"{-gap} too many"
    return Refusal("hash_length", f"{len(text)} hexadecimal digits: {name} has {size} ({short}).")


class FileHash(IocType):
    """A digest in lower-case hexadecimal. Subclasses say which."""

    traits = frozenset({Trait.FILE_HASH})
    lifetime_days: ClassVar[int] = 1825
    precedence: ClassVar[int] = 50
    opens: ClassVar[str] = r"(?:0[xX])?[0-9A-Fa-f]{32}"
    signs: ClassVar[tuple[Sign, ...]] = (Sign(b"h" * 32, _HEXADECIMAL),)
    digits: ClassVar[int]
    plain: ClassVar[str | None] = None
    _peculiar: ClassVar[frozenset[str]]
    """The hash of nothing, and the digits that are all zero."""
    stix_key: ClassVar[str]
    """The key of the hash in STIX 2.1 section 10.6 (hash-algorithm-ov), quoted where the pattern needs it."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.plain = f"[0-9A-Fa-f]{{{cls.digits}}}{AFTER_USUAL}"
        cls._peculiar = frozenset({_of_nothing(cls.name), "0" * cls.digits})

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_hexadecimal`, `hash_length`, `null_hash`. Pairs with separators need a named type."""
        text = cleaned(raw).lower().removeprefix("0x")
        if explicit and (pairs := _PAIRS.fullmatch(text)) is not None:
            text = text.replace(pairs[1], "")
        if _DIGITS.fullmatch(text) is None:
            raise Refusal("not_hexadecimal", f"{self.label} is written with the digits 0-9 and a-f.")
        if len(text) != self.digits:
            raise Refusal("hash_length", f"{self.label} has {self.digits} hexadecimal digits; this has {len(text)}.")
        if not text.strip("0"):
            raise Refusal("null_hash", "All digits are zero: no file has this hash.")
        return Canonical(text, warnings=("empty_input_hash",) if text in self._peculiar else ())

    def usual(self, raw: str) -> Canonical | None:
        """The digits, in either case."""
        known = len(raw) == self.digits and _EITHER_CASE.fullmatch(raw) is not None
        return self.known(raw, 0, len(raw)) if known else None

    def known(self, text: str, start: int, end: int) -> Canonical | None:
        """Nothing to say of it, unless it is the hash of nothing or all zero."""
        value = text[start:end].lower()
        return None if value in self._peculiar else Canonical(value)

    def unmistakable(self, match: str) -> bool:
        """A run of exactly this many hexadecimal digits, of which at least one is a letter or all are zero."""
        return not match.isdigit() or not match.strip("0")

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[file:hashes.MD5 = '…']`."""
        del subtree
        return f"[file:hashes.{self.stix_key} = {quoted(value)}]"


def _of_nothing(algorithm: str) -> str:
    return hashlib.new(algorithm, b"", usedforsecurity=False).hexdigest()


def _run(digits: int) -> re.Pattern[str]:
    # A run before a lower-case word is a label of a name (`<hash>.xyz`), unless the word is the extension of a file.
    label = rf"(?-i:\.(?!(?:{_EXTENSIONS})\b)[a-z]{{2,}}\b)"
    return re.compile(rf"(?<![0-9a-z])(?:0x)?[0-9a-f]{{{digits}}}(?![0-9a-z]|{label})", re.IGNORECASE)


class Md5(FileHash):
    """MD5 (RFC 1321)."""

    name: ClassVar[str] = "md5"
    misp_type: ClassVar[str] = "md5"
    label = "MD5"
    digits = 32
    stix_key = "MD5"
    finds = _run(32)
    examples = (("098F6BCD4621D373CADE4E832627B4F6", "098f6bcd4621d373cade4e832627b4f6"),)


class Sha1(FileHash):
    """SHA-1 (FIPS 180-4)."""

    name: ClassVar[str] = "sha1"
    misp_type: ClassVar[str] = "sha1"
    aliases = frozenset({"sha-1"})
    label = "SHA-1"
    digits = 40
    stix_key = "'SHA-1'"
    finds = _run(40)
    examples = (("A94A8FE5CCB19BA61C4C0873D391E987982FBBD3", "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"),)


class Sha256(FileHash):
    """SHA-256 (FIPS 180-4)."""

    name: ClassVar[str] = "sha256"
    misp_type: ClassVar[str] = "sha256"
    aliases = frozenset({"sha-256"})
    label = "SHA-256"
    digits = 64
    stix_key = "'SHA-256'"
    finds = _run(64)
    examples = (
        (
            "0x9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
    )


class Sha512(FileHash):
    """SHA-512 (FIPS 180-4)."""

    name: ClassVar[str] = "sha512"
    misp_type: ClassVar[str] = "sha512"
    aliases = frozenset({"sha-512"})
    label = "SHA-512"
    digits = 128
    stix_key = "'SHA-512'"
    finds = _run(128)
    examples = (("0x" + "9F86D081" * 16, "9f86d081" * 16),)


ioc_types.register(Md5())
ioc_types.register(Sha1())
ioc_types.register(Sha256())
ioc_types.register(Sha512())
