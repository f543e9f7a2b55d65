"""How long what was said of applicants is kept, and how they take it along and have it erased."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Institution, Member
from iocmarket.kernel import clock
from iocmarket.privacy.erasing import Forgetting, forgettings
from iocmarket.privacy.exporting import Portion, Rows, portions
from iocmarket.privacy.portions import rows
from iocmarket.privacy.retention import MEMBERSHIP, PROOF, Rule, retention
from iocmarket.vetting.models import Acceptance, Application, Question, Vouch

ANSWERED_DAYS = 365
UNCONFIRMED_DAYS = 30
_APPLICATION = (
    "public_id", "institution_name", "domains", "networks", "contact_email", "created_at", "verified_at",
    "decided_at",
)  # fmt: skip
_VERSION = {"version": F("charter__version")}


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
            kept=_("%(days)d days after the answer, or until the person is erased"), basis=MEMBERSHIP,
            days=partial(int, ANSWERED_DAYS),
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
    portions.register(
        Portion(
            name="application", models=("vetting.Application",),
            of_member=lambda member: rows(Application.objects.filter(member=member), _APPLICATION),
        ),
        Portion(
            name="application_questions", models=("vetting.Question",),
            of_member=lambda member: rows(
                Question.objects.filter(application__member=member), ("question", "asked_at", "answer", "answered_at")
            ),
        ),
        Portion(
            name="vouches", models=("vetting.Vouch",),
            of_member=lambda member: _vouches(Vouch.objects.filter(member=member)),
            of_institution=lambda institution: _vouches(Vouch.objects.filter(institution=institution)),
        ),
        # What was said of the person, without who said it: that is the other one's.
        Portion(
            name="vouches_received", models=("vetting.Vouch",),
            of_member=lambda member: rows(
                Vouch.objects.filter(application__member=member), ("words", "at", "withdrawn_at")
            ),
        ),
        Portion(
            name="charter", models=("vetting.Acceptance",),
            of_member=lambda member: rows(Acceptance.objects.filter(member=member), ("at",), **_VERSION),
            of_institution=_acceptances,
        ),
    )  # fmt: skip
    forgettings.register(
        Forgetting(models=("vetting.Application", "vetting.Question", "vetting.Vouch"), forget=_forget)
    )


def _vouches(found: QuerySet[Vouch]) -> Rows:
    return rows(found, ("words", "at", "withdrawn_at"), for_institution=F("application__institution_name"))


def _acceptances(institution: Institution) -> Rows:
    found = Acceptance.objects.filter(member__institution=institution)
    return rows(found, ("at",), who=F("member__public_id"), **_VERSION)


def _forget(member: Member) -> None:
    """What the person told when asking for access and what was said of it goes; the own words for others, too.

    That somebody of the institution vouched stays: others were let in on it.
    """
    Application.objects.filter(member=member).delete()
    Vouch.objects.filter(member=member).update(words="")
