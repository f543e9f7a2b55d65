"""Fox-IT acquire: volumes below `fs/` (older: `sysvol/`), its own tables below `$metadata$`."""

from __future__ import annotations

import re

from ingestion.evidence.layouts.base import Layout, Mapped, Tree
from ingestion.evidence.layouts.windows import stream, windows_like

_VOLUME = re.compile(
    r"^(?:[^/]+/)?(?:fs/(?P<drive>[A-Za-z]):?/|fs/\$rootfs\$/|fs/\$fs\$/(?P<number>fs\d+)/|(?P<system>sysvol)/|fs/)(?P<path>.+)$"
)
_MARKS = re.compile(r"^(?:[^/]+/)?(?:fs/(?:[A-Za-z]:?|\$rootfs\$|\$fs\$)/|sysvol/|\$metadata\$/)")


class Acquire(Layout):
    """By its folders."""

    name = "acquire"

    def fits(self, tree: Tree) -> bool:
        return any(_MARKS.match(member.name) for member in tree.members)

    def map(self, tree: Tree) -> Mapped:
        items = []
        for member in tree.members:
            found = _VOLUME.match(member.name)
            if found is None:
                items.append(member.listing())
                continue
            volume = (found["drive"] or "").upper() or found["number"] or ("C" if found["system"] else "")
            items.append(member.item(stream(found["path"]), volume))
        paths = [item.path for item in items if item.collected.get("of") != "collector"]
        return Mapped(self.name, items, os="windows" if windows_like(paths) else "linux")
