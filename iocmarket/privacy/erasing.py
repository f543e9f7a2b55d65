"""Erasing a person: who it was is lost for good, what was done and shared stays the institution's.

The row of the member stays with its number, so that statements keep one author and the chain of the record holds; name,
address and everything by which somebody logs in go, and with them from where the person acted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model

from iocmarket.accounts.models import Invitation, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Report, Sighting
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

DOMAIN = "erased.invalid"
"""Of the address that takes the place of the person's: no mail ever reaches it (RFC 2606)."""
OF_THE_PERSON_ALONE = ("account", "mfa", "usersessions", "socialaccount")
"""Apps whose rows about a member are means of logging in: they go with the person."""
REASON_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """What an app takes out of its rows when a person is erased, and of which models."""

    models: tuple[str, ...]
    forget: Callable[[Member], object]


class Forgettings:
    """What apps do; the core's own stands below."""

    def __init__(self) -> None:
        self._all: list[Forgetting] = []

    def register(self, *found: Forgetting) -> None:
        """Add some. They are done in this order."""
        self._all += found

    def forget(self, member: Member) -> None:
        """Do all of them."""
        for one in self._all:
            one.forget(member)

    def models(self) -> set[str]:
        """The labels of all models out of which a person is taken, the core's own among them."""
        ways_in = {model._meta.label for model, _name in _ways_in()}  # noqa: SLF001 (documented _meta API)
        return ways_in | CORE | {label for one in self._all for label in one.models}


CORE = frozenset(
    {
        "accounts.Invitation", "accounts.Member", "account.EmailConfirmation", "audit.Event", "indicators.Contribution",
        "indicators.Report", "indicators.Sighting", "sessions.Session",
    }
)  # fmt: skip
"""Models out of which `erase_member` itself takes a person."""
forgettings = Forgettings()


def is_erased(member: Member) -> bool:
    """Whether nothing of the person is left."""
    return member.email.endswith(f"@{DOMAIN}")


@transaction.atomic
def erase_member(member: Member, *, reason: str, actor: Actor) -> None:
    """Erase a person for good. Erasing twice changes nothing.

    Raises Refusal: `reason_required`, `last_manager`, `last_administrator` (somebody else must be able to go on).
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_MAX:
        raise Refusal("reason_required", f"an erasure needs a reason of at most {REASON_MAX} characters")
    if member.institution_id is not None:
        hold_institution(member.institution_id)
    held = Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
    if is_erased(held):
        return
    _check_others_go_on(held)
    _withdraw_in_person(held)
    record(
        "member.erased", actor=actor, subject_type="member", subject_id=held.public_id,
        details={"reason": reason},
    )  # fmt: skip
    blank(held)  # last: from where the person asked for it is forgotten with the rest


@transaction.atomic
def blank(member: Member) -> None:
    """Take out of the rows of a person what tells who it was; sessions end. No event: the caller knows why."""
    Invitation.objects.filter(email__iexact=member.email).delete()
    Invitation.objects.filter(member=member).delete()
    # The sessions themselves hold the address; the rows of the list below only name them.
    keys = list(UserSession.objects.filter(user=member).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    for model, name in _ways_in():
        model._default_manager.filter(**{name: member}).delete()  # noqa: SLF001 (Django's documented _meta API)
    forgettings.forget(member)
    Event.objects.filter(actor=member, salt__isnull=False).update(address=None, client="", salt=None)
    member.email = f"{member.public_id.hex}@{DOMAIN}"
    member.name = f"#{member.public_id.hex[:8]}"
    member.why = member.decided_reason = member.language = ""
    member.previous_visit_at = member.last_login = None
    member.is_active = member.is_administrator = False
    if member.state != Member.State.REFUSED:
        member.state = Member.State.REMOVED
    member.session_generation += 1
    member.set_unusable_password()
    member.save()


def _ways_in() -> list[tuple[type[Model], str]]:
    """The models of what lets a person in, each with its key to the person."""
    relations = Member._meta.related_objects  # noqa: SLF001 (Django's documented model _meta API)
    found = [(one.related_model, one.field.name) for one in relations if isinstance(one.related_model, type)]
    return [(model, name) for model, name in found if model._meta.app_label in OF_THE_PERSON_ALONE]  # noqa: SLF001


def _check_others_go_on(member: Member) -> None:
    others = Member.objects.filter(state=Member.State.APPROVED, is_active=True).exclude(pk=member.pk)
    if member.is_administrator and not others.filter(is_administrator=True).exists():
        raise Refusal("last_administrator", "the platform needs an administrator: name another one first")
    manages = member.is_approved and member.role == Role.MANAGER
    colleagues = others.filter(institution=member.institution_id)
    if manages and colleagues.exists() and not colleagues.filter(role=Role.MANAGER).exists():
        raise Refusal("last_manager", "the institution needs a manager: name another one first")


def _withdraw_in_person(member: Member) -> None:
    """What was said in TLP:RED is the author's alone: nobody else could ever take it back. It lies in no view."""
    moment = clock.now()
    for standing in (
        Contribution.unscoped.filter(author=member, tlp=TLP.RED, withdrawn_at__isnull=True),
        Sighting.unscoped.filter(author=member, tlp=TLP.RED, withdrawn_at__isnull=True),
    ):
        standing.update(withdrawn_at=moment)
    Contribution.unscoped.filter(author=member, tlp=TLP.RED).update(comment="", tags=[])
    Sighting.unscoped.filter(author=member, tlp=TLP.RED).update(source="")
    for story in Report.objects.filter(author=member, tlp=TLP.RED):
        story.title, story.description = f"#{story.public_id.hex[:8]}", ""
        story.save(update_fields=["title", "description"])
