"""The objects of a WMI repository that make programs come back, read through its index and its mapping. Pure.

Every number in it may be a lie: what is asked of dissect.cim are single pages and objects, each of a largest size and
all of them within a budget, and whatever it raises is counted as a fault of that object.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Final

from dissect.cim import CIM
from dissect.cim.c_cim import DATA_PAGE_SIZE
from dissect.cim.classes import ClassDefinition, ClassInstance

from ingestion.evidence.artefacts.base import Fault
from ingestion.evidence.cim.index import walked
from ingestion.evidence.cim.values import Layout, OddError, layout, values

FILTER: Final = "__EventFilter"
BINDING: Final = "__FilterToConsumerBinding"
CONSUMERS: Final = (
    "CommandLineEventConsumer", "ActiveScriptEventConsumer", "NTEventLogEventConsumer", "LogFileEventConsumer",
    "SMTPEventConsumer",
)  # fmt: skip
MAPPING_MAX: Final = 4 * 2**20
"""Bytes: a repository of more than a gibibyte."""
OBJECT_MAX: Final = 2**20
"""Bytes of one object."""
BUDGET: Final = 128 * 2**20
"""Bytes of all objects that are read, each of a page at least, and of their texts."""
_DEFINITION: Final = 16
"""How much more a byte of a definition costs of it: the library reads every reference in it."""
NAMESPACES_MAX: Final = 2000
FAULTS_MAX: Final = 100
_NAMESPACE: Final = "__namespace"
_ROOT: Final = "root"
_SYSTEM: Final = "__SystemClass"
_SIGNATURE: Final = 0xABCD


class UnreadableError(Exception):
    """The repository cannot be read through its index."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One object: of which class, in which namespace ("root/subscription"), and its texts by their names."""

    kind: str
    namespace: str
    values: dict[str, str]


class Repository:
    """An open repository. Raises UnreadableError where no mapping leads to an index."""

    def __init__(self, objects: BinaryIO, index: BinaryIO, mappings: list[bytes], faults: list[Fault]) -> None:
        """Faults are added to as it goes."""
        self._faults = faults
        self._left = BUDGET
        self._cim = self._opened(objects, index, mappings)
        self._system = str(self._cim.key().NS(_SYSTEM))
        self._kinds = {self._kind(name): name for name in (FILTER, BINDING, *CONSUMERS)}
        self._index = walked(self._cim, {*self._kinds, self._kind(_NAMESPACE)})
        self._layouts: dict[tuple[str, str], Layout | None] = {}
        if not self._index.classes:
            self._fault("INDEX.BTR", "it leads to no class at all")
        if self._index.broken:
            self._fault("INDEX.BTR", f"{self._index.broken} pages or keys of it cannot be read")

    def instances(self) -> Iterator[Instance]:
        """Filters, consumers and bindings of all namespaces."""
        names = self._namespaces()
        for (namespace, kind), keys in sorted(self._index.instances.items()):
            if kind in self._kinds:
                shown = names.get(namespace, namespace)
                for key in keys:
                    if (found := self._values(namespace, self._kinds[kind], key)) is not None:
                        yield Instance(self._kinds[kind], shown, found)

    def _opened(self, objects: BinaryIO, index: BinaryIO, mappings: list[bytes]) -> CIM:
        """Through the newest mapping that can be read; an older one knows less."""
        sound = [one for one in mappings if len(one) >= 24 and struct.unpack_from("<I", one)[0] == _SIGNATURE]
        if len(sound) < len(mappings):
            self._fault("MAPPING.MAP", f"{len(mappings) - len(sound)} of {len(mappings)} mappings are none")
        for one in sorted(sound, key=lambda one: -int(struct.unpack_from("<I", one, 4)[0])):
            try:
                return CIM(index, objects, [BytesIO(one)])
            except Exception as error:  # noqa: BLE001 (whatever the library raises)
                self._fault("MAPPING.MAP", f"a mapping leads to no index: {type(error).__name__}")
        raise UnreadableError("no mapping of its pages leads to its index")

    def _kind(self, name: str) -> str:
        return str(self._cim.key("").CI(name))

    def _namespaces(self) -> dict[str, str]:
        """What the hashes of namespaces stand for, from the root down."""
        kind = self._kind(_NAMESPACE)
        waiting, found = [_ROOT], {str(self._cim.key().NS(_ROOT)): _ROOT}
        while waiting and len(found) < NAMESPACES_MAX:
            above = waiting.pop()
            here = str(self._cim.key().NS(above))
            for key in self._index.instances.get((here, kind), []):
                name = (self._values(here, _NAMESPACE, key) or {}).get("Name", "")[:256]
                below = f"{above}\\{name}"
                hashed = str(self._cim.key().NS(below))
                if name and hashed not in found and below.count("\\") < 16:
                    found[hashed] = below.replace("\\", "/")
                    waiting.append(below)
        return found

    def _values(self, namespace: str, kind: str, key: str) -> dict[str, str] | None:
        try:
            laid = self._laid(namespace, kind)
            if laid is None:
                return None
            found = values(ClassInstance(self._cim, laid, self._object(key)), laid.properties.values())
            self._spend(2 * sum(len(text) for text in found.values()))
        except Exception as error:  # noqa: BLE001 (whatever the library raises)
            self._fault(f"{kind} at {key.partition('.')[2]}", _said(error))
            return None
        return found

    def _laid(self, namespace: str, kind: str) -> Layout | None:
        """None where the class cannot be read, which is told once."""
        place = (namespace, kind)
        if place not in self._layouts:
            self._layouts[place] = None
            self._layouts[place] = layout(kind, lambda name: self._definition(namespace, name))
        return self._layouts[place]

    def _definition(self, namespace: str, name: str) -> ClassDefinition:
        """A class is defined in its namespace or, for all of them, with those of the system."""
        known = self._index.classes
        places = (str(self._cim.key(one).CD(name)) for one in (namespace, self._system))
        key = next((known[place] for place in places if place in known), None)
        if key is None:
            raise OddError("its class has no definition in the index")
        return ClassDefinition(self._cim, self._object(key, _DEFINITION))

    def _object(self, key: str, cost: int = 1) -> Any:
        length = int(key.rpartition(".")[2])
        if length > OBJECT_MAX:
            raise OddError("an object is larger than any real one")
        self._spend(max(length, DATA_PAGE_SIZE) * cost)
        return self._cim.objects.get(self._cim.key(key))

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise OddError("the objects together are larger than those of any real repository")

    def _fault(self, where: str, what: str) -> None:
        if len(self._faults) < FAULTS_MAX:
            self._faults.append(Fault(where, what))


def _said(error: Exception) -> str:
    said = str(error) if isinstance(error, OddError) else type(error).__name__
    return f"it cannot be read: {said}"
