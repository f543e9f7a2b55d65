"""What the mailbox keeps of people: its rows in the table of retention, its file in an export."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ingestion.mailbox.models import MailKey, TakenMail
from iocmarket.accounts.models import Member
from iocmarket.kernel import clock
from iocmarket.privacy.erasing import Forgetting, forgettings
from iocmarket.privacy.exporting import Portion, portions
from iocmarket.privacy.portions import rows
from iocmarket.privacy.retention import SECURITY, Rule, retention

TAKEN_DAYS, REVOKED_DAYS = 30, 365


def _taken() -> QuerySet[TakenMail]:
    return TakenMail.objects.filter(at__lt=clock.now() - timedelta(days=TAKEN_DAYS))


def _revoked() -> QuerySet[MailKey]:
    return MailKey.objects.filter(revoked_at__lt=clock.now() - timedelta(days=REVOKED_DAYS))


def _forget(member: Member) -> None:
    MailKey.objects.filter(member=member).delete()
    TakenMail.objects.filter(member=member).delete()


def register() -> None:
    """Called once, when the app is ready."""
    retention.register(
        Rule(
            name="mailbox.taken", what=_("That a mail was taken: a hash of its identifier, never the mail"),
            models=("mailbox.TakenMail",), kept=_("%(days)d days"), basis=SECURITY, days=partial(int, TAKEN_DAYS),
            due=lambda: _taken().count(), purge=lambda: _taken().delete()[0],
        ),
        Rule(
            name="mailbox.keys", what=_("Keys in addresses for forwarded mails: whose, and when they were used"),
            models=("mailbox.MailKey",), kept=_("%(days)d days after they were revoked"), basis=SECURITY,
            days=partial(int, REVOKED_DAYS), due=lambda: _revoked().count(), purge=lambda: _revoked().delete()[0],
        ),
    )  # fmt: skip
    portions.register(
        Portion(
            name="mail_keys",
            models=("mailbox.MailKey",),
            of_member=lambda member: rows(
                MailKey.objects.filter(member=member), ("hint", "created_at", "revoked_at", "last_used_at")
            ),
        )
    )
    forgettings.register(Forgetting(models=("mailbox.MailKey", "mailbox.TakenMail"), forget=_forget))
