"""Autonomous systems: the networks that one operator announces, by their number."""

from __future__ import annotations

import re
from typing import ClassVar

from iocmarket.indicators.types.base import Canonical, IocType, Sign, Trait, cleaned, ioc_types
from iocmarket.kernel.decision import Refusal

_LARGEST = 2**32 - 1  # RFC 6793
# First and last number of each stretch.
_SPECIAL = {
    "documentation_asn": ((64496, 64511), (65536, 65551)),  # RFC 5398
    "private_asn": ((64512, 65534), (4200000000, 4294967294)),  # RFC 6996
    "reserved_asn": ((23456, 23456), (65535, 65535), (_LARGEST, _LARGEST)),  # RFC 6793, RFC 7300
}
_SHAPE = re.compile(r"(?:ASN?[ ]{0,2}[:#]?[ ]{0,2})?(?P<high>\d{1,10})(?:\.(?P<low>\d{1,10}))?", re.IGNORECASE)
_COMPUTER = re.compile(r"AS[ ]?/?400", re.IGNORECASE)


class Asn(IocType):
    """`AS64496`; a bare number only where the type is named, and the dotted notation of RFC 5396."""

    name: ClassVar[str] = "asn"
    misp_type: ClassVar[str] = "AS"
    aliases = frozenset({"as", "autonomous-system"})
    label = "ASN"
    traits = frozenset({Trait.AUTONOMOUS_SYSTEM})
    lifetime_days: ClassVar[int] = 365
    precedence: ClassVar[int] = 70
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("as 64496", "AS64496"),
        ("ASN : 64511", "AS64511"),
        ("64496", "AS64496"),
        ("1.10", "AS65546"),
    )
    # In capitals, or “asn”: “tu as 300 alertes” is French. Three digits at least: AS2 and AS4 are protocols.
    opens: ClassVar[str] = "[Aa][Ss]"
    signs: ClassVar[tuple[Sign, ...]] = (Sign(rb"as(?:n {0,2}[:#]?| ?[:#])? {0,2}[0-9?]"),)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        r"(?<![\w.-])(?:AS(?:N[ ]{0,2}[:#]?|[ ]?[:#])?[ ]{0,2}|[Aa]sn[ ]{0,2}[:#]?[ ]{0,2}|as)"
        r"\d{3,10}+(?![\w@]|[.:-]\w)"
    )

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_an_asn`, `asn_too_large`, `asn_zero`."""
        text = cleaned(raw)
        shape = _SHAPE.fullmatch(text)
        if shape is None or not text.isascii() or (not explicit and (text[0] not in "Aa" or shape["low"])):
            raise Refusal("not_an_asn", "An autonomous system is written AS and its number, such as AS64496.")
        number = int(shape["high"])
        if shape["low"]:
            if max(number, int(shape["low"])) > 65535:
                raise Refusal("asn_too_large", "Both parts of a dotted number are at most 65535 (RFC 5396).")
            number = number * 65536 + int(shape["low"])
        if number > _LARGEST:
            raise Refusal("asn_too_large", f"{number} exceeds {_LARGEST}, the largest number of an autonomous system.")
        if not number:
            raise Refusal(
                "asn_zero", "AS0 is no autonomous system: it says that nobody announces a network (RFC 7607)."
            )
        warnings = (code for code, ranges in _SPECIAL.items() if any(first <= number <= last for first, last in ranges))
        return Canonical(f"AS{number}", warnings=tuple(warnings))

    def settle(self, text: str, start: int, end: int) -> int | None:
        """Not the computer AS/400."""
        return None if _COMPUTER.fullmatch(text, start, end) else end

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[autonomous-system:number = 64496]` (STIX 2.1 section 6.3)."""
        del subtree
        return f"[autonomous-system:number = {value.removeprefix('AS')}]"


ioc_types.register(Asn())
