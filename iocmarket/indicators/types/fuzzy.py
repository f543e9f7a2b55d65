"""Similarity hashes of files: two that resemble each other have hashes that do."""

from __future__ import annotations

import re
from typing import ClassVar

from iocmarket.indicators.types.base import LABEL_SIGNS, LABELLED, Sign, ioc_types
from iocmarket.indicators.types.texts import Exact, announced, unlabelled
from iocmarket.kernel.decision import Refusal

_BASE64 = "[A-Za-z0-9+/]"


class Ssdeep(Exact):
    """`block size:hash:hash` (Kornblum 2006); the case of its letters matters."""

    name: ClassVar[str] = "ssdeep"
    misp_type: ClassVar[str] = "ssdeep"
    label = "ssdeep"
    precedence: ClassVar[int] = 5
    opens: ClassVar[str] = LABELLED
    signs: ClassVar[tuple[Sign, ...]] = LABEL_SIGNS
    path = "file:hashes.SSDEEP"
    finds = announced("ssdeep", rf"\d{{1,10}}:{_BASE64}{{3,64}}:{_BASE64}{{3,64}}")
    examples = (
        ("96:s4Ud1Lj96tHHlZDrwciQmA+4uy1I0G4HYuL8N3TzS8QsO/wqWXLcMSx:sF1LjEtHHlZDrJzrhuyZvHYm8tKp/RWO",
         "96:s4Ud1Lj96tHHlZDrwciQmA+4uy1I0G4HYuL8N3TzS8QsO/wqWXLcMSx:sF1LjEtHHlZDrJzrhuyZvHYm8tKp/RWO"),
    )  # fmt: skip
    _shape = re.compile(rf"(?P<size>\d{{1,10}}):{_BASE64}{{3,64}}:{_BASE64}{{3,64}}", re.ASCII)

    def settled(self, value: str) -> str:
        """Raises Refusal `not_ssdeep`: the block size is 3 times a power of two."""
        value = unlabelled(value)
        shape = self._shape.fullmatch(value)
        blocks, rest = divmod(int(shape["size"]) if shape else 1, 3)
        if rest or not blocks or blocks & (blocks - 1):
            raise Refusal("not_ssdeep", "An ssdeep hash is a block size (3, 6, 12, …) and two hashes, after colons.")
        return value


class Tlsh(Exact):
    """Seventy hexadecimal digits after `T1` (Oliver, Cheng, Chen 2013); older ones have no `T1`, and get it."""

    name: ClassVar[str] = "tlsh"
    misp_type: ClassVar[str] = "tlsh"
    label = "TLSH"
    precedence: ClassVar[int] = 5
    opens: ClassVar[str] = LABELLED
    signs: ClassVar[tuple[Sign, ...]] = LABEL_SIGNS
    path = "file:hashes.TLSH"
    finds = announced("tlsh", "(?:T1)?[0-9a-f]{70}")
    examples = (("9f" * 35, "T1" + "9F" * 35), ("t1" + "A0" * 35, "T1" + "A0" * 35))
    _shape = re.compile(r"(?:T1)?(?P<digits>[0-9A-F]{70})")

    def settled(self, value: str) -> str:
        """Raises Refusal `not_tlsh`."""
        shape = self._shape.fullmatch(unlabelled(value).upper())
        if shape is None or not value.isascii():
            raise Refusal("not_tlsh", "A TLSH is T1 and 70 hexadecimal digits.")
        return f"T1{shape['digits']}"


ioc_types.register(Ssdeep())
ioc_types.register(Tlsh())
