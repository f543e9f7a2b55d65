"""What a warning list is, and the registry of those that the program brings."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.utils.functional import Promise

from iocmarket.indicators.subjects import Subject
from iocmarket.kernel.registry import Registry


class Severity(StrEnum):
    """What a hit means (domain.md, Blocking guard)."""

    BLOCK_GUARD = "block-guard"
    """Never enters a feed that blocks."""
    CONFIRM = "confirm"
    """The sender is asked whether it is meant."""
    INFO = "info"
    """Said beside the value."""


class WarningList:
    """A list of values with a name, a version and a severity. Pure: says whether a value is on it."""

    name: ClassVar[str]
    label: ClassVar[str | Promise]
    """Its name for people."""
    version: ClassVar[str]
    """Changes with its content: what was decided by an older one is decided again."""
    severity: ClassVar[Severity]

    def matches(self, subject: Subject) -> bool:
        """Whether the value, or the network or name that it stands for, is on the list."""
        raise NotImplementedError


warning_lists: Registry[WarningList] = Registry("iocmarket.indicators.warninglists")


def lists_signature() -> str:
    """Equal for equal lists: what a guard decided stands as long as this does."""
    return ",".join(f"{found.name}/{found.version}" for found in warning_lists)
