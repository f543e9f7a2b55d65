"""What a parser of artefacts is: one file in, flat records and faults out. Pure: no models, no settings, no network.

A parser runs in a child process of limited memory and time (ingestion/evidence/process.py). It prints nothing, streams
what may be large, and turns every exception of its library into a `Fault`: one bad spot never ends the rest. A new
parser is one new file here; `example` is the template, and tests/contract/test_artefacts.py holds for all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ingestion.evidence.containers.base import Item
from iocmarket.kernel.registry import Registry

HEAD_BYTES = 4096
"""How much of a file `wants` is shown."""


def _nobody(_path: str) -> Item | None:
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the archive that an artefact came in."""

    layout: str = ""
    host: str = ""
    os: str = ""
    siblings: Callable[[str], Item | None] = _nobody
    """Another file of the same volume by its path on the machine, whatever the case of its letters: a hive's log."""
    case_id: str = ""
    evidence_id: str = ""
    archive_sha256: str = ""
    tlp: str = ""
    ingested: str = ""
    """When this run began, RFC 3339; the same for all of its records."""
    yara_rules: bytes = b""
    """Compiled rules of YARA-X (`Rules.serialize_into`), or none."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """One file to parse, and where it came from."""

    item: Item
    context: Context


Fields = dict[str, Any]
"""One record as a parser gives it: keys of `records.COLUMNS`, nothing for what is unknown, and two more.

`_key` (text or number) is the record's key inside the artefact – record number, registry path and value, row – of which
`event.id` is made: the same on every run, and unlike that of any other record of that artefact and dataset.
`event.dataset` may be left out by a parser of one dataset. `@timestamp` is anything that `records.instant` takes.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad spot of an artefact: the parser told it and went on."""

    where: str
    """"chunk 4", "record 270", "line 12"."""
    what: str
    """For people, without the library's traceback."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of the artefact as a whole, for the manifest (`{"keys_total": 30759}`). At most one, at the end."""

    facts: Mapping[str, Any]


def recoverable(error: BaseException) -> bool:
    """Whether to go on after it: an exception, or the panic of a library in Rust, which is none by its class."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


class Parser(ABC):
    """One kind of artefact. Subclasses are stateless; one instance is registered. Several may want the same file."""

    name: ClassVar[str]
    version: ClassVar[str]
    """Raised whenever the records it gives change: they carry it."""
    datasets: ClassVar[tuple[str, ...]]
    """What it gives; the first one where a record names none."""
    library: ClassVar[str]
    """What reads the format, for the manifest: "evtx 0.14.0", "own"."""

    @abstractmethod
    def wants(self, item: Item, head: bytes) -> bool:
        """Whether to parse it: by its content first, by its name second. `head` is its first HEAD_BYTES."""

    @abstractmethod
    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Its records, lazily. Raises nothing for any content."""


parsers: Registry[Parser] = Registry("ingestion.evidence.artefacts")
