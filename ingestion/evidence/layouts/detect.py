"""Which layout an archive has: the first that fits, the surest first."""

from __future__ import annotations

from ingestion.evidence.layouts.acquire import Acquire
from ingestion.evidence.layouts.base import Layout, Mapped, Tree
from ingestion.evidence.layouts.hints import hint
from ingestion.evidence.layouts.orc import Orc
from ingestion.evidence.layouts.trees import Cylr, Kape, Plain, Scout
from ingestion.evidence.layouts.unix import Uac
from ingestion.evidence.layouts.velociraptor import Velociraptor

_LAYOUTS: tuple[Layout, ...] = (Scout(), Velociraptor(), Orc(), Uac(), Kape(), Acquire(), Cylr(), Plain())


def detect(tree: Tree) -> Layout:
    """The layout of these members."""
    return next(layout for layout in _LAYOUTS if layout.fits(tree))


def mapped(tree: Tree) -> Mapped:
    """The members as files of the machine; the archive's file name says what its content does not."""
    found = detect(tree).map(tree)
    host, when = hint(tree.name)
    found.host = found.host or host
    found.collected_at = found.collected_at or when
    return found
