"""Collections: one for each view that the viewer may read now, under the id of that view."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound

from iocmarket.accounts.models import Circle, CircleMembership, Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.prepared import Among, Prepared
from iocmarket.publication.access import read_since, views_of
from iocmarket.publication.audiences import COMMUNITY
from iocmarket.publication.models import View
from sharing.reading import Exit
from sharing.taxii.media import STIX

_NO_DOTS = re.compile(r"[.\s]+")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Readable:
    """The view behind a collection, and since when its withdrawals are told; None: none of them is."""

    view: View
    since: datetime | None


def collections_of(viewer: Viewer) -> list[View]:
    """The views behind the viewer's collections, always in the same order (section 3.3)."""
    return list(views_of(viewer).select_related("circle"))


def collection_of(viewer: Viewer, collection_id: str) -> Readable:
    """One collection. Raises NotFound: absent, hidden and not yet complete are the same. One statement."""
    rows = _ONE.rows(Exit.of(viewer), [UUID(collection_id)]) if _UUID.fullmatch(collection_id) else []
    if not rows:
        raise NotFound
    [(pk, public_id, audience, circle_id, name, joined, approved)] = rows
    circle = None if circle_id is None else Circle(pk=circle_id, name=name)
    view = View(pk=pk, public_id=UUID(public_id), audience=audience, circle=circle)
    return Readable(view, read_since(joined, approved, of_a_circle=circle is not None))


def _one(exit_: Exit) -> QuerySet[View, Any]:
    mine = CircleMembership.objects.filter(institution_id=exit_.institution_id, circle_id=OuterRef("circle_id"))
    approved = Institution.objects.filter(pk=exit_.institution_id)
    return (
        views_of(exit_.viewer)
        .filter(Among("public_id"))
        .values_list(
            "id", "public_id", "audience", "circle_id", "circle__name",
            Subquery(mine.values("joined_at")), Subquery(approved.values("approved_at")),
        )
    )  # fmt: skip


_ONE = Prepared[Exit](_one)


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
