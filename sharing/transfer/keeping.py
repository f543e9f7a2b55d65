"""What transfers keep: their row in the table of retention, their file in an institution's export."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Institution
from iocmarket.privacy.exporting import Portion, Rows, portions
from iocmarket.privacy.portions import rows
from iocmarket.privacy.retention import MEMBERSHIP, Rule, retention
from sharing.transfer.models import Transfer

_COLUMNS = ("public_id", "name", "tlp_ceiling", "action", "target", "notify", "created_at")


def _of_institution(institution: Institution) -> Rows:
    """Without the keys, which open something."""
    return rows(Transfer.objects.filter(institution=institution), _COLUMNS)


def register() -> None:
    """Called once, when the app is ready."""
    retention.register(
        Rule(
            name="transfers", what=_("Name servers that take the response policy zone by transfer, and their keys"),
            models=("transfer.Transfer", "transfer.TransferKey"), kept=_("until a manager removes them"),
            basis=MEMBERSHIP,
        )
    )  # fmt: skip
    portions.register(Portion(name="transfers", models=("transfer.Transfer",), of_institution=_of_institution))
