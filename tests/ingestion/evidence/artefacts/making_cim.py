"""Repositories of WMI made of bytes, as dissect.cim reads them: mapping, index and objects of Windows Vista and later.

Pages are 8 KiB. OBJECTS.DATA begins each page of objects with a table (id, offset, size, checksum); a larger object
goes on over whole pages. INDEX.BTR is a B-tree of keys: hashes of names, and at the end of a key page, id and length.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

PAGE = 8192
FANOUT = 16
"""Keys of one page of the index."""
STRING, UINT8_ARRAY, REFERENCE, UINT32 = (8, 0), (0x11, 0x20), (0x66, 0), (0x13, 0)
SYSTEM_SID = bytes.fromhex("010100000000000512000000")
ADMINS_SID = bytes.fromhex("01020000000000052000000020020000")
CONSUMER = [("MachineName", STRING), ("MaximumQueueSize", UINT32), ("CreatorSID", UINT8_ARRAY)]
CLASSES: dict[str, tuple[str, list[tuple[str, tuple[int, int]]]]] = {
    "__SystemClass": ("", []),
    "__namespace": ("__SystemClass", [("Name", STRING)]),
    "__EventFilter": ("__SystemClass", [("Name", STRING), ("EventNamespace", STRING), ("QueryLanguage", STRING),
                                        ("Query", STRING), ("CreatorSID", UINT8_ARRAY), ("EventAccess", STRING)]),
    "__FilterToConsumerBinding": ("__SystemClass", [("Consumer", REFERENCE), ("Filter", REFERENCE),
                                                    ("DeliveryQoS", UINT32), ("CreatorSID", UINT8_ARRAY)]),
    "__EventConsumer": ("__SystemClass", CONSUMER),
    "CommandLineEventConsumer": ("__EventConsumer", [("Name", STRING), ("ExecutablePath", STRING),
                                                     ("CommandLineTemplate", STRING), ("KillTimeout", UINT32)]),
    "ActiveScriptEventConsumer": ("__EventConsumer", [("Name", STRING), ("ScriptingEngine", STRING),
                                                      ("ScriptText", STRING), ("ScriptFileName", STRING)]),
    "NTEventLogEventConsumer": ("__EventConsumer", [("Name", STRING), ("SourceName", STRING), ("EventID", UINT32)]),
    "LogFileEventConsumer": ("__EventConsumer", [("Name", STRING), ("Filename", STRING), ("Text", STRING)]),
    "SMTPEventConsumer": ("__EventConsumer", [("Name", STRING), ("SMTPServer", STRING), ("Message", STRING)]),
}  # fmt: skip
"""Class above, and own properties; those above come first."""
IN_SYSTEM = frozenset(name for name in CLASSES if name.startswith("__"))


Values = Mapping[str, str | bytes | int]
Objects = Sequence[tuple[str, Values]]
"""Classes, and the values of one object of each."""


@dataclass(slots=True)
class Made:
    """The files of one repository."""

    objects: bytes
    index: bytes
    mapping: bytes

    def files(self) -> dict[str, bytes]:
        """By their names; the three mappings are alike."""
        mappings = {f"MAPPING{number}.MAP": self.mapping for number in (1, 2, 3)}
        return {"OBJECTS.DATA": self.objects, "INDEX.BTR": self.index, **mappings}


@dataclass(slots=True)
class Making:
    """Objects, one after the other."""

    pages: list[bytes] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    _table: list[tuple[int, bytes]] = field(default_factory=list)
    _ids: int = 0

    def defined(self, namespace: str, name: str, above: str | None = None) -> None:
        """The definition of a class, of those above."""
        base, _own = CLASSES[name]
        self.add(f"{ns(namespace)}/CD_{hashed(name)}", definition(name, base if above is None else above))

    def made(self, namespace: str, kind: str, values: Values) -> None:
        """An instance of a class."""
        own = hashed(str(sorted(values.items())))
        self.add(f"{ns(namespace)}/CI_{hashed(kind)}/IL_{own}", instance(kind, values))

    def add(self, key: str, content: bytes) -> None:
        """An object, and its key in the index."""
        if self._used() + len(content) + 16 > PAGE:
            self._turn()
        self._ids += 1
        page = len(self.pages)
        if len(content) + 48 > PAGE:
            head = struct.pack("<8I", self._ids, 32, len(content), 0, 0, 0, 0, 0)
            whole = head + content
            self.pages += [whole[at : at + PAGE].ljust(PAGE, b"\0") for at in range(0, len(whole), PAGE)]
        else:
            self._table.append((self._ids, content))
        self.keys.append(f"{key}.{page}.{self._ids}.{len(content)}")

    def finished(self, version: int = 7) -> Made:
        """The files."""
        self._turn()
        index = _tree(sorted(self.keys))
        mapping = _mapping(len(self.pages), 0, version) + struct.pack("<I", 0xDCBA)
        return Made(b"".join(self.pages), b"".join(index), mapping + _mapping(len(index), 1, version))

    def _used(self) -> int:
        return 16 + sum(len(content) + 16 for _id, content in self._table)

    def _turn(self) -> None:
        if not self._table:
            return
        at = 16 * (len(self._table) + 1)
        table, content = b"", b""
        for number, one in self._table:
            table += struct.pack("<4I", number, at + len(content), len(one), 0)
            content += one
        self.pages.append((table + bytes(16) + content).ljust(PAGE, b"\0"))
        self._table = []


def repository(namespaces: Mapping[str, Objects]) -> Made:
    """One with all classes and, for each namespace below the root, its objects."""
    making = Making()
    for name in CLASSES:
        if name in IN_SYSTEM:
            making.defined("__SystemClass", name)
    for namespace, objects in namespaces.items():
        above, _slash, own = f"root\\{namespace}".rpartition("\\")
        making.made(above, "__namespace", {"Name": own})
        for name in CLASSES:
            if name not in IN_SYSTEM:
                making.defined(f"root\\{namespace}", name)
        for kind, values in objects:
            making.made(f"root\\{namespace}", kind, values)
    return making.finished()


def hashed(name: str) -> str:
    """As keys hold names."""
    return hashlib.sha256(name.upper().encode("utf-16-le")).hexdigest().upper()


def ns(name: str) -> str:
    """The part of a key that is a namespace."""
    return f"NS_{hashed(name)}"


def properties(name: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Of a class and of those above it, in the order of their numbers."""
    base, own = CLASSES[name]
    if base:
        yield from properties(base)
    yield from own


def definition(name: str, base: str) -> bytes:
    """The definition of a class: head, references to its own properties, no defaults, names and types."""
    before = len(list(properties(base))) if base in CLASSES and base != name else 0
    data = bytearray(b"\0" + name.encode() + b"\0")
    references = b""
    for number, (own, (kind, array)) in enumerate(CLASSES[name][1], before):
        at = len(data)
        data += b"\0" + own.encode() + b"\0"
        references += struct.pack("<II", at, len(data))
        data += struct.pack("<BBHHII", kind, array, 0, number, 4 * number, 1) + _qualifiers(own)
    above = base.encode("utf-16-le")
    named = struct.pack("<I", 4 + len(base) + 2) + b"\0" + base.encode() + b"\0"
    head = struct.pack("<I", len(base)) + above + struct.pack("<QIBII", 130_000_000_000_000_000, 0, 0, 0, 0) + named
    listed = struct.pack("<II", 0, len(references) // 8) + references
    return head + listed + _region(bytes(data)) + _region(b"")


def _qualifiers(name: str) -> bytes:
    """What may be a key says so."""
    key = struct.pack("<IBBBHH", 0x80000001, 0, 0xB, 0, 0, 0xFFFF) if name in {"Name", "Consumer", "Filter"} else b""
    return struct.pack("<I", len(key)) + key


def instance(kind: str, values: Values) -> bytes:
    """An instance: head, two bits and four bytes for each property, then what the properties point at."""
    data = bytearray(b"\0" + kind.encode() + b"\0")
    states, table = 0, b""
    entries = list(properties(kind))
    for number, (name, _type) in enumerate(entries):
        value = values.get(name)
        states |= (1 if value is None else 0) << (2 * number)
        table += struct.pack("<I", value if isinstance(value, int) else 0 if value is None else len(data))
        if isinstance(value, str):
            data += _string(value)
        elif isinstance(value, bytes):
            data += struct.pack("<I", len(value)) + value
    rest = states.to_bytes((2 * len(entries) + 7) // 8, "little") + table + struct.pack("<IB", 0, 1) + _region(data)
    name_hash = hashed(kind).encode("utf-16-le")
    return name_hash + struct.pack("<QQIIB", 1 << 56, 1 << 56, len(rest) + 9, 0, 0) + rest


def _string(value: str) -> bytes:
    try:
        return b"\0" + value.encode("latin-1") + b"\0"
    except UnicodeEncodeError:
        return b"\1" + value.encode("utf-16-le") + b"\0\0"


def _region(data: bytes | bytearray) -> bytes:
    return struct.pack("<I", len(data) | 0x80000000) + data


def _mapping(pages: int, root: int, version: int) -> bytes:
    """Every page stands where its number says; the first entry names the root of the index."""
    head = struct.pack("<6I", 0xABCD, version, 2, 1, pages, pages)
    entries = [struct.pack("<6I", number, 0, 0, root if number == 0 else 0, 0, 0) for number in range(pages)]
    return head + b"".join(entries) + struct.pack("<I", 0)


def _tree(keys: list[str]) -> list[bytes]:
    """A page that nobody uses, the root, then what is below; as many levels as the keys take."""
    pages = [b"\0" * PAGE, b""]
    _grow(keys, pages, 1)
    return pages


def _grow(keys: list[str], pages: list[bytes], own: int) -> None:
    if len(keys) <= FANOUT:
        pages[own] = index_page(own, keys, [0] * (len(keys) + 1))
        return
    size = -(-len(keys) // FANOUT)
    separators, children, at = [], [], 0
    while at < len(keys):
        children.append(len(pages))
        pages.append(b"")
        _grow(keys[at : at + size], pages, children[-1])
        at += size
        if at < len(keys):
            separators.append(keys[at])
            at += 1
            if at == len(keys):
                children.append(0)
    pages[own] = index_page(own, separators, children)


def index_page(own: int, keys: Sequence[str], children: Sequence[int]) -> bytes:
    """One page of the index: each key is a list of its parts, each part a string of its own."""
    table: list[int] = []
    offsets: list[int] = []
    starts: list[int] = []
    strings = b""
    for key in keys:
        parts = key.split("/")
        starts.append(len(table))
        table.append(len(parts))
        for part in parts:
            table.append(len(offsets))
            offsets.append(len(strings))
            strings += part.encode() + b"\0"
    page = struct.pack("<5I", 0xACCC, own, 0, 1, len(keys)) + bytes(4 * len(keys))
    page += struct.pack(f"<{len(children)}I", *children) + struct.pack(f"<{len(starts)}H", *starts)
    page += struct.pack(f"<H{len(table)}H", len(table), *table)
    page += struct.pack(f"<H{len(offsets) + 1}H", len(offsets), *offsets, len(strings)) + strings
    assert len(page) <= PAGE
    return page.ljust(PAGE, b"\0")
