"""What an event means: which of its data go to which column, what it is called, what a person is told. Pure.

An event log says `TargetUserName`; an analyst asks for `user.name`. Each file here speaks for one provider and is a
table: a new event is a new row, a new provider a new file. Events are known by provider and number, never by the name
of the file or the channel, which may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.records import COLUMNS, NUMBER
from iocmarket.kernel.registry import Registry

Data = Mapping[str, Any]
"""The data of one event by name: texts, numbers, true, false, null, and at times what XML nests."""

_NOTHING: Final = frozenset({"", "-", "N/A", "%%1793", "(NULL)"})
"""What Windows writes for "no value"; %%1793 is its message "<value not set>"."""
_LARGEST: Final = 2**63 - 1
_SAID_MAX = 300
"""Characters of one value within a message."""
_NAMES = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Meaning:
    """One kind of event."""

    action: str
    """`event.action`: a word or three, with dashes."""
    category: str
    """`event.category` of ECS."""
    type: str
    """`event.type` of ECS."""
    says: str
    """The message; {Name} is the datum of that name, left empty when absent."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column to the name of the datum. "user" and "registry" are cut into their columns."""
    technique: str = ""
    """The technique of MITRE ATT&CK® that this event by itself is a trace of; most are none."""
    more: Callable[[Data, Fields], None] | None = None
    """What a table cannot say."""

    def __post_init__(self) -> None:
        """Work out once how each datum is read: this is looked at for every event of every log."""
        steps = tuple((column, name, _reader(column)) for column, name in self.fields.items())
        object.__setattr__(self, "steps", steps)
        literals, names = _NAMES.split(self.says)[::2], _NAMES.findall(self.says)
        object.__setattr__(self, "form", "%s".join(literal.replace("%", "%%") for literal in literals))
        object.__setattr__(self, "names", tuple(names))

    steps: tuple[tuple[str, str, Callable[[Fields, str, Any], None]], ...] = field(init=False, repr=False)
    form: str = field(init=False, repr=False)
    names: tuple[str, ...] = field(init=False, repr=False)

    def apply(self, data: Data, found: Fields) -> None:
        """Write what this event says into its record."""
        found["event.action"] = self.action
        found["event.category"] = [self.category]
        found["event.type"] = [self.type]
        if self.technique:
            found["threat.technique.id"] = [self.technique]
        get = data.get
        for column, name, read in self.steps:
            value = get(name)
            if read is _text and value.__class__ is str:  # nearly all: the call would take longer than its work
                value = value.strip()
                if value not in _NOTHING:
                    found[column] = value
            elif value is not None:
                read(found, column, value)
        if self.more is not None:
            self.more(data, found)
        if "message" not in found:
            found["message"] = self.message(data)

    def message(self, data: Data) -> str:
        """One line for people."""
        return self.form % tuple(map(said, map(data.get, self.names)))


@dataclass(frozen=True, slots=True)
class Provider:
    """The events of one provider; `sources` are the names under which it writes."""

    name: str
    sources: tuple[str, ...]
    meanings: Mapping[int, Meaning]


providers: Registry[Provider] = Registry("ingestion.evidence.events")


@cache
def meanings() -> dict[tuple[str, int], Meaning]:
    """Every known event by its source, in small letters, and its number."""
    return {
        (source.lower(), number): meaning
        for provider in providers
        for source in provider.sources
        for number, meaning in provider.meanings.items()
    }


def text(value: Any) -> str | None:
    """A datum as text; None for what stands for nothing. Asked several times for every event: the usual kinds first."""
    kind = value.__class__
    if kind is str:
        value = value.strip()
        return None if value in _NOTHING else value
    if kind is int:
        return str(value)
    if value is None:
        return None
    if kind is dict:
        return text(value.get("#text"))
    if kind is list:
        return ", ".join(filter(None, map(text, value))) or None
    return str(value).lower() if kind is bool else str(value)


def number(value: Any) -> int | None:
    """A datum as a whole number that fits 64 bits: 7, "7" and "0x7"."""
    if value.__class__ is str:
        try:
            value = int(value, 16) if value[:2] in {"0x", "0X"} else int(value)
        except ValueError:
            return None
    return value if value.__class__ is int and -_LARGEST <= value <= _LARGEST else None


@lru_cache(maxsize=4096)
def address(value: str) -> str | None:
    """An IP address in its usual form, an IPv4 one written as IPv6 as what it is; None for a host name or LOCAL."""
    try:
        found = ip_address(value.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


def basename(path: str) -> str:
    """The last part of a path of Windows."""
    return path.replace("/", "\\").rstrip("\\").rpartition("\\")[2] or path


def said(value: Any) -> str:
    """A datum inside a message: on one line and not too long."""
    kind = value.__class__
    if kind is str and len(value) <= _SAID_MAX and value.isprintable():
        return str(value)  # itself: as are nearly all
    if value is None:
        return ""
    if kind is int:
        return str(value)
    found = text(value) or ""
    if len(found) > _SAID_MAX:
        found = found[: _SAID_MAX - 1] + "…"
    return " ".join(found.split()) if not found.isprintable() else found


def account(found: Fields, _column: str, value: Any) -> None:
    r"""`DOMAIN\name` into its two columns."""
    whole = text(value)
    if whole:
        domain, _, name = whole.rpartition("\\")
        found["user.name"] = name
        if domain:
            found["user.domain"] = domain


def registry(found: Fields, _column: str, value: Any) -> None:
    r"""`HKLM\Software\…\Run\name`: the hive before the first separator, the value after the last."""
    hive, _, rest = (text(value) or "").partition("\\")
    if rest:
        found["registry.hive"] = hive
        found["registry.key"], _, found["registry.value"] = rest.rpartition("\\")


def _text(found: Fields, column: str, value: Any) -> None:
    read = text(value)
    if read is not None:
        found[column] = read


def _number(found: Fields, column: str, value: Any) -> None:
    read = number(value)
    if read is not None:
        found[column] = read


def _address(found: Fields, column: str, value: Any) -> None:
    whole = text(value)
    read = address(whole) if whole else None
    if read is not None:
        found[column] = read


def _path(found: Fields, column: str, value: Any) -> None:
    """A path and, beside it, the name of what lies there."""
    whole = text(value)
    if whole:
        found[column] = whole
        found[column.partition(".")[0] + ".name"] = basename(whole)


def _name(found: Fields, column: str, value: Any) -> None:
    whole = text(value)
    if whole:
        found[column] = basename(whole)


_READERS: Final[dict[str, Callable[[Fields, str, Any], None]]] = {
    "user": account,
    "registry": registry,
    "source.ip": _address,
    "destination.ip": _address,
    "process.executable": _path,
    "file.path": _path,
    "process.parent.name": _name,
}


def _reader(column: str) -> Callable[[Fields, str, Any], None]:
    """How a datum becomes the value of that column. Raises KeyError for a column that there is not."""
    special = _READERS.get(column)
    return special or (_number if COLUMNS[column] == NUMBER else _text)
