"""UAC: the tree of a UNIX machine below `[root]`, and what its tools answered beside it."""

from __future__ import annotations

import re

from ingestion.evidence.layouts.base import Layout, Mapped, Tree

_ROOT = re.compile(r"^(?:[^/]+/)?\[root\]/(?P<path>.+)$")
_SYSTEM = re.compile(
    r"(?:operating system|os)\W{1,4}(linux|macos|freebsd|netbsd|openbsd|esxi|aix|solaris)", re.IGNORECASE
)
_HOST = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,253}$")


class Uac(Layout):
    """By its log or by the name of its root."""

    name = "uac"

    def fits(self, tree: Tree) -> bool:
        return any(
            _ROOT.match(one.name) or one.name.rsplit("/", 1)[-1] in {"uac.log", "uac.log.stderr"}
            for one in tree.members
        )

    def map(self, tree: Tree) -> Mapped:
        items = []
        for member in tree.members:
            found = _ROOT.match(member.name)
            items.append(member.item(found["path"]) if found else member.listing())
        return Mapped(self.name, items, _host(tree), _system(tree))


def _host(tree: Tree) -> str:
    for member in tree.ending("hostname.txt", "[root]/etc/hostname"):
        with member.file.open(encoding="utf-8", errors="replace") as text:
            line = text.readline(512).strip()
        if _HOST.match(line):
            return line
    return ""


def _system(tree: Tree) -> str:
    for member in tree.ending("uac.log"):
        with member.file.open(encoding="utf-8", errors="replace") as text:
            if found := _SYSTEM.search(text.read(1 << 16)):
                return found.group(1).lower()
    if any("[root]/System/Library/" in member.name or "[root]/Library/" in member.name for member in tree.members):
        return "macos"
    return "linux"
