"""What a log-in through a provider does and refuses to do: one transaction each, with its audit event.

It may make an applicant of somebody unknown, connect itself to the account of somebody who is logged in, and log in
whom it was connected to. It never finds an account by its address, never moves anybody, never gives or changes a
role, never lets anybody in again (security.md, Log-in).
"""

from __future__ import annotations

from collections.abc import Collection

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import QuerySet

from iocmarket.accounts.languages import language_here
from iocmarket.accounts.member_letters import write_to, write_to_managers
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Capability, Role, roles_up_to
from iocmarket.audit.services import Actor, record
from iocmarket.kernel.decision import Refusal
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.config import ProviderConfig
from iocmarket.sso.providers import institution_for, providers, speaks_for


@transaction.atomic
def admit(asserted: Asserted, config: ProviderConfig) -> SocialAccount:
    """Make an applicant of somebody who was never seen, in the institution that the provider speaks for.

    Raises Refusal, and nothing is stored then: `scope_unknown`, `scope_ambiguous`, `institution_closed`,
    `address_missing`, `address_foreign`, `address_taken`.
    """
    institution, scope = institution_for(config, asserted.scopes)
    institution = Institution.objects.select_for_update().get(pk=institution.pk)
    if account := SocialAccount.objects.filter(provider=asserted.issuer, uid=asserted.subject).first():
        return account  # by the same person's other tab, a moment ago
    if not institution.is_approved or institution.kind != Institution.Kind.MEMBER:
        raise Refusal("institution_closed", f"{institution.name} is not in the community")
    _check_address(asserted, config)
    member = Member.objects.create_user(
        asserted.email, None, name=asserted.name, institution=institution, state=Member.State.APPLICANT,
        role=Role.READER, language=language_here(),
    )  # fmt: skip
    EmailAddress.objects.create(user=member, email=member.email, primary=True, verified=not asserted.email_refuted)
    account = SocialAccount.objects.create(
        user=member, provider=asserted.issuer, uid=asserted.subject, extra_data={"scopes": [scope]}
    )
    actor = Actor(member_id=member.pk, institution_id=institution.pk)
    record(
        "member.applied", actor=actor, subject_type="member", subject_id=member.public_id,
        details={"federation": config.slug, "scope": scope},
    )  # fmt: skip
    _tell_managers(member, institution)
    return account


def _check_address(asserted: Asserted, config: ProviderConfig) -> None:
    """An address is how to reach the person, not who it is: it must be the provider's to give, and nobody's yet."""
    if not asserted.email:
        raise Refusal("address_missing", "the provider gave no e-mail address")
    if not config.may_vouch_for(asserted.email):
        raise Refusal("address_foreign", "the e-mail address is in no domain of the provider")
    taken = Member.objects.filter(email__iexact=asserted.email).exists()
    if taken or EmailAddress.objects.filter(email__iexact=asserted.email).exists():
        raise Refusal("address_taken", "an account with this e-mail address exists")


def check_log_in(member: Member, asserted: Asserted, config: ProviderConfig) -> None:
    """Whether this provider may log that person in now: it must still say that the person is of the institution.

    Raises Refusal: `scope_unknown`, `scope_ambiguous`, `other_institution`, `removed`.
    """
    institution, _ = institution_for(config, asserted.scopes)
    if member.state == Member.State.REMOVED:
        raise Refusal("removed", "the person was removed")
    if member.institution_id != institution.pk:
        raise Refusal("other_institution", "the provider speaks for another institution than the person's")


@transaction.atomic
def connect(member: Member, asserted: Asserted, config: ProviderConfig) -> None:
    """Connect an identity to the account of a person who is logged in and has just shown who it is (the view's part).

    Only a provider of the own institution: it can log in everybody who is connected to it. Raises Refusal: `not_in`,
    `connected_other`, and as `check_log_in` does.
    """
    held = Member.objects.select_for_update(of=("self",)).select_related("institution").get(pk=member.pk)
    if not held.is_approved:
        raise Refusal("not_in", "only members connect a provider")
    check_log_in(held, asserted, config)
    said = {"scopes": sorted(asserted.scopes & set(config.scopes))}
    account, made = SocialAccount.objects.get_or_create(
        provider=asserted.issuer, uid=asserted.subject, defaults={"user": held, "extra_data": said}
    )
    if account.user_id != held.pk:
        raise Refusal("connected_other", "this identity is connected to another account")
    if made:
        note_connection("member.provider_connected", held, asserted.issuer)


def connectable(member: Member, connected: Collection[str]) -> list[ProviderConfig]:
    """The providers of the person's institution whose issuer is not connected yet."""
    institution = member.institution
    if institution is None:
        return []
    return [one for one in providers() if one.issuer not in connected and speaks_for(one, institution)]


@transaction.atomic
def disconnect(member: Member, account_id: int) -> None:
    """Undo a connection. Raises Refusal: `not_connected`, `last_way_in`."""
    held = Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
    account = SocialAccount.objects.filter(user=held, pk=account_id).first()
    if account is None:
        raise Refusal("not_connected", "there is no such connection")
    others = SocialAccount.objects.filter(user=held).exclude(pk=account.pk).exists()
    if not others and not held.has_usable_password():
        raise Refusal("last_way_in", "without it the person could not log in")
    account.delete()
    note_connection("member.provider_disconnected", held, account.provider)


def note_connection(action: str, member: Member, issuer: str) -> None:
    """One event of the member about the member; never the subject."""
    actor = Actor(member_id=member.pk, institution_id=member.institution_id)
    record(action, actor=actor, subject_type="member", subject_id=member.public_id, details={"issuer": issuer})


def pending_of(institution: Institution) -> QuerySet[Member]:
    """Whom a provider brought and nobody has answered, oldest first."""
    waiting = Member.objects.filter(institution=institution, state=Member.State.APPLICANT, is_active=True)
    return waiting.filter(pk__in=SocialAccount.objects.values("user")).order_by("date_joined")


@transaction.atomic
def approve_pending(member: Member, *, role: Role, by: Member) -> Member:
    """Let in somebody whom a provider brought. Raises Refusal: `not_yours`, `already_decided`, `role_too_high`,
    `institution_closed`."""
    held = _held(member, by)
    if role not in (list(Role) if by.may(Capability.INSTITUTIONS_MANAGE) else roles_up_to(by.role)):
        raise Refusal("role_too_high", "nobody gives a role above the own", where="/role")
    if held.institution is None or not held.institution.is_approved:
        raise Refusal("institution_closed", "the institution is not in the community")
    held.state, held.role = Member.State.APPROVED, role
    held.save(update_fields=["state", "role"])
    _answered("member.approved", held, by, role=role.value)
    return held


@transaction.atomic
def refuse_pending(member: Member, *, reason: str, by: Member) -> Member:
    """Refuse somebody whom a provider brought. Raises Refusal: `not_yours`, `already_decided`, `reason_required`."""
    held = _held(member, by)
    if not reason.strip():
        raise Refusal("reason_required", "a refusal needs a reason: the applicant will read it", where="/reason")
    held.state, held.decided_reason = Member.State.REFUSED, reason.strip()[:2000]
    held.save(update_fields=["state", "decided_reason"])
    _answered("member.refused", held, by)
    return held


def _held(member: Member, by: Member) -> Member:
    """The row as it stands, if this person may answer it."""
    held = Member.objects.select_for_update(of=("self",)).select_related("institution").get(pk=member.pk)
    own = by.may(Capability.MEMBERS_MANAGE) and by.institution_id == held.institution_id
    brought = SocialAccount.objects.filter(user=held).exists()
    if not brought or not (own or by.may(Capability.INSTITUTIONS_MANAGE)):
        raise Refusal("not_yours", "a manager answers those whom a provider brought into the own institution")
    if held.state != Member.State.APPLICANT:
        raise Refusal("already_decided", "this application has been answered already")
    return held


def _answered(action: str, member: Member, by: Member, **details: object) -> None:
    actor = Actor(member_id=by.pk, institution_id=by.institution_id)
    record(action, actor=actor, subject_type="member", subject_id=member.public_id, details=details)
    approved = member.state == Member.State.APPROVED
    context = {"institution": str(member.institution), "approved": approved, "reason": member.decided_reason}
    write_to(member, "federation_answered", context)


def _tell_managers(member: Member, institution: Institution) -> None:
    write_to_managers(institution, "federation_asks", {"name": str(member)})
