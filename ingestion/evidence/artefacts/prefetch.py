"""Prefetch: which program ran, when (up to eight times), how often, and what it loaded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import orjson
import pyscca

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.moments import filetime

_RUNS: Final = 8
_FILES: Final = 2048
"""Names of files that one program loaded; Windows writes some hundreds at most."""
_UNPACKED_MAX: Final = 32 * 2**20
"""Bytes; what a compressed file says it unpacks to is believed up to here."""


class Prefetch(Parser):
    """One record for each run that is dated."""

    name: ClassVar[str] = "prefetch"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("windows.prefetch",)
    library: ClassVar[str] = "libscca-python"

    def wants(self, item: Item, head: bytes) -> bool:
        """By its first letters, plain or compressed; by its name where they are damaged."""
        return head[4:8] == b"SCCA" or (item.path.lower().endswith(".pf") and bool(head))

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """The runs, the last one first; the first record carries what was loaded."""
        with artefact.item.file.open("rb") as opened:
            head = opened.read(8)
            if head[:3] == b"MAM" and struct.unpack("<I", head[4:].ljust(4, b"\0"))[0] > _UNPACKED_MAX:
                yield Fault("file", "it says that it unpacks to more than any real one")
                return
            opened.seek(0)
            file = pyscca.file()
            try:
                file.open_file_object(opened)
                yield from _runs(file)
            except (OSError, MemoryError, ValueError, RuntimeError) as error:
                yield Fault("file", f"it cannot be read: {_said(error)}")


def _runs(file: Any) -> Iterator[Fields]:
    name = file.executable_filename or ""
    files = _listed(file.get_filename, min(file.number_of_filenames, _FILES))
    volumes = [volume.device_path for volume in _listed(file.get_volume_information, min(file.number_of_volumes, 16))]
    path = next((one for one in files if one and one.upper().endswith(f"\\{name.upper()}")), "")
    count = file.run_count
    told = {"run_count": count, "hash": f"{file.prefetch_hash:08X}", "files": files, "volumes": volumes}
    for at, when in enumerate(_times(file) or [None]):
        yield {
            "_key": f"run {at}",
            "@timestamp": when,
            "timestamp_desc": "program run",
            "event.kind": "event" if when else "state",
            "event.category": ["process"],
            "event.type": ["start"],
            "event.action": "program-run",
            "event.original": orjson.dumps(told).decode() if at == 0 else "",
            "process.name": name,
            "process.executable": path,
            "message": f"{path or name} was run; {count} times in all",
        }


def _times(file: Any) -> list[Any]:
    """Older formats keep one, newer ones eight of which unused ones are zero."""
    found = []
    for at in range(_RUNS):
        try:
            when = filetime(file.get_last_run_time_as_integer(at))
        except (OSError, OverflowError):
            break
        if when and when.year >= 1980:
            found.append(when)
    return found


def _listed(get: Any, count: int) -> list[Any]:
    found = []
    for at in range(count):
        try:
            found.append(get(at))
        except (OSError, ValueError):
            continue
    return found


def _said(error: Exception) -> str:
    return str(error).rpartition(":")[2].strip()[:200] or type(error).__name__


parsers.register(Prefetch())
