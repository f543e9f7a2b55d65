"""A template for the next warning list: copy this file, rename, and it is registered. Nothing else needs an edit.

Modules named `example` are never loaded by the program; the contract test loads this one to prove the sentence above.
"""

from __future__ import annotations

from typing import ClassVar

from iocmarket.indicators.subjects import Subject
from iocmarket.indicators.warninglists.base import Severity, WarningList, warning_lists


class ReservedNames(WarningList):
    """Names that stand for no machine (RFC 2606 section 3)."""

    name: ClassVar[str] = "reserved-names"
    label = "RFC 2606"
    version: ClassVar[str] = "1"
    severity: ClassVar[Severity] = Severity.BLOCK_GUARD

    def matches(self, subject: Subject) -> bool:
        """The name itself and every name below."""
        name = subject.name or ""
        return any(name == held or name.endswith(f".{held}") for held in ("example.com", "example.net", "example.org"))


warning_lists.register(ReservedNames())
