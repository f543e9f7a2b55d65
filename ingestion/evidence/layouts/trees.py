"""KAPE, CyLR, Scout and whatever else keeps the tree of the volumes as it was: `C/Windows/System32/config/SYSTEM`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from ingestion.evidence.containers.base import Item
from ingestion.evidence.layouts.base import Layout, Mapped, Member, Tree, latest, moment, rows, whole
from ingestion.evidence.layouts.windows import Roots, stream, windows_like


class Plain(Layout):
    """Folders of volumes with nothing that says who took them; or no volumes at all, and members by their names."""

    name = "plain"

    def fits(self, tree: Tree) -> bool:  # noqa: ARG002 (whatever is left)
        return True

    def map(self, tree: Tree) -> Mapped:
        roots = Roots(tree)
        known = self._known(tree)
        items = [self._item(member, roots, known.get(member.name, {})) for member in tree.members]
        paths = [item.path for item in items if item.collected.get("of") != "collector"]
        return Mapped(self.name, items, os=_system(paths), collected_at=self._when(tree))

    def _known(self, tree: Tree) -> dict[str, dict[str, str]]:  # noqa: ARG002 (a collector's log has more)
        """What a log of the collector says of members, by their names."""
        return {}

    def _when(self, tree: Tree) -> datetime | None:  # noqa: ARG002 (a collector's log has it)
        return None

    @staticmethod
    def _item(member: Member, roots: Roots, said: dict[str, str]) -> Item:
        placed = roots.place(member.name)
        if placed is None:
            return member.listing(roots.beside(member.name)) if roots else member.item(member.name)
        volume, path = placed
        return member.item(stream(said.get("path", path)), volume, **{k: v for k, v in said.items() if k != "path"})


class Kape(Plain):
    """KAPE: its copy log gives each file's original path, SHA-1 and dates."""

    name = "kape"
    _facts: ClassVar[dict[str, str]] = {
        "SourceFileSha1": "sha1",
        "CreatedOnUtc": "created",
        "ModifiedOnUtc": "modified",
        "LastAccessedOnUtc": "accessed",
        "CopiedTimestamp": "copied",
    }

    def fits(self, tree: Tree) -> bool:
        return bool(_logs(tree))

    def _known(self, tree: Tree) -> dict[str, dict[str, str]]:
        roots = Roots(tree)
        names: dict[str, str] = {}
        for member in tree.members:
            names.setdefault(roots.beside(member.name).lower(), member.name)
        found: dict[str, dict[str, str]] = {}
        for row in self._rows(tree):
            name = _destination(row.get("DestinationFile", ""), names)
            source = row.get("SourceFile", "").replace("\\", "/").split(":/", 1)
            if name and len(source) == 2 and ".." not in source[1].split("/"):
                found[name] = {"path": source[1], **{to: row.get(of, "") for of, to in self._facts.items()}}
        return found

    def _when(self, tree: Tree) -> datetime | None:
        return latest(moment(row.get("CopiedTimestamp", "")) for row in self._rows(tree))

    @staticmethod
    def _rows(tree: Tree) -> Iterator[dict[str, str]]:
        for log in _logs(tree):
            yield from rows(log)


def _logs(tree: Tree) -> list[Member]:
    return [member for member in tree.members if member.name.lower().endswith("copylog.csv")]


def _destination(said: str, names: dict[str, str]) -> str:
    """The member that was written to `E:\\KAPE\\C\\Windows\\…`: the longest end of that path which is a member."""
    parts = stream_as_file(said.replace("\\", "/")).lower().split("/")
    for start in range(len(parts)):
        if name := names.get("/".join(parts[start:])):
            return name
    return ""


def stream_as_file(path: str) -> str:
    """`$Extend/$UsnJrnl:$J` as KAPE names the file into which it copies it."""
    return path.replace("$UsnJrnl:$", "$").replace("$Secure:$", "$Secure_$")


class Cylr(Plain):
    """CyLR, by the log that it adds."""

    name = "cylr"

    def fits(self, tree: Tree) -> bool:
        return any("cylr" in member.name.rsplit("/", 1)[-1].lower() for member in tree.members) and bool(Roots(tree))


class Scout(Plain):
    """IOC market's own: `scout.json` beside the volumes, with `host`, `os` and `collected_at`."""

    name = "scout"

    def fits(self, tree: Tree) -> bool:
        return "scout.json" in tree.by_name

    def map(self, tree: Tree) -> Mapped:
        mapped = super().map(tree)
        said: Any = whole(tree.by_name["scout.json"])
        if isinstance(said, dict):
            mapped.host = str(said.get("host") or "")[:255]
            mapped.os = str(said.get("os") or "")[:255] or mapped.os
            mapped.collected_at = moment(str(said.get("collected_at") or ""))
        return mapped


def _system(paths: list[str]) -> str:
    if windows_like(paths):
        return "windows"
    return "linux" if any(path.startswith(("etc/", "var/log/")) for path in paths) else ""
