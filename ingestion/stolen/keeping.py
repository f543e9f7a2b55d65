"""How long stolen accounts are kept, who takes them along, and how they are forgotten."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ingestion.stolen.models import StolenAccount
from iocmarket.accounts.models import Member
from iocmarket.kernel import clock
from iocmarket.privacy.erasing import Forgetting, forgettings
from iocmarket.privacy.exporting import Portion, portions
from iocmarket.privacy.portions import rows
from iocmarket.privacy.retention import SECURITY, Rule, retention

DAYS = 30
"""After somebody last told of it: a password that was not changed until then will not be."""
_COLUMNS = ("account", "service", "stolen_on", "told_at")


def register() -> None:
    """Called once, when the app is ready."""
    retention.register(
        Rule(
            name="stolen.accounts", what=_("Stolen accounts, told to the institution of their mail domain"),
            models=("stolen.StolenAccount",), kept=_("%(days)d days after they were last told, or until dealt with"),
            basis=SECURITY, days=lambda: DAYS, due=lambda: _old().count(), purge=lambda: _old().delete()[0],
        ),
    )  # fmt: skip
    portions.register(
        Portion(
            name="stolen_accounts", models=("stolen.StolenAccount",),
            of_member=lambda member: rows(_of(member), _COLUMNS),
            of_institution=lambda institution: rows(StolenAccount.objects.filter(institution=institution), _COLUMNS),
        ),
    )  # fmt: skip
    forgettings.register(Forgetting(models=("stolen.StolenAccount",), forget=_forget))


def _old() -> QuerySet[StolenAccount]:
    return StolenAccount.objects.filter(told_at__lt=clock.now() - timedelta(days=DAYS))


def _of(member: Member) -> QuerySet[StolenAccount]:
    return StolenAccount.objects.filter(account__iexact=member.email)


def _forget(member: Member) -> None:
    _of(member).delete()
