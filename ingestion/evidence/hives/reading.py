"""A registry hive, read through python-registry as if every number in it were a lie.

The library believes what it reads: a list may name its own parents, claim four thousand million values or one of two
gibibytes. Here each key is visited once, lists and values have a largest size, the file is mapped and not loaded, and
whatever the library raises is noted as a fault of the hive, after which the reading goes on.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final

from Registry.Registry import Registry as Library

from ingestion.evidence.artefacts.base import Fault
from ingestion.evidence.hives.walking import keys_below
from ingestion.evidence.moments import filetime

KEYS_MAX: Final = 4_000_000
"""Keys of one hive; a large SOFTWARE has some 400 000."""
VALUES_MAX: Final = 100_000
"""Values of one key."""
DATA_MAX: Final = 4 * 2**20
"""Bytes of one value."""
FAULTS_MAX: Final = 100
_TYPES: Final = {
    0: "REG_NONE", 1: "REG_SZ", 2: "REG_EXPAND_SZ", 3: "REG_BINARY", 4: "REG_DWORD", 5: "REG_DWORD_BIG_ENDIAN",
    6: "REG_LINK", 7: "REG_MULTI_SZ", 8: "REG_RESOURCE_LIST", 9: "REG_FULL_RESOURCE_DESCRIPTOR",
    10: "REG_RESOURCE_REQUIREMENTS_LIST", 11: "REG_QWORD",
}  # fmt: skip


class UnreadableError(Exception):
    """The hive as a whole cannot be read."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a key."""

    name: str
    """Empty for the default one."""
    type: str
    data: str | int | bytes | list[str]

    @property
    def text(self) -> str:
        """As a person would read it; the beginning of binary data in hexadecimal."""
        if isinstance(self.data, bytes):
            return self.data[:64].hex()
        return "; ".join(self.data) if isinstance(self.data, list) else str(self.data)

    @property
    def strings(self) -> list[str]:
        """The texts of it, empty ones left out."""
        whole = self.data if isinstance(self.data, list) else [self.text]
        return [one for one in whole if one]

    @property
    def binary(self) -> bytes:
        """Its bytes; empty when it is of another type."""
        return self.data if isinstance(self.data, bytes) else b""

    @property
    def number(self) -> int | None:
        """Its number; None when it is of another type."""
        return self.data if isinstance(self.data, int) else None


@dataclass(frozen=True)
class Key:
    """One key; `path` begins below the root, with backslashes."""

    hive: Hive
    record: Any
    path: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("\\")[2]

    @cached_property
    def when(self) -> datetime | None:
        """When it was last written, UTC."""
        with self.hive.guarded(self.path):
            return filetime(self.record.unpack_qword(4))
        return None

    def subkeys(self) -> Iterator[Key]:
        """The keys right below it."""
        prefix = f"{self.path}\\" if self.path else ""
        with self.hive.guarded(self.path):
            if self.record.subkey_number() == 0:
                return
            for record in islice(self.record.subkey_list().keys(), KEYS_MAX):
                yield Key(self.hive, record, prefix + record.name())

    @cached_property
    def values(self) -> dict[str, Value]:
        """Its values by their names in small letters; the last of one name wins."""
        found: dict[str, Value] = {}
        with self.hive.guarded(self.path):
            if self.record.values_number() == 0:
                return found
            for record in islice(self.record.values_list().values(), VALUES_MAX):
                with self.hive.guarded(self.path):
                    value = _value(record)
                    found[value.name.lower()] = value
        return found

    def text(self, name: str) -> str:
        """The value of that name as text; empty when there is none."""
        value = self.values.get(name.lower())
        return value.text if value else ""

    def number(self, name: str) -> int | None:
        """The value of that name as a number."""
        value = self.values.get(name.lower())
        return value.number if value else None

    def binary(self, name: str) -> bytes:
        """The value of that name as bytes."""
        value = self.values.get(name.lower())
        return value.binary if value else b""

    def key(self, path: str) -> Key | None:
        """The key at that path below this one, whatever the case of its letters."""
        here: Key | None = self
        for part in path.split("\\"):
            wanted = part.lower()
            here = next((one for one in here.subkeys() if one.name.lower() == wanted), None) if here else None
        return here


@dataclass
class Hive:
    """An open hive. Use as a context; raises UnreadableError when it is none."""

    file: Path
    faults: list[Fault] = field(default_factory=list)
    _close: Callable[[], None] = lambda: None

    def __enter__(self) -> Hive:
        try:
            with self.file.open("rb") as opened:
                mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
            self._close = mapped.close
            self.head = mapped[:512]
            self._mapped = mapped
            self._root = Library(_Mapped(mapped)).root()._nkrecord  # noqa: SLF001 (it tells no offsets)
        except Exception as error:  # noqa: BLE001 (whatever the library raises)
            raise UnreadableError(_said(error)) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def root(self) -> Key:
        """The key above all."""
        return Key(self, self._root, "")

    def key(self, path: str) -> Key | None:
        """The key at that path, whatever the case of its letters; None when there is none."""
        return self.root.key(path)

    @property
    def dirty(self) -> bool:
        """Whether its last changes are only in its transaction log: the two sequence numbers of its head differ."""
        first, second = struct.unpack_from("<II", self.head, 4)
        return bool(first != second)

    def count(self) -> int:
        """How many keys there are, the root included; a key that is named twice counts once."""
        counted = keys_below(self._mapped, self._root.offset(), KEYS_MAX)
        return self._counted() if counted is None else counted

    def _counted(self) -> int:
        """The same for a damaged hive, far slower: what the library raises is noted with the path of the key."""
        seen: set[int] = set()
        waiting = [self.root]
        while waiting and len(seen) < KEYS_MAX:
            key = waiting.pop()
            if (at := key.record.offset()) not in seen:
                seen.add(at)
                waiting.extend(one for one in key.subkeys() if one.record.offset() not in seen)
        return len(seen)

    def guarded(self, where: str) -> _Guard:
        """Note what the library raises within as a fault of that key, and go on."""
        return _Guard(self.faults, where or "root")


class _Guard:
    """A context that lets no exception out."""

    def __init__(self, faults: list[Fault], where: str) -> None:
        self._faults = faults
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        if len(self._faults) < FAULTS_MAX:
            self._faults.append(Fault(self._where, _said(error)))
        return True


class _Mapped:
    """What the library reads at once: the map, not a copy of it."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped = mapped

    def read(self) -> mmap.mmap:
        return self._mapped


def _value(record: Any) -> Value:
    kind = record.data_type() & 0xFFF
    length = record.raw_data_length() & 0x7FFFFFFF
    name = _TYPES.get(kind, f"REG_{kind}")
    if length > DATA_MAX:
        return Value(record.name(), name, b"")
    return Value(record.name(), name, _data(kind, bytes(record.raw_data() or b"")[: max(length, 0)]))


def _data(kind: int, raw: bytes) -> str | int | bytes | list[str]:
    if kind in {1, 2, 6}:
        return raw.decode("utf-16-le", "replace").partition("\0")[0]
    if kind == 7:
        return [part for part in raw.decode("utf-16-le", "replace").split("\0") if part]
    if kind in {4, 11}:
        return int.from_bytes(raw[:8], "little")
    return int.from_bytes(raw[:4], "big") if kind == 5 else raw


def _said(error: Exception) -> str:
    said = " ".join(str(error).split())[:200]
    return f"it cannot be read: {said}" if said else "it cannot be read"
