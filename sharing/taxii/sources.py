"""What the pages of one collection are read from: the entries of a view, or the objects of a Dépôt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from iocmarket.accounts.viewer import Viewer
from iocmarket.publication.access import entries_of
from iocmarket.publication.models import View
from sharing.taxii.depots import objects_of
from sharing.taxii.filters import VersionRule, every_unless_asked, newest_unless_asked, one_version
from sharing.taxii.models import Depot


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The readable rows of a collection, oldest first, and how its versions are told apart."""

    collection: UUID
    rows: QuerySet[Any]
    rule: VersionRule
    version: str
    """The column that holds an object's version: a moment, or the text that its author wrote."""
    rendered: bool
    """Whether the bodies are ours to change: in Dépôt they are their authors', and stay as they are."""

    def with_every_version(self) -> Source:
        """The same, where a request without a wish means all versions."""
        return replace(self, rule=every_unless_asked) if self.rule is newest_unless_asked else self

    def of(self, rows: QuerySet[Any]) -> Source:
        """The same, narrowed to these rows."""
        return replace(self, rows=rows)


def source_of(collection: View | Depot, viewer: Viewer) -> Source:
    """The source of a collection that the viewer may read."""
    if isinstance(collection, Depot):
        rows: QuerySet[Any] = objects_of(collection, viewer)
        return Source(
            collection=collection.public_id, rows=rows, rule=newest_unless_asked, version="version_text", rendered=False
        )
    rows = entries_of(viewer, [collection])
    return Source(collection=collection.public_id, rows=rows, rule=one_version, version="version", rendered=True)
