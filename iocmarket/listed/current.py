"""The warning lists that hold at this moment: the file of the index, and what administrators added.

Kept until one of the two changes. The file costs a `stat`, the rest one cell that is read with the assets
(indicators/assets.py): nothing is asked for each value.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

from iocmarket.indicators.warninglists.base import Severity, lists_signature
from iocmarket.listed import files
from iocmarket.listed.index import Index
from iocmarket.listed.lists import Lists
from iocmarket.listed.models import OFF, AddedList, Choice, Edition, Exemption


def edition_statement() -> str:
    """SQL of the mark of what administrators added: one cell or none."""
    return f"SELECT mark::text FROM {Edition._meta.db_table}"  # noqa: S608, SLF001 (Django's documented attribute)


def lists_of(edition: str | None) -> Lists:
    """All lists, for an edition just read from the database (None or empty: nothing was ever added)."""
    index = files.newest()
    return _made(index, edition) if edition else _alone(index)


def signature() -> str:
    """Equal for equal lists of the program and of the file."""
    index = files.newest()
    return f"{lists_signature()};{index.signature if index else ''}"


@lru_cache(maxsize=2)
def _alone(index: Index | None) -> Lists:
    return Lists((index,) if index else ())


@lru_cache(maxsize=2)
def _made(index: Index | None, edition: str) -> Lists:
    del edition  # only the key: what it stands for is read now
    added = [Index(bytes(held.content)) for held in AddedList.objects.order_by("name")]
    severities = {
        held.list: None if held.severity == OFF else Severity(held.severity) for held in Choice.objects.all()
    }  # fmt: skip
    exceptions: dict[str, set[str]] = defaultdict(set)
    for held in Exemption.objects.all():
        exceptions[held.value.lower()].add(held.list)
    return Lists(
        (*([index] if index else []), *added),
        severities,
        {value: frozenset(lists) for value, lists in exceptions.items()},
    )
