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

_NO_DOTS = re.compile(r"[.\s]+")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def collections_of(viewer: Viewer) -> list[View]:
    """The views behind the viewer's collections, always in the same order (section 3.3)."""
    return list(views_of(viewer).select_related("circle"))


def collection_of(viewer: Viewer, collection_id: str) -> View:
    """The view behind one collection. Raises NotFound: absent, hidden and not yet complete are the same."""
    found = (
        views_of(viewer).select_related("circle").filter(public_id=collection_id).first()
        if _UUID.fullmatch(collection_id)
        else None
    )
    if found is None:
        raise NotFound
    return found


def _named(view: View) -> tuple[str, str]:
    if view.circle is not None:
        title = _NO_DOTS.sub(" ", f"Cercle {view.circle.name}").strip()
        return title, _("What is shared in this circle, of which your institution is a member.")
    if view.audience == COMMUNITY:
        return "Communauté", _("What the institutions of the community share with all its members.")
    return "Reçus", _("What was sent to your institution by name, and what it keeps for itself.")


def collection_document(view: View) -> dict[str, Any]:
    """The collection resource (section 5.2.1).

    Titles are part of client configurations, hence in one language, and hold no `.` (OpenCTI splits at it).
    """
    title, description = _named(view)
    return {
        "id": str(view.public_id),
        "title": title,
        "description": description,
        "can_read": True,
        "can_write": False,
        "media_types": [STIX],
    }
