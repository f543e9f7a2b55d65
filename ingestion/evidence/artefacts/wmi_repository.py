"""The repository of WMI: event filters, what they may start, and which of them are bound together (T1546.003).

OBJECTS.DATA holds the objects; INDEX.BTR and the mappings beside it say where. Without them, or where they are damaged,
OBJECTS.DATA is searched for what bindings look like, and such records are tagged as carved.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar, Final

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.cim.carving import carve
from ingestion.evidence.cim.repository import MAPPING_MAX, Repository, UnreadableError
from ingestion.evidence.cim.subscriptions import Subscriptions
from ingestion.evidence.containers.base import Item

_PLACE: Final = re.compile(r"(?:^|/)wbem/repository[^/]*/(?:fs/)?objects\.data$", re.IGNORECASE)
_INDEX: Final = "INDEX.BTR"
_MAPPINGS: Final = ("MAPPING1.MAP", "MAPPING2.MAP", "MAPPING3.MAP")


class WmiRepository(Parser):
    """A record for each binding, as a listing of the living machine has it, and for each filter and consumer."""

    name: ClassVar[str] = "wmi_repository"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("windows.wmi",)
    library: ClassVar[str] = "dissect.cim"

    def wants(self, item: Item, head: bytes) -> bool:
        """By its place: it begins with whatever its first page holds."""
        return bool(head) and _PLACE.search(item.path) is not None

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """What the index leads to; then, unless it is whole, what else there is to be seen."""
        held = Subscriptions()
        faults = _read(artefact, held)
        keys: Counter[str] = Counter()
        yield from faults
        for fields in held.records():
            yield _once(fields, keys)
        read, carved = sum(keys.values()), 0
        if faults:
            remains = carve(artefact.item.file)
            for fields in held.carved(remains):
                carved += 1
                yield _once(fields, keys)
            if not remains.whole:
                yield Fault("OBJECTS.DATA", "it is larger than any real one: its end was not searched")
        yield Summary({"objects": read, "carved": carved})


def _read(artefact: Artefact, held: Subscriptions) -> list[Fault]:
    """Fill in what the index leads to; why that is not everything."""
    index, mappings = _beside(artefact, _INDEX), _mappings(artefact)
    missing = [name for name, there in ((_INDEX, index), ("MAPPING1.MAP to MAPPING3.MAP", mappings)) if not there]
    if index is None or not mappings:
        return [Fault("OBJECTS.DATA", f"without {' and '.join(missing)} beside it, it was searched for bindings only")]
    with artefact.item.file.open("rb") as objects, index.file.open("rb") as pages:
        faults: list[Fault] = []
        try:
            repository = Repository(objects, pages, mappings, faults)
            for instance in repository.instances():
                held.add(instance)
        except UnreadableError as reason:
            faults.append(Fault(_INDEX, f"{reason}: OBJECTS.DATA was searched for bindings only"))
        return faults


def _beside(artefact: Artefact, name: str) -> Item | None:
    folder, slash, _own = artefact.item.path.rpartition("/")
    return artefact.context.siblings(f"{folder}{slash}{name}")


def _mappings(artefact: Artefact) -> list[bytes]:
    found = []
    for name in _MAPPINGS:
        if (item := _beside(artefact, name)) is not None:
            with item.file.open("rb") as file:
                found.append(file.read(MAPPING_MAX))
    return found


def _once(fields: Fields, keys: Counter[str]) -> Fields:
    """Two objects of one name: damage, or somebody who hides."""
    key = fields["_key"]
    keys[key] += 1
    return fields if keys[key] == 1 else {**fields, "_key": f"{key}|{keys[key]}"}


parsers.register(WmiRepository())
