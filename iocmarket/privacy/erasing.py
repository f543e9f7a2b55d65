"""Erasing a person: who it was is lost for good, what was done and shared stays the institution's.

The row of the member stays with its number, so that statements keep one author and the chain of the record holds; name,
address and everything by which somebody logs in go, and with them from where the person acted.
"""

from __future__ import annotations

from django.db import transaction

from iocmarket.accounts.models import Invitation, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

DOMAIN = "erased.invalid"
"""Of the address that takes the place of the person's: no mail ever reaches it (RFC 2606)."""
OF_THE_PERSON_ALONE = ("account", "mfa", "usersessions", "socialaccount")
"""Apps whose rows about a member are means of logging in: they go with the person."""
REASON_MAX = 500


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
    for relation in Member._meta.related_objects:  # noqa: SLF001 (Django's documented model _meta API)
        model = relation.related_model
        if not isinstance(model, str) and model._meta.app_label in OF_THE_PERSON_ALONE:  # noqa: SLF001 (same)
            model._default_manager.filter(**{relation.field.name: member}).delete()  # noqa: SLF001 (same)
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
    Contribution.unscoped.filter(author=member, tlp=TLP.RED, withdrawn_at__isnull=True).update(
        withdrawn_at=clock.now(), comment="", tags=[]
    )
