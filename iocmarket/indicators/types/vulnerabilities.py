"""Vulnerabilities by their CVE number: what is being exploited, to be patched or watched for."""

from __future__ import annotations

import re
from typing import ClassVar

from iocmarket.indicators.types.base import Canonical, IocType, Sign, Trait, cleaned, ioc_types, quoted
from iocmarket.kernel.decision import Refusal

_DASH = r"[-\u2012-\u2015\u2212_ ]"
# The schema of CVE records has four to nineteen digits.
_SHAPE = re.compile(rf"(?:CVE{_DASH}?)?(?P<year>[0-9]{{4}}){_DASH}(?P<number>[0-9]{{4,19}})", re.IGNORECASE)
_FIRST_YEAR = 1999
_LAST_YEAR = 2099


class Cve(IocType):
    """`CVE-2024-3400`: in capitals, with the four digits that the number has at least."""

    name: ClassVar[str] = "cve"
    misp_type: ClassVar[str] = "vulnerability"
    aliases = frozenset({"vulnerability"})
    label = "CVE"
    traits = frozenset({Trait.VULNERABILITY})
    lifetime_days: ClassVar[int] = 1825
    precedence: ClassVar[int] = 65
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("cve-2024-3400", "CVE-2024-3400"),
        ("CVE 2021–44228", "CVE-2021-44228"),
        ("CVE-2024-03400", "CVE-2024-3400"),
    )
    opens: ClassVar[str] = "[Cc][Vv][Ee]"
    signs: ClassVar[tuple[Sign, ...]] = (Sign(b"cve"),)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"(?<![\w.-])CVE{_DASH}[0-9]{{4}}[-\u2012-\u2015\u2212_][0-9]{{4,19}}+(?![\w@]|[.-]\w)", re.IGNORECASE
    )

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_a_cve`, `cve_year`."""
        text = cleaned(raw)
        shape = _SHAPE.fullmatch(text)
        if shape is None or (not explicit and text[0] not in "Cc"):
            raise Refusal("not_a_cve", "A CVE number looks like CVE-2024-3400.")
        if not _FIRST_YEAR <= int(shape["year"]) <= _LAST_YEAR:
            raise Refusal("cve_year", f"There is no CVE number of the year {shape['year']}: the first is of 1999.")
        return Canonical(f"CVE-{shape['year']}-{shape['number'].lstrip('0').zfill(4)}")

    def unmistakable(self, match: str) -> bool:
        """Nothing else is written so."""
        del match
        return True

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[vulnerability:name = '…']`: STIX 2.1 has no observable for a vulnerability; this is what tools agree on."""
        del subtree
        return f"[vulnerability:name = {quoted(value)}]"


ioc_types.register(Cve())
