"""Registry hives: whatever the subjects of ingestion/evidence/hives/ find in them, and how many keys there are."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar, Final

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.hives.base import Place, subjects
from ingestion.evidence.hives.reading import Hive, UnreadableError
from ingestion.evidence.records import instant

_NAMES: Final = frozenset(
    {"system", "software", "sam", "security", "default", "components", "ntuser.dat", "usrclass.dat", "amcache.hve"}
)
_LOGS: Final = (".LOG1", ".LOG2", ".LOG")
_PRIMARY = 0


class Registry(Parser):
    """Records of what starts by itself, of services, programs run, devices, networks and the machine itself."""

    name: ClassVar[str] = "registry"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = (
        "windows.registry", "windows.services", "windows.shimcache", "windows.amcache",
    )  # fmt: skip
    library: ClassVar[str] = "python-registry"

    def wants(self, item: Item, head: bytes) -> bool:
        """A hive by its first letters; one whose head is damaged by the name of its file. No transaction log."""
        if head.startswith(b"regf"):
            return len(head) < 32 or struct.unpack_from("<I", head, 28)[0] == _PRIMARY
        return bool(head) and item.path.rpartition("/")[2].lower() in _NAMES and not head.startswith(b"HvLE")

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """What each subject finds, then the figures of the hive."""
        try:
            with Hive(artefact.item.file) as hive:
                yield from _open(artefact, hive)
        except UnreadableError as reason:
            yield Fault("hive", str(reason))


def _open(artefact: Artefact, hive: Hive) -> Iterator[Fields | Fault | Summary]:
    place = Place(hive, artefact.item.path)
    if hive.dirty:
        yield Fault("head", _dirty(artefact))
    keys: Counter[tuple[str, str]] = Counter()
    for subject in subjects:
        with hive.guarded(subject.name):
            for fields in subject.find(place):
                name = (fields["event.dataset"], fields["_key"])
                keys[name] += 1
                if keys[name] > 1:  # two keys or values of one name: damage, or somebody who hides
                    fields["_key"] = f"{fields['_key']}|{keys[name]}"
                yield _timed(fields)
    total = hive.count()
    yield from hive.faults
    services = sum(1 for dataset, _key in keys if dataset == "windows.services")
    facts = {"hive": place.name, "keys_total": total, "dirty": hive.dirty}
    yield Summary(facts | ({"services_subkeys": services} if services else {}))


def _timed(fields: Fields) -> Fields:
    """An instant of before the year 1000 or after 9999 is none."""
    if fields["@timestamp"] is not None:
        try:
            fields["@timestamp"] = instant(fields["@timestamp"])
        except (ValueError, OverflowError):
            fields["@timestamp"] = None
    return fields


def _dirty(artefact: Artefact) -> str:
    path = artefact.item.path
    beside = [path.rpartition("/")[2] + ending for ending in _LOGS if artefact.context.siblings(path + ending)]
    logs = f"which {' and '.join(beside)} may hold" if beside else "and no transaction log came with it"
    return f"the hive was in use: its last changes are not in it, {logs}; logs are not applied"


parsers.register(Registry())
