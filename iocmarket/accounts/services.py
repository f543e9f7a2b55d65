"""The only writers of institutions, members and tokens: one transaction each, with its audit event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from iocmarket.accounts import secrets
from iocmarket.accounts.addresses import mark_verified
from iocmarket.accounts.assets import bring_in, refuse_conflict
from iocmarket.accounts.feed_keys import check_feed
from iocmarket.accounts.models import Asset, Institution, Member, Token
from iocmarket.accounts.networks import read_networks
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.snippets import snippets
from iocmarket.accounts.viewer import PARTNER_SCOPES
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import FULL, PROVIDER, TLP


@transaction.atomic
def create_institution(*, name: str, domains: Iterable[str] = (), approved: bool = False, actor: Actor) -> Institution:
    """Add an institution. Its domains count as verified when it is approved by whoever vouches for this call.

    Raises Refusal: `institution_exists`, `asset_conflict` (a domain overlaps a verified asset of another institution),
    and those of domains (asset_values.py).
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
    for asset in bring_in(institution, [(Asset.Kind.DOMAIN, domain) for domain in domains], verified=approved):
        if approved and asset.verified_at is None:
            refuse_conflict(asset)
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
    """Add a member who is let in at once. Raises Refusal: `member_exists`, `no_people` (of a partner)."""
    email = email.strip().lower()
    if Member.objects.filter(email=email).exists():
        raise Refusal("member_exists", f"{email} is a member already")
    if institution is not None and institution.kind != Institution.Kind.MEMBER:
        raise Refusal("no_people", f"{institution.name} is no member of the community: nobody logs in for it")
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


LIFETIME_MAX = timedelta(days=36600)
"""For how long a token that expires is made at most."""


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
    networks: Iterable[str] = (),
    feed: str = "",
) -> NewToken:
    """Make a token, or with `feed` the key of one feed, which reads that feed by its address and nothing else.

    Raises Refusal: `unknown_scope`, `no_scope`, `partner_reads_only`, `ceiling_too_high`, `expired`,
    `expires_too_late`, `unknown_tool`, `unknown_feed`, `feed_keys_off`, `bad_network`, `too_many_networks`.
    """
    wanted = _scopes(institution, scopes)
    if feed:
        check_feed(feed, institution.pk)
        wanted = [Scope.FEEDS_READ.value]
    if expires_at is not None and expires_at <= clock.now():
        raise Refusal("expired", "the expiry lies in the past")
    if expires_at is not None and expires_at > clock.now() + LIFETIME_MAX:
        raise Refusal("expires_too_late", f"a token expires within {LIFETIME_MAX.days // 365} years, or never")
    if tool and tool not in snippets.tool_keys():
        raise Refusal(
            "unknown_tool", f"{tool!r} is no tool with answers of its own; one of {', '.join(snippets.tool_keys())}"
        )
    highest = PROVIDER.tlp if operated_by == Token.OperatedBy.PROVIDER else FULL.tlp
    if tlp_ceiling == TLP.RED:
        raise Refusal("ceiling_too_high", "TLP:RED is for individuals: no token carries it")
    # What a provider and a partner may carry at most (domain.md, Audience).
    tlp_ceiling = min(tlp_ceiling, highest, institution.ceiling.tlp)
    secret = secrets.new_secret()
    token = Token.objects.create(
        digest=secrets.digest_of(secret), hint=secret[4:8], name=" ".join(name.split()) or "token",
        institution=institution, made_by=made_by, scopes=wanted, tlp_ceiling=tlp_ceiling, operated_by=operated_by,
        expires_at=expires_at,
        tool=tool, networks=read_networks(networks), feed=feed,
    )  # fmt: skip
    record("token.created", actor=actor, subject_type="token", subject_id=token.public_id, details={"scopes": wanted})
    return NewToken(token, secret)


def _scopes(institution: Institution, scopes: Iterable[str]) -> list[str]:
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in set(Scope)]:
        raise Refusal("unknown_scope", f"{unknown[0][:40]!r} is not a scope; one of {', '.join(Scope)}")
    if not wanted:
        raise Refusal("no_scope", "a token without a scope opens nothing")
    if institution.reads_community_only and not PARTNER_SCOPES.issuperset(wanted):
        raise Refusal("partner_reads_only", "a partner reads, and says nothing here")
    return wanted


@transaction.atomic
def revoke_token(token: Token, *, actor: Actor) -> None:
    """Close a token: it opens nothing from its next request on. Revoking twice changes nothing."""
    changed = Token.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=clock.now())
    if changed:
        record("token.revoked", actor=actor, subject_type="token", subject_id=token.public_id, details={})
