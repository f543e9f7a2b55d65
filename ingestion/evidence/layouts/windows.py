"""Trees of a Windows volume: where its root is among the folders of an archive, and the names that NTFS streams got."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingestion.evidence.layouts.base import Tree

_TOP = (
    r"(?:\$MFT|\$MFTMirr|\$LogFile|\$Boot|\$Extend|\$Secure[^/]*|\$Recycle\.Bin|Windows|WINNT|Users|ProgramData"
    r"|Program Files(?: \(x86\))?|Documents and Settings|RECYCLER|inetpub|PerfLogs|System Volume Information"
    r"|pagefile\.sys|hiberfil\.sys|swapfile\.sys)(?:/|$)"
)
_DRIVE = re.compile(rf"(?P<root>(?:[^/]+/)*?(?P<drive>[A-Za-z])(?:%3A|:|_)?/)(?={_TOP})", re.IGNORECASE)
_BARE = re.compile(
    r"(?P<root>(?:[^/]+/)*?)(?=(?:Windows/(?:System32|appcompat|Prefetch)/|Users/[^/]+/NTUSER\.DAT$|\$MFT$))",
    re.IGNORECASE,
)
_STREAMS = {
    "$extend/$j": "$Extend/$UsnJrnl:$J",
    "$extend/$usnjrnl_$j": "$Extend/$UsnJrnl:$J",
    "$extend/$usnjrnl%3a$j": "$Extend/$UsnJrnl:$J",
    "$extend/$max": "$Extend/$UsnJrnl:$Max",
    "$secure_$sds": "$Secure:$SDS",
    "$secure%3a$sds": "$Secure:$SDS",
}


class Roots:
    """The folders of a tree that are roots of volumes. A folder "C" is one only if it holds what a volume holds."""

    def __init__(self, tree: Tree) -> None:
        self._roots: dict[str, str] = {}
        for member in tree.members:
            if found := _DRIVE.match(member.name):
                self._roots.setdefault(found["root"], found["drive"].upper())
        if not self._roots:
            for member in tree.members:
                if found := _BARE.match(member.name):
                    self._roots.setdefault(found["root"], "")
        self._outer = {
            root.rstrip("/").rpartition("/")[0] + "/" if drive else root for root, drive in self._roots.items()
        } - {"/", ""}

    def __bool__(self) -> bool:
        return bool(self._roots)

    def place(self, name: str) -> tuple[str, str] | None:
        """The volume and the path of a member on it; None where it lies beside the volumes."""
        for root in _folders(name):
            if root in self._roots:
                return self._roots[root], stream(name[len(root) :])
        return None

    def beside(self, name: str) -> str:
        """The name of a member that lies beside the volumes, without the folder that holds all of it."""
        for folder in _folders(name):
            if folder in self._outer:
                return name[len(folder) :]
        return name


def _folders(name: str) -> Iterator[str]:
    """The folders above a file with their last slashes, the innermost first, none ("") last."""
    at = name.rfind("/")
    while at >= 0:
        yield name[: at + 1]
        at = name.rfind("/", 0, at)
    yield ""


def stream(path: str) -> str:
    """The path with the name of its NTFS stream, where a collector wrote that stream as a file of its own."""
    return _STREAMS.get(path.lower(), path)


def windows_like(paths: list[str]) -> bool:
    """Whether paths on a volume are those of Windows."""
    return any(path.lower().startswith(("windows/", "winnt/", "users/", "$mft", "$extend/")) for path in paths)
