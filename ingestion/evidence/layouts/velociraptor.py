"""Velociraptor: offline collectors, exports of a server and the flat form of old versions.

`uploads/<accessor>/<volume>/…` with each folder's name URL-encoded (`C%3A`, `%5C%5C.%5CC%3A`), `results/<Artifact>
%2F<Source>.json`, `uploads.json`, `client_info.json`. A sparse file comes without its holes and with `<name>.idx` that
says where its runs belong.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from ingestion.evidence.containers.base import Item
from ingestion.evidence.layouts.base import Layout, Mapped, Member, Tree, latest, moment, objects, whole

_UPLOADS = re.compile(r"(?:^|.*?/)uploads/(?:auto|ntfs|mft|file|lazy_ntfs|ntfs_vss|raw_ntfs|raw_file|sparse)/")
_DEVICE = re.compile(r"^(?:\\\\[.?]\\)?(?P<drive>[A-Za-z]):$")
_SHADOW = re.compile(r"HarddiskVolumeShadowCopy\d+", re.IGNORECASE)
_FLAT = re.compile(r"^(?:[A-Z][A-Za-z]+\.){1,2}[A-Z][\w.]+(?:/[^/]+)?\.(?:json|csv)$")
_OWN = {"client_info.json", "collection_context.json", "uploads.json"}


class Velociraptor(Layout):
    """By its uploads folders, its own files or the names of its artifacts."""

    name = "velociraptor"

    def fits(self, tree: Tree) -> bool:
        return any(
            _UPLOADS.match(member.name) or member.name.rsplit("/", 1)[-1] in _OWN or _FLAT.match(member.name)
            for member in tree.members
        )

    def map(self, tree: Tree) -> Mapped:
        said = _uploaded(tree)
        sparse = {one.name[: -len(".idx")]: one for one in tree.members if one.name.endswith(".idx")}
        items: list[Item] = []
        for member in tree.members:
            upload = _UPLOADS.match(member.name)
            if upload is None:
                items.append(member.listing(unquote(member.name).replace("\\", "/")))
            elif not (member.name.endswith(".idx") and member.name[: -len(".idx")] in tree.names):
                volume, path = place(member.name[upload.end() :])
                facts = dict(said.get(member.name, {}))
                if index := sparse.get(member.name):
                    facts.update(_runs(index))
                items.append(member.item(path, volume, **facts))
        host, system = _client(tree)
        return Mapped(self.name, items, host, system, _when(tree))


def place(encoded: str) -> tuple[str, str]:
    """The volume and the path behind the accessor; a first folder that is no volume belongs to the path (UNIX)."""
    parts = [unquote(part) for part in encoded.split("/")]
    if found := _DEVICE.match(parts[0]):
        return found["drive"].upper(), _joined(parts[1:])
    if shadow := _SHADOW.search(parts[0]):
        return shadow.group(), _joined(parts[1:])
    return "", _joined(parts)


def _joined(parts: list[str]) -> str:
    """Decoded folders as one path: what was encoded may hold slashes and dots again."""
    flat = "/".join(parts).replace("\\", "/").split("/")
    return "/".join(part for part in flat if part not in {"", ".", ".."})


def _uploaded(tree: Tree) -> dict[str, dict[str, str]]:
    """What uploads.json says of members, by their names."""
    found: dict[str, dict[str, str]] = {}
    for table in tree.ending("uploads.json"):
        for row in objects(table):
            components = row.get("_Components")
            if isinstance(components, list):
                found["/".join(map(str, components))] = {
                    "original_path": _text(row, "vfs_path"),
                    "original_size": _text(row, "file_size"),
                    "sha256": _text(row, "sha256") or _text(row, "Sha256"),
                    "md5": _text(row, "md5") or _text(row, "Md5"),
                    "uploaded": _text(row, "Timestamp"),
                }
    return found


def _runs(index: Member) -> dict[str, str]:
    """Where the runs of a sparse file belong: "offset in the original:length" of what is there, in order."""
    said = whole(index)
    ranges = said.get("ranges") if isinstance(said, dict) else None
    if not isinstance(ranges, list):
        return {}
    runs: list[str] = []
    for one in ranges:
        if not isinstance(one, dict):
            return {}
        start, length = one.get("original_offset", 0), one.get("file_length", one.get("length", 0))
        if not isinstance(start, int) or not isinstance(length, int):
            return {}
        if length > 0:
            runs.append(f"{start}:{length}")
    return {"sparse_runs": ",".join(runs)}


def _client(tree: Tree) -> tuple[str, str]:
    """The host's full name and system."""
    for member in tree.ending("client_info.json"):
        said: Any = whole(member)
        if isinstance(said, dict):
            inner = said.get("os_info")
            facts: dict[str, Any] = {**(inner if isinstance(inner, dict) else {}), **said}
            host = _text(facts, "fqdn") or _text(facts, "Fqdn") or _text(facts, "hostname") or _text(facts, "Hostname")
            return host, _text(facts, "os") or _text(facts, "system") or _text(facts, "OS")
    return "", ""


def _when(tree: Tree) -> datetime | None:
    return latest(
        moment(_text(row, "Timestamp") or _text(row, "started"))
        for table in tree.ending("uploads.json")
        for row in objects(table)
    )


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None or isinstance(value, dict | list) else str(value)[:1024]
