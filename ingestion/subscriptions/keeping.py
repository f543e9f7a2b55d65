"""What subscriptions keep: their rows in the table of retention, their files in an institution's export."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ingestion.subscriptions.models import Subscription, Turn
from iocmarket.accounts.models import Institution
from iocmarket.kernel import clock
from iocmarket.privacy.exporting import Portion, Rows, portions
from iocmarket.privacy.portions import rows
from iocmarket.privacy.retention import MEMBERSHIP, SECURITY, Rule, retention

TURN_DAYS = 90
_COLUMNS = (
    "public_id", "name", "kind", "url", "login", "types", "tags", "published", "since", "minutes", "tlp", "pap",
    "tlp_floor", "pap_floor", "audience", "permitted", "threat_type", "state", "created_at",
)  # fmt: skip


def _old() -> QuerySet[Turn]:
    return Turn.objects.filter(began_at__lt=clock.now() - timedelta(days=TURN_DAYS))


def _of_institution(institution: Institution) -> Rows:
    """Without the credential, which is the other server's affair."""
    return rows(Subscription.objects.filter(institution=institution), _COLUMNS)


def register() -> None:
    """Called once, when the app is ready."""
    retention.register(
        Rule(
            name="subscriptions", what=_("Subscriptions to other servers: who set them up, and their credentials"),
            models=("subscriptions.Subscription",), kept=_("until a manager removes them"), basis=MEMBERSHIP,
        ),
        Rule(
            name="subscriptions.turns", what=_("What each turn of a subscription brought, in figures"),
            models=("subscriptions.Turn",), kept=_("%(days)d days"), basis=SECURITY, days=partial(int, TURN_DAYS),
            due=lambda: _old().count(), purge=lambda: _old().delete()[0],
        ),
    )  # fmt: skip
    portions.register(
        Portion(name="subscriptions", models=("subscriptions.Subscription",), of_institution=_of_institution)
    )
