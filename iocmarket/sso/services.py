"""What a log-in through a provider does and refuses to do: one transaction each, with its audit event.

It may make an applicant of somebody unknown, connect itself to the account of somebody who is logged in, and log in
whom it was connected to. It never finds an account by its address, never moves anybody, never gives or changes a
role, never lets anybody in (security.md, Log-in): that is decided as for everybody, in iocmarket/vetting.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from iocmarket.accounts.languages import language_here
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.services import Actor, record
from iocmarket.kernel.decision import Refusal
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.config import ProviderConfig
from iocmarket.sso.providers import institution_for, newcomer_for, providers, speaks_for
from iocmarket.vetting.applying import Told, address_confirmed, apply
from iocmarket.vetting.mails import tell_deciders


@transaction.atomic
def admit(asserted: Asserted, config: ProviderConfig) -> SocialAccount:
    """Make an applicant of somebody who was never seen, in the institution that the provider speaks for.

    Raises Refusal, and nothing is stored then: `scope_unknown`, `scope_ambiguous`, `institution_closed`,
    `institution_new` (it has to apply first), `address_missing`, `address_foreign`, `address_taken`.
    """
    if newcomer_for(config, asserted.scopes):
        _check_address(asserted, config)
        raise Refusal("institution_new", "the institution has yet to come in")
    institution, scope = institution_for(config, asserted.scopes)
    institution = Institution.objects.select_for_update().get(pk=institution.pk)
    if account := SocialAccount.objects.filter(provider=asserted.issuer, uid=asserted.subject).first():
        return account  # by the same person's other tab, a moment ago
    if not institution.is_approved or institution.kind != Institution.Kind.MEMBER:
        raise Refusal("institution_closed", f"{institution.name} is not in the community")
    account = _made(asserted, config, institution, scope)
    member = account.user
    record(
        "member.applied", actor=Actor(member_id=member.pk, institution_id=institution.pk), subject_type="member",
        subject_id=member.public_id, details={"federation": config.slug, "scope": scope},
    )  # fmt: skip
    tell_deciders("application_arrived", member)
    return account


@transaction.atomic
def apply_through(asserted: Asserted, config: ProviderConfig, told: Told) -> SocialAccount:
    """Keep the application of somebody whose institution has yet to come in, under the name that the operator wrote.

    The provider vouches for who the person is and for nothing that the person tells. Raises Refusal as `admit` does.
    """
    found = newcomer_for(config, asserted.scopes)
    if found is None:
        raise Refusal("institution_closed", "the institution has come in, or may not")
    name, scope = found
    institution, _ = Institution.objects.get_or_create(name__iexact=name, defaults={"name": name})
    Institution.objects.select_for_update().get(pk=institution.pk)
    if account := SocialAccount.objects.filter(provider=asserted.issuer, uid=asserted.subject).first():
        return account
    account = _made(asserted, config, institution, scope)
    apply(
        account.user, replace(told, institution=institution.name), through={"federation": config.slug, "scope": scope}
    )
    if not asserted.email_refuted:
        address_confirmed(account.user)
    return account


def _made(asserted: Asserted, config: ProviderConfig, institution: Institution, scope: str) -> SocialAccount:
    """The person, as an applicant, with the connection; who called holds the institution's row."""
    _check_address(asserted, config)
    member = Member.objects.create_user(
        asserted.email, None, name=asserted.name, institution=institution, state=Member.State.APPLICANT,
        role=Role.READER, language=language_here(),
    )  # fmt: skip
    EmailAddress.objects.create(user=member, email=member.email, primary=True, verified=not asserted.email_refuted)
    made: SocialAccount = SocialAccount.objects.create(
        user=member, provider=asserted.issuer, uid=asserted.subject, extra_data={"scopes": [scope]}
    )
    return made


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
