"""The only writers of institutions, members and tokens: one transaction each, with its audit event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from iocmarket.accounts import secrets
from iocmarket.accounts.addresses import mark_verified
from iocmarket.accounts.models import Asset, Institution, Member, Token
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.snippets import snippets
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import FULL, PROVIDER, TLP


@transaction.atomic
def create_institution(*, name: str, domains: Iterable[str] = (), approved: bool = False, actor: Actor) -> Institution:
    """Add an institution. Its domains count as verified when it is approved by whoever vouches for this call.

    Raises Refusal(`institution_exists`).
    """
    name = " ".join(name.split())
    if Institution.objects.filter(name__iexact=name).exists():
        raise Refusal("institution_exists", f"an institution named {name!r} exists already")
    moment = clock.now()
    institution = Institution.objects.create(
        name=name,
        state=Institution.State.APPROVED if approved else Institution.State.APPLIED,
        approved_at=moment if approved else None,
    )
    for domain in domains:
        Asset.objects.create(
            institution=institution,
            kind=Asset.Kind.DOMAIN,
            value=domain.strip().lower().rstrip("."),
            verified_at=moment if approved else None,
        )
    record(
        "institution.created", actor=actor, subject_type="institution", subject_id=institution.public_id,
        details={"approved": approved},
    )  # fmt: skip
    return institution


@transaction.atomic
def create_member(
    *,
    email: str,
    institution: Institution | None,
    role: Role = Role.READER,
    password: str | None = None,
    name: str = "",
    administrator: bool = False,
    actor: Actor,
) -> Member:
    """Add a member who is let in at once. Raises Refusal(`member_exists`)."""
    email = email.strip().lower()
    if Member.objects.filter(email=email).exists():
        raise Refusal("member_exists", f"{email} is a member already")
    member = Member.objects.create_user(
        email, password, institution=institution, role=role, name=name, is_administrator=administrator,
        state=Member.State.APPROVED,
    )  # fmt: skip
    mark_verified(member)
    record(
        "member.created", actor=actor, subject_type="member", subject_id=member.public_id,
        details={"role": role, "administrator": administrator},
    )  # fmt: skip
    return member


@transaction.atomic
def apply(member: Member, *, name: str, institution_name: str, why: str) -> None:
    """Note what an applicant says. An institution that nobody knows yet is kept as `applied`."""
    typed = " ".join(institution_name.split())
    institution = Institution.objects.filter(name__iexact=typed).first() or Institution.objects.create(name=typed)
    member.name, member.institution, member.why = name, institution, why
    member.state = Member.State.APPLICANT
    member.save(update_fields=["name", "institution", "why", "state"])
    actor = Actor(member_id=member.pk, institution_id=institution.pk)
    record("member.applied", actor=actor, subject_type="member", subject_id=member.public_id, details={})


def applicants() -> list[Member]:
    """Who is waiting for an answer, oldest first."""
    return list(
        Member.objects.filter(state=Member.State.APPLICANT, is_active=True)
        .select_related("institution")
        .order_by("date_joined"),
    )


@transaction.atomic
def decide_application(member: Member, *, approve: bool, role: Role, reason: str, actor: Actor) -> Member:
    """Let an applicant in, or refuse with a reason. Approving the first person approves the institution too.

    Raises Refusal: `already_decided`, `reason_required`, `institution_required`.
    """
    member = Member.objects.select_for_update(of=("self",)).select_related("institution").get(pk=member.pk)
    if member.state != Member.State.APPLICANT:
        raise Refusal("already_decided", "this application has been answered already")
    if not approve and not reason.strip():
        raise Refusal("reason_required", "a refusal needs a reason: the applicant will read it")
    if approve:
        _approve(member, role)
    else:
        member.state = Member.State.REFUSED
    member.decided_reason = reason.strip()
    member.save(update_fields=["state", "role", "decided_reason"])
    record(
        "member.approved" if approve else "member.refused", actor=actor, subject_type="member",
        subject_id=member.public_id, details={"role": role} if approve else {},
    )  # fmt: skip
    return member


def _approve(member: Member, role: Role) -> None:
    institution = member.institution
    if institution is None:
        raise Refusal("institution_required", "the applicant names no institution")
    if institution.state in {Institution.State.SUSPENDED, Institution.State.LEFT}:
        raise Refusal("institution_not_open", f"{institution.name} is {institution.get_state_display()}")
    if not institution.is_approved:
        institution.state = Institution.State.APPROVED
        institution.approved_at = clock.now()
        institution.save(update_fields=["state", "approved_at"])
    member.state = Member.State.APPROVED
    member.role = role


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its secret, which exists nowhere else and is shown once."""

    token: Token
    secret: str


@transaction.atomic
def create_token(  # noqa: PLR0913 (everything that a token is, by name)
    *,
    institution: Institution,
    name: str,
    scopes: Iterable[str],
    made_by: Member | None,
    actor: Actor,
    tlp_ceiling: TLP = TLP.AMBER_STRICT,
    operated_by: str = Token.OperatedBy.SELF,
    expires_at: datetime | None = None,
    tool: str = "",
) -> NewToken:
    """Make a token. Raises Refusal: `unknown_scope`, `no_scope`, `ceiling_too_high`, `expired`, `unknown_tool`."""
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in set(Scope)]:
        raise Refusal("unknown_scope", f"{unknown[0]!r} is not a scope; one of {', '.join(Scope)}")
    if not wanted:
        raise Refusal("no_scope", "a token without a scope opens nothing")
    if expires_at is not None and expires_at <= clock.now():
        raise Refusal("expired", "the expiry lies in the past")
    if tool and tool not in snippets.tool_keys():
        raise Refusal(
            "unknown_tool", f"{tool!r} is no tool with answers of its own; one of {', '.join(snippets.tool_keys())}"
        )
    highest = PROVIDER.tlp if operated_by == Token.OperatedBy.PROVIDER else FULL.tlp
    if tlp_ceiling == TLP.RED:
        raise Refusal("ceiling_too_high", "TLP:RED is for individuals: no token carries it")
    tlp_ceiling = min(tlp_ceiling, highest)  # what a provider may carry at most (domain.md, Audience)
    secret = secrets.new_secret()
    token = Token.objects.create(
        digest=secrets.digest_of(secret), hint=secret[4:8], name=name.strip() or "token", institution=institution,
        made_by=made_by, scopes=wanted, tlp_ceiling=tlp_ceiling, operated_by=operated_by, expires_at=expires_at,
        tool=tool,
    )  # fmt: skip
    record("token.created", actor=actor, subject_type="token", subject_id=token.public_id, details={"scopes": wanted})
    return NewToken(token, secret)


@transaction.atomic
def revoke_token(token: Token, *, actor: Actor) -> None:
    """Close a token: it opens nothing from its next request on. Revoking twice changes nothing."""
    changed = Token.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=clock.now())
    if changed:
        record("token.revoked", actor=actor, subject_type="token", subject_id=token.public_id, details={})
