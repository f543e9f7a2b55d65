"""Finding a collection and checking what may be done with it, in one step (TAXII 2.1 section 5)."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound, PermissionDenied

from iocmarket.accounts.viewer import Viewer
from sharing.taxii.collections import Readable, collection_document, collection_of, collections_of
from sharing.taxii.depots import depot_document, depot_of, may_read, may_write
from sharing.taxii.filters import is_uuid
from sharing.taxii.models import Depot


def listed(viewer: Viewer) -> list[dict[str, Any]]:
    """The collections that the viewer may read or write, always in the same order: views, then Dépôt.

    Partners have none of the latter: they say nothing here.
    """
    views = [collection_document(view) for view in collections_of(viewer)] if may_read(viewer) else []
    return views if viewer.community_only else [*views, depot_document(depot_of(viewer), viewer)]


def document_of(collection: Readable | Depot, viewer: Viewer) -> dict[str, Any]:
    """The resource of one collection, as the list has it."""
    if isinstance(collection, Depot):
        return depot_document(collection, viewer)
    return collection_document(collection.view)


def find(viewer: Viewer, collection_id: str) -> Readable | Depot:
    """One collection that the viewer may read or write. Raises NotFound: absent and hidden are the same."""
    if may_read(viewer):
        try:
            return collection_of(viewer, collection_id)
        except NotFound:
            pass
    found = (
        Depot.objects.filter(institution_id=viewer.institution_id, public_id=collection_id).first()
        if is_uuid(collection_id)
        else None
    )
    if found is None:
        raise NotFound
    return found


def find_readable(viewer: Viewer, collection_id: str) -> Readable | Depot:
    """As `find`. Raises PermissionDenied for a Dépôt that the viewer may only write."""
    found = find(viewer, collection_id)
    if not may_read(viewer):
        raise PermissionDenied("this token does not read: the scope indicators:read is missing")
    return found


def find_writable(viewer: Viewer, collection_id: str) -> Depot:
    """As `find`. Raises PermissionDenied for a view (the publisher alone writes it) and for a reader's Dépôt."""
    found = find(viewer, collection_id)
    if not isinstance(found, Depot):
        raise PermissionDenied("this collection is read-only; objects are posted to Dépôt")
    if not may_write(viewer):
        raise PermissionDenied("this token does not write: the scope indicators:write is missing")
    return found
