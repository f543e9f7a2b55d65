"""DFIR-ORC (ANSSI): archives in an archive, each with a `GetThis.csv` that says which file every sample was.

Samples are named `<folder>\\<parent's reference>_<name>_data`; the table gives their full names without a drive letter,
only with the volume's serial number. The volume that holds `\\Windows\\System32` is called C, as it is nearly always;
others go by their serial numbers, copies in snapshots by that of the snapshot behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestion.evidence.containers.base import Item
from ingestion.evidence.layouts.base import Layout, Mapped, Member, Tree, latest, moment, rows

_TABLE = "getthis.csv"
_NO_SNAPSHOT = "{00000000-0000-0000-0000-000000000000}"
_FACTS = {
    "MD5": "md5",
    "SHA1": "sha1",
    "SHA256": "sha256",
    "CreationDate": "created",
    "LastModificationDate": "modified",
    "LastAccessDate": "accessed",
    "LastAttrChangeDate": "changed",
    "SampleCollectedDate": "copied",
    "FRN": "frn",
    "ParentFRN": "parent_frn",
    "SnapshotID": "snapshot",
    "VolumeID": "volume_id",
    "SizeInBytes": "original_size",
}


class Orc(Layout):
    """By its table, or by the names of its archives."""

    name = "dfir-orc"

    def fits(self, tree: Tree) -> bool:
        return bool(_tables(tree)) or any(
            part.startswith("dfir-orc_") for member in tree.members for part in member.name.lower().split("/")[:2]
        )

    def map(self, tree: Tree) -> Mapped:
        named: dict[str, list[dict[str, str]]] = {}
        host = ""
        times: list[datetime | None] = []
        system = ""
        for folder, row in _samples(tree):
            sample = f"{folder}{row.get('SampleName', '')}".replace("\\", "/").lower()
            named.setdefault(sample, []).append(row)
            host = host or row.get("ComputerName", "")
            times.append(moment(row.get("SampleCollectedDate", "")))
            if not system and row.get("FullName", "").lower().startswith("\\windows\\system32\\"):
                system = row.get("VolumeID", "")
        items: list[Item] = []
        for member in tree.members:
            found = named.get(member.name.lower(), [])
            items.extend(_item(member, row, system) for row in found[:64])
            if not found:
                items.append(member.listing())
        return Mapped(self.name, items, host[:255], "windows", latest(iter(times)))


def _tables(tree: Tree) -> list[Member]:
    return [one for one in tree.members if one.name.lower().rsplit("/", 1)[-1] == _TABLE]


def _samples(tree: Tree) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row of each table, and the folder to which its sample's name belongs."""
    for table in _tables(tree):
        folder = table.name[: -len(_TABLE)]
        for row in rows(table):
            if row.get("SampleName") and row.get("FullName"):
                yield folder, row


def _item(member: Member, row: dict[str, str], system: str) -> Item:
    serial = row.get("VolumeID", "")
    volume = "C" if serial == system and serial else serial.removeprefix("0x").upper()
    snapshot = row.get("SnapshotID", "")
    if snapshot and snapshot != _NO_SNAPSHOT:
        volume = f"{volume}@{snapshot.strip('{}')}"
    facts = {to: row.get(of, "") for of, to in _FACTS.items()}
    if facts["snapshot"] == _NO_SNAPSHOT:
        facts["snapshot"] = ""
    return member.item(_path(row), volume, **facts)


def _path(row: dict[str, str]) -> str:
    """The full name, with the name of the stream where the sample is one."""
    parts = [part for part in row["FullName"].replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    path = "/".join(parts)
    stream = row.get("AttrName", "")
    if stream and row.get("AttrType", "$DATA") in {"$DATA", ""} and not path.endswith(":" + stream):
        return f"{path}:{stream}"
    return path
