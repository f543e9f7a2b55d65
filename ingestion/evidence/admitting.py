"""Which records of an archive a reader may see: all that were parsed; of what matched, what the reader knows of.

A record of `detection.ioc` names an indicator, which exists for a reader through a visible contribution alone
(domain.md, The visibility rule, 1), whoever owns the archive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ingestion.evidence.engine import sql_text
from ingestion.evidence.models import Archive, Hit
from iocmarket.accounts.viewer import Viewer

DETECTIONS = "detection.ioc"
"""The dataset whose records name indicators."""
COLUMN = "iocmarket.ioc_ids"


@dataclass(frozen=True, slots=True)
class Admitted:
    """The public ids of the indicators that a reader may see, of those that the archive holds."""

    ids: frozenset[str]

    @classmethod
    def of(cls, archive: Archive, viewer: Viewer) -> Self:
        """One statement."""
        hits = Hit.objects.visible_to(viewer).filter(archive=archive)
        return cls(frozenset(map(str, hits.values_list("indicator__public_id", flat=True))))

    @property
    def condition(self) -> str:
        """The same as SQL over the columns of records."""
        listed = ", ".join(sql_text(each) for each in sorted(self.ids))
        return f'("{COLUMN}" IS NULL OR list_has_all([{listed}]::VARCHAR[], "{COLUMN}"))'

    def admits(self, record: Mapping[str, Any]) -> bool:
        """Whether the reader may see this record."""
        return self.ids.issuperset(record.get(COLUMN) or ())
