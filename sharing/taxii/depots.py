"""The collection `Dépôt` of an institution: who may do what with it, and how it is shown."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from sharing.taxii.media import STIX
from sharing.taxii.models import Depot, DepotObject

TITLE = "Dépôt"


def may_read(viewer: Viewer) -> bool:
    """Whether the viewer may read objects at all, here and in views."""
    return Scope.INDICATORS_READ in viewer.scopes


def may_write(viewer: Viewer) -> bool:
    """Whether the viewer may post."""
    return Scope.INDICATORS_WRITE in viewer.scopes


def depot_of(viewer: Viewer) -> Depot:
    """The viewer's own; made when somebody first asks for it, and then the same for ever."""
    return Depot.objects.get_or_create(institution_id=viewer.institution_id)[0]


def depot_document(depot: Depot, viewer: Viewer) -> dict[str, Any]:
    """The collection resource (section 5.2.1). The title is part of client configurations: in one language."""
    return {
        "id": str(depot.public_id),
        "title": TITLE,
        "description": _(
            "What your institution posts: kept as it was sent, and shared as each object's marking allows."
        ),
        "can_read": may_read(viewer),
        "can_write": may_write(viewer),
        "media_types": [STIX],
    }


def objects_of(depot: Depot, viewer: Viewer) -> QuerySet[DepotObject]:
    """What the viewer may read in it, oldest first: also of one's own nothing above the ceiling of the exit in use."""
    found = DepotObject.objects.filter(depot=depot, tlp__lte=viewer.ceiling.tlp, pap__lte=viewer.ceiling.pap)
    return found.order_by("date_added")
