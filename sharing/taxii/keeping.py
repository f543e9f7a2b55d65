"""What Dépôt keeps: its rows in the table of retention, its file in an export."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Institution
from iocmarket.privacy.exporting import Portion, Rows, portions
from iocmarket.privacy.retention import SECURITY, Rule, retention
from sharing.taxii import statuses
from sharing.taxii.models import DepotObject

_CHUNK = 500


def register() -> None:
    """Called once, when the app is ready."""
    retention.register(
        Rule(
            name="taxii.depot", what=_("Objects in Dépôt"), models=("taxii.DepotObject",),
            kept=_("until the institution deletes them"), basis=SECURITY,
        ),
        Rule(
            name="taxii.statuses", what=_("What became of each object that a TAXII client sent"),
            models=("taxii.DepotStatus",), kept=_("%(days)d day"), basis=SECURITY,
            days=lambda: statuses.KEPT // timedelta(days=1), due=statuses.due, purge=statuses.purge,
        ),
    )  # fmt: skip
    portions.register(Portion(name="depot", models=("taxii.Depot", "taxii.DepotObject"), of_institution=_objects))


def _objects(institution: Institution) -> Rows:
    held = DepotObject.objects.filter(depot__institution=institution).order_by("pk")
    for stix_type, added, body in held.values_list("stix_type", "date_added", "body").iterator(chunk_size=_CHUNK):
        yield {"stix_type": stix_type, "date_added": added, "object": bytes(body).decode()}
