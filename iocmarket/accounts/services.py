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
