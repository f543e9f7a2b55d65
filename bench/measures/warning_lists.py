"""Look-ups in the essential warning lists, against a walk through every list, as a program without an index does it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, ClassVar

from bench.base import Measure, measures
from bench.table import Row
from bench.timing import medians, seconds
from bench.values import value_of
from bench.world import World
from iocmarket.indicators.subjects import Subject, subject_of
from iocmarket.listed import essential
from iocmarket.listed.compiling import compiled
from iocmarket.listed.index import Index
from iocmarket.listed.lists import Lists

VALUES, WALKED = 20_000, 3
KNOWN = (("ipv4", "8.8.8.8"), ("domain", "ent.univ-lorraine.fr"), ("domain", "docs.google.com"), ("ipv4", "52.96.1.1"))


class WarningLookups(Measure):
    """Every tenth value stands on a list, which costs more than one that stands on none."""

    name: ClassVar[str] = "warninglists"
    order: ClassVar[int] = 2
    needs_world: ClassVar[bool] = False

    def run(self, world: World) -> Iterable[Row]:
        """Look-ups a second."""
        del world
        folder = essential.packaged()
        if folder is None:
            raise AssertionError("the package of the lists is not installed")
        index = Index(compiled(list(essential.sources(folder))))
        lists = Lists((index,))
        values = [KNOWN[n // 10 % len(KNOWN)] if n % 10 == 0 else value_of(n) for n in range(VALUES)]
        subjects = [subject_of(kind, value, subtree=False) for kind, value in values]
        if any(not lists.hits(subject) for subject in subjects[::10]):
            raise AssertionError("a value that stands on a list was not found")
        held = list(_documents(folder))
        asked = [(value, *_parts(subject)) for (_kind, value), subject in zip(values, subjects, strict=True)]
        ours, naive = medians(
            lambda: VALUES / seconds(lambda: [lists.hits(subject) for subject in subjects]),
            lambda: WALKED / seconds(lambda: [_walk(held, *found) for found in asked[1 : WALKED + 1]]),
        )
        yield Row(
            what="warning lists", ours=ours, unit="/s", reference=naive, against="a walk through every list",
            goal="≥ 30 k/s", met=ours >= 30_000,
            note=f"{len(index.lists)} lists, {sum(x.entries for x in index.lists)} entries; each hit names its list",
        )  # fmt: skip


def _documents(folder: Path) -> Iterable[tuple[str, list[str]]]:
    for name in essential.ESSENTIAL:
        path = folder / name / "list.json"
        if path.exists():
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            yield found["type"], found["list"]


def _parts(subject: Subject) -> tuple[str | None, str | None]:
    address = None
    if subject.network is not None and subject.network.first == subject.network.last:
        address = str(ip_address(subject.network.first)) if subject.network.version == 4 else None
    return subject.name, address


def _walk(held: list[tuple[str, list[str]]], value: str, name: str | None, address: str | None) -> int:
    return sum(any(_stands(kind, entry, value, name, address) for entry in entries) for kind, entries in held)


def _stands(kind: str, entry: str, value: str, name: str | None, address: str | None) -> bool:
    if kind == "cidr":
        return address is not None and ip_address(address) in ip_network(entry, strict=False)
    if kind == "hostname":
        return name is not None and f".{name}".endswith(f".{entry.lstrip('.')}")
    return entry in value if kind == "substring" else entry == value


measures.register(WarningLookups())
