"""A template for the next IOC type: copy this file, rename, and it is registered. Nothing else needs an edit.

Modules named `example` are never loaded by the program; the contract test loads this one to prove the sentence above.
The type is real, so that each part has a reason: the security identifier of a Windows account.
"""

from __future__ import annotations

import re
from typing import ClassVar

from iocmarket.indicators.types.base import Canonical, IocType, Trait, cleaned, ioc_types, quoted
from iocmarket.kernel.decision import Refusal

_SID = re.compile(r"S-1-5-21(?:-\d{1,10}){4}")


class WindowsSid(IocType):
    """`S-1-5-21-…-1001`: the identifier of one account of one Windows domain (MS-DTYP section 2.4.2)."""

    name: ClassVar[str] = "windows-sid"
    misp_type: ClassVar[str] = "text"
    label = "SID"
    traits = frozenset({Trait.TEXT})
    lifetime_days: ClassVar[int] = 365
    precedence: ClassVar[int] = 55
    examples: ClassVar[tuple[tuple[str, str], ...]] = (("s-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1001"),)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(r"(?<![\w-])S-1-5-21(?:-\d{1,10}+){4}(?![\w-])", re.IGNORECASE)

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal `not_a_sid`, or those of `cleaned`."""
        del explicit
        value = cleaned(raw).upper()
        if _SID.fullmatch(value) is None:
            raise Refusal("not_a_sid", "A security identifier looks like S-1-5-21-1-2-3-1001.")
        return Canonical(value)

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[user-account:user_id = '…']` (STIX 2.1 section 6.17)."""
        del subtree
        return f"[user-account:user_id = {quoted(value)}]"


ioc_types.register(WindowsSid())
