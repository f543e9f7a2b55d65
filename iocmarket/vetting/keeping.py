"""How long what was said of applicants is kept: the rows of vetting in the table of retention."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Member
from iocmarket.kernel import clock
from iocmarket.privacy.retention import MEMBERSHIP, PROOF, Rule, retention
from iocmarket.vetting.models import Application

ANSWERED_DAYS = 365
UNCONFIRMED_DAYS = 30


def _answered() -> QuerySet[Application]:
    return Application.objects.filter(decided_at__lt=clock.now() - timedelta(days=ANSWERED_DAYS))


def _unconfirmed() -> QuerySet[Member]:
    """Somebody typed an address and never proved that it is theirs: nobody has seen it, nobody needs it."""
    early = clock.now() - timedelta(days=UNCONFIRMED_DAYS)
    return Member.objects.filter(
        state=Member.State.APPLICANT, application__verified_at__isnull=True, application__created_at__lt=early
    )


def _forget_unconfirmed() -> int:
    count = _unconfirmed().count()
    _unconfirmed().delete()
    return count


def register() -> None:
    """Called once, when the app is ready."""
    retention.register(
        Rule(
            name="vetting.applications", what=_("Applications, with vouches, questions and answers"),
            models=("vetting.Application", "vetting.Vouch", "vetting.Question"),
            kept=_("%(days)d days after the answer"), basis=MEMBERSHIP, days=partial(int, ANSWERED_DAYS),
            due=lambda: _answered().count(), purge=lambda: _answered().delete()[0],
        ),
        Rule(
            name="vetting.charter", what=_("Versions of the charter, and who accepted which"),
            models=("vetting.Charter", "vetting.Acceptance"),
            kept=_("as long as the community; without a name once the person is erased"), basis=PROOF,
        ),
        Rule(
            name="vetting.unconfirmed", what=_("Applications whose address was never confirmed"),
            models=("vetting.Application",), kept=_("%(days)d days after they were made"), basis=MEMBERSHIP,
            days=partial(int, UNCONFIRMED_DAYS), due=lambda: _unconfirmed().count(), purge=_forget_unconfirmed,
        ),
    )  # fmt: skip
