"""How the values of one WMI object are laid out, and what they are. Pure.

dissect.cim reads the heads of definitions and instances; which properties a class has is put together here, since the
library follows base classes for ever where they name each other, and reads every qualifier of every property.
Source: MS-WMIO (encoding of classes and instances).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from dissect.cim.c_cim import CIM_TYPES, CIM_TYPES_MAP, c_cim
from dissect.cim.classes import ClassDefinition

from ingestion.evidence.cim.text import string
from ingestion.evidence.sids import sid

PROPERTIES_MAX: Final = 256
"""Of one class with those above it; `CommandLineEventConsumer` has thirty."""
DEPTH_MAX: Final = 16
"""Classes above one another."""
TEXTS_MAX: Final = 131_072
"""Characters of all texts of one object that are kept; properties may share one text."""
_PROPERTY: Final = 14
"""Bytes of the head of a property."""
_SID_MAX: Final = 68
"""Bytes of the longest identifier (SECURITY_MAX_SID_SIZE)."""
_ARRAY: Final = 0x20


class OddError(Exception):
    """An object that is not laid out as its class says."""


@dataclass(frozen=True, slots=True)
class Property:
    """What the library's `ClassInstance` asks of a property, and its name."""

    name: str
    index: int
    ctype: Any
    type: Any


@dataclass(frozen=True, slots=True)
class Layout:
    """The properties of a class and of those above it; takes the place of the library's `Class`."""

    properties: Mapping[str, Property]
    """By their names in small letters."""


def layout(name: str, definition: Callable[[str], ClassDefinition]) -> Layout:
    """How instances of that class are laid out. Raises OddError, and what `definition` raises."""
    chain: list[list[Property]] = []
    seen: set[str] = set()
    while name:
        if name.lower() in seen or len(seen) >= DEPTH_MAX:
            raise OddError("classes stand above themselves")
        seen.add(name.lower())
        defined = definition(name)
        chain.append(list(_own(defined)))
        name = str(defined.super_class_name)
    found: dict[str, Property] = {}
    for one in reversed(chain):
        found |= {entry.name.lower(): entry for entry in one}
        if len(found) > PROPERTIES_MAX:
            raise OddError("a class has more properties than any real one")
    if sorted(entry.index for entry in found.values()) != list(range(len(found))):
        raise OddError("the properties of a class are not numbered one after the other")
    return Layout(found)


def _own(definition: ClassDefinition) -> Iterator[Property]:
    if len(definition.property_references) > PROPERTIES_MAX:
        raise OddError("a class has more properties than any real one")
    data = definition.property_data.data
    for reference in definition.property_references:
        head = c_cim.class_definition_property(BytesIO(data[reference.property_offset :][:_PROPERTY]))
        name = reference.builtin_property_name if reference.is_builtin_property else string(data, reference.name_offset)
        ctype = c_cim.uint32 if _is_array(head.type) else CIM_TYPES_MAP[head.type.type]
        yield Property(name, head.index, ctype, head.type)


def values(instance: Any, properties: Iterable[Property]) -> dict[str, str]:
    """The texts among the values of an instance, by the names of their properties; an identifier (SID) as text.

    Values left to the default of the class are left out.
    """
    found: dict[str, str] = {}
    left = TEXTS_MAX
    for one in sorted(properties, key=lambda one: one.index):
        state = instance.property_states[one.index]
        if state.is_initialized and not state.use_default_value:
            said = _text(instance.data.data, int(instance.toc[one.index]), one)[:left]
            if said:
                found[one.name] = said
                left -= len(said)
    return found


def _text(data: bytes, offset: int, one: Property) -> str:
    kind = one.type.type
    if _is_array(one.type):
        return _sid(data, offset) if one.name == "CreatorSID" and kind == CIM_TYPES.UINT8 else ""
    return string(data, offset) if kind in {CIM_TYPES.STRING, CIM_TYPES.REFERENCE} else ""


def _is_array(kind: Any) -> bool:
    return bool(int(kind.array_state) & _ARRAY)


def _sid(data: bytes, offset: int) -> str:
    """Of an array of bytes, which begins with its length; nothing for what is none."""
    size = int.from_bytes(data[offset : offset + 4], "little")
    try:
        return sid(data[offset + 4 : offset + 4 + min(size, _SID_MAX)])
    except ValueError:
        return ""
