"""Collections: one for each view that the viewer may read now, under the id of that view."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound

from iocmarket.accounts.viewer import Viewer
from iocmarket.publication.access import views_of
from iocmarket.publication.audiences import COMMUNITY
from iocmarket.publication.models import View
from sharing.taxii.media import STIX

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def collections_of(viewer: Viewer) -> list[View]:
    """The views behind the viewer's collections, always in the same order (section 3.3)."""
    return list(views_of(viewer))


def collection_of(viewer: Viewer, collection_id: str) -> View:
    """The view behind one collection. Raises NotFound: absent, hidden and not yet complete are the same."""
    found = views_of(viewer).filter(public_id=collection_id).first() if _UUID.fullmatch(collection_id) else None
    if found is None:
        raise NotFound
    return found


def collection_document(view: View) -> dict[str, Any]:
    """The collection resource (section 5.2.1).

    Titles are part of client configurations, hence in one language, and hold no `.` (OpenCTI splits at it).
    """
    community = view.audience == COMMUNITY
    return {
        "id": str(view.public_id),
        "title": "Communauté" if community else "Reçus",
        "description": _("What the institutions of the community share with all its members.")
        if community
        else _("What was sent to your institution by name, and what it keeps for itself."),
        "can_read": True,
        "can_write": False,
        "media_types": [STIX],
    }
