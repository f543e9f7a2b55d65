"""The index of a WMI repository (INDEX.BTR) walked once, each page at most once. Pure.

dissect.cim looks keys up by descending, and believes the tree: children that name each other would cost it a time that
doubles with each level. Here its pages are read, and the walk is our own. Keys: "NS_…/CD_….PAGE.ID.LENGTH" leads to the
definition of a class, "NS_…/CI_…/IL_….PAGE.ID.LENGTH" to an instance of one; … are hashes of names in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from dissect.cim import CIM

PAGES_MAX: Final = 20_000
"""Of 8 KiB; an index of a machine has some hundreds."""
CLASSES_MAX: Final = 100_000
INSTANCES_MAX: Final = 20_000
_PARTS_MAX: Final = 4
_PART_MAX: Final = 128
"""Bytes: two letters, a SHA-256 in hexadecimal and three numbers."""
_PAGE: Final = 0xACCC
_NOTHING: Final = {0, 0xFFFFFFFF}
_REFERENCE: Final = r"\.\d{1,9}\.\d{1,10}\.\d{1,9}"
_CLASS: Final = re.compile(rf"(NS_[0-9A-F]+/CD_[0-9A-F]+){_REFERENCE}")
_INSTANCE: Final = re.compile(rf"(NS_[0-9A-F]+)/(CI_[0-9A-F]+)/IL_[0-9A-F]+{_REFERENCE}")


@dataclass
class Index:
    """Where classes and those instances lie that were asked for."""

    classes: dict[str, str] = field(default_factory=dict)
    """Key of the class, "NS_…/CD_…", to its whole key."""
    instances: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Namespace and class, "NS_…" and "CI_…", to whole keys, in their order."""
    broken: int = 0
    """Pages and keys that cannot be read."""


def walked(cim: CIM, wanted: Collection[str]) -> Index:
    """The whole index; of instances those whose class is wanted ("CI_…")."""
    index = Index()
    count = 0
    for name in _names(cim.index.store, index):
        if (found := _CLASS.fullmatch(name)) and len(index.classes) < CLASSES_MAX:
            index.classes[found[1]] = name
        elif (found := _INSTANCE.fullmatch(name)) and found[2] in wanted and count < INSTANCES_MAX:
            index.instances.setdefault((found[1], found[2]), []).append(name)
            count += 1
    for names in index.instances.values():
        names.sort()
    return index


def _names(store: Any, index: Index) -> Iterator[str]:
    count = store.map.mapping.mapping_entry_count
    waiting = [store.root_page.logical_num]
    seen = set(waiting)
    for _ in range(PAGES_MAX):
        if not waiting:
            return
        try:
            page = store.page(waiting.pop())
        except Exception:  # noqa: BLE001 (whatever the library raises)
            index.broken += 1
            continue
        if page.page.signature != _PAGE:
            index.broken += 1
            continue
        new = {child for child in page.page.children if child < count} - _NOTHING - seen
        index.broken += sum(child >= count for child in page.page.children if child not in _NOTHING)
        seen |= new
        waiting.extend(sorted(new))
        yield from _of(page, index)
    index.broken += len(waiting)


def _of(page: Any, index: Index) -> Iterator[str]:
    """The keys of one page. A key is a list of numbers of parts, and a part is a number of an offset."""
    table, offsets = list(page.page.string_definition_table), list(page.page.string_table)
    for at in page.page.keys:
        try:
            count = table[at]
            parts = [_part(page.data, offsets[table[at + 1 + number]]) for number in range(min(count, _PARTS_MAX))]
            yield "/".join(parts)
        except (IndexError, ValueError):
            index.broken += 1


def _part(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset, offset + _PART_MAX)].decode("ascii")
