"""The people of an institution: who may act on whom, their roles, their sessions, their removal.

A manager acts inside the own institution and strictly below administrators of the platform; an administrator acts
everywhere. An approved institution always keeps a manager: without one nobody could let anybody in or close a token.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Case, F, QuerySet, When

from iocmarket.accounts.hands import Hand, actor_behind
from iocmarket.accounts.models import Institution, Invitation, Member, Token
from iocmarket.accounts.roles import Capability, Role, roles_up_to
from iocmarket.audit.services import record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Decision, Refusal


def people_of(institution: Institution) -> QuerySet[Member]:
    """Who is in, managers first, then by name."""
    rank = Case(*(When(role=role, then=place) for place, role in enumerate(reversed(Role))))
    found = Member.objects.filter(institution=institution, state=Member.State.APPROVED, is_active=True)
    return found.order_by(rank, "name", "email")


def managers_of(institution: Institution) -> QuerySet[Member]:
    """Its managers who can log in."""
    return people_of(institution).filter(role=Role.MANAGER)


def administrators() -> list[Member]:
    """The administrators of the platform who can log in."""
    found = Member.objects.filter(is_administrator=True).select_related("institution").order_by("pk")
    return [person for person in found if person.is_approved]


def may_manage(by: Hand, institution: Institution | None) -> bool:
    """Whether this person manages the people of that institution."""
    if by.may(Capability.INSTITUTIONS_MANAGE):
        return True
    return institution is not None and by.institution_id == institution.pk and by.may(Capability.MEMBERS_MANAGE)


def may_act_on(by: Hand, member: Member) -> Decision:
    """Whether this person may change that one's role, end the sessions or remove the person, and why not."""
    if not may_manage(by, member.institution):
        return Decision(False, "not_yours")
    if member.is_administrator and not by.is_administrator:
        return Decision(False, "administrator")
    return Decision(True, "manages")


def roles_given_by(by: Hand) -> list[Role]:
    """The roles that this person may give to others: never one above the own, but for administrators."""
    return list(Role) if by.may(Capability.INSTITUTIONS_MANAGE) else roles_up_to(by.role)


@transaction.atomic
def change_role(member: Member, *, role: Role, by: Hand) -> Member:
    """Give a colleague another role. Raises Refusal: `not_yours`, `administrator`, `role_too_high`, `last_manager`."""
    held = _held(member, by)
    if role not in roles_given_by(by):
        raise Refusal("role_too_high", "nobody gives a role above the own", where="/role")
    if held.role == role:
        return held
    _keep_a_manager(held, goes=role != Role.MANAGER)
    before, held.role = held.role, role
    held.save(update_fields=["role"])
    record(
        "member.role_changed", actor=actor_behind(by), subject_type="member", subject_id=held.public_id,
        details={"before": before, "after": role.value},
    )  # fmt: skip
    return held


@transaction.atomic
def end_sessions(member: Member, *, by: Hand) -> None:
    """Log a colleague out everywhere, at the next request of each browser. Raises Refusal as `change_role` does."""
    held = _held(member, by)
    end_all_sessions(Member.objects.filter(pk=held.pk))
    record(
        "member.sessions_ended", actor=actor_behind(by), subject_type="member", subject_id=held.public_id, details={}
    )


@transaction.atomic
def remove_member(member: Member, *, by: Hand) -> Member:
    """Take a person out: sessions and the tokens that the person made end at once, what the person said stays.

    The row stays for the attribution; should the person come back, it is as somebody new (`retire`). Everybody may
    leave by themselves. Raises Refusal: `not_yours`, `administrator`, `last_manager`, `last_administrator`.
    """
    held = _held(member, by, alone=True)
    _keep_a_manager(held, goes=True)
    _keep_an_administrator(held)
    held.state, held.is_active, held.is_administrator = Member.State.REMOVED, False, False
    held.save(update_fields=["state", "is_active", "is_administrator"])
    end_all_sessions(Member.objects.filter(pk=held.pk))
    moment = clock.now()
    tokens = Token.objects.filter(made_by=held, revoked_at__isnull=True).update(revoked_at=moment)
    _open_invitations(held).update(revoked_at=moment)
    record(
        "member.removed", actor=actor_behind(by), subject_type="member", subject_id=held.public_id,
        details={"tokens": tokens, "left": held.pk == by.pk},
    )  # fmt: skip
    return held


def retire(member: Member) -> None:
    """Free the address of somebody who is not in, so that the same person can be let in as somebody new.

    Nothing of the old rights comes back with the address: what was told to the person in TLP:RED was told then.
    Raises ValueError for somebody who is in.
    """
    if member.state in {Member.State.APPROVED, Member.State.SUSPENDED}:
        raise ValueError("a member who is in keeps the address")
    member.email = f"{member.public_id}@removed.invalid"
    member.is_active = False
    member.state = Member.State.REMOVED
    member.set_unusable_password()
    member.save(update_fields=["email", "is_active", "state", "password"])
    member.emailaddress_set.all().delete()  # type: ignore[attr-defined]  # allauth's related name
    member.socialaccount_set.all().delete()  # type: ignore[attr-defined]


def keep_an_administrator(institution: Institution) -> None:
    """Before an institution goes out. Raises Refusal(`last_administrator`) when every administrator is its own."""
    inside = Member.objects.filter(
        is_administrator=True,
        is_active=True,
        state=Member.State.APPROVED,
        institution__state=Institution.State.APPROVED,
    )
    if inside.filter(institution=institution).exists() and not inside.exclude(institution=institution).exists():
        raise Refusal("last_administrator", "the platform would be left without an administrator")


def _held(member: Member, by: Hand, *, alone: bool = False) -> Member:
    """The row as it stands, with its institution held: whether somebody is the last manager is asked, then written."""
    if member.institution_id is not None:
        Institution.objects.select_for_update().get(pk=member.institution_id)
    held = Member.objects.select_for_update(of=("self",)).select_related("institution").get(pk=member.pk)
    if held.state != Member.State.APPROVED:
        raise Refusal("not_in", f"{held} is not in")
    allowed = Decision(True, "oneself") if alone and held.pk == by.pk else may_act_on(by, held)
    if not allowed:
        raise Refusal(allowed.reason, "a manager acts on the people of the own institution, below administrators")
    return held


def _keep_a_manager(member: Member, *, goes: bool) -> None:
    institution = member.institution
    if not goes or member.role != Role.MANAGER or institution is None or not institution.is_approved:
        return
    if not managers_of(institution).exclude(pk=member.pk).exists():
        raise Refusal("last_manager", f"{institution.name} would be left without a manager")


def _keep_an_administrator(member: Member) -> None:
    """Administrators are few: all of them are held, so that two who leave at once do not miss each other."""
    if not member.is_administrator:
        return
    others = Member.objects.select_for_update().filter(is_administrator=True, is_active=True).exclude(pk=member.pk)
    if not list(others.filter(state=Member.State.APPROVED)):
        raise Refusal("last_administrator", "the platform would be left without an administrator")


def end_all_sessions(members: QuerySet[Member]) -> None:
    """Log these people out everywhere; the caller has decided that it may be done, and records why."""
    members.update(session_generation=F("session_generation") + 1)


def _open_invitations(made_by: Member) -> QuerySet[Invitation]:
    """What a person who is out had promised to others does not let them in."""
    return Invitation.objects.filter(made_by=made_by, accepted_at__isnull=True, revoked_at__isnull=True)
