"""Who is looking: the one object from which visibility follows.

A viewer is made by authentication, or for a place to which something is sent, and by nothing else; it names an
institution, the ceiling of the exit in use, and, in a person's session, the person. Code that reads asks
`visible_to(viewer)`, never the request.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.roles import READING_SCOPES, SESSION_SCOPES, Scope
from iocmarket.kernel import clock
from iocmarket.kernel.marking import FULL, PROVIDER, Marking


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """An institution, seen through one exit with its ceiling."""

    institution_id: int
    ceiling: Marking
    scopes: frozenset[str] = field(default_factory=frozenset)
    member_id: int | None = None
    token_id: int | None = None
    read_only: bool = False
    """The institution did not confirm itself in time: no scope to write is among the scopes (recertifying.py)."""
    community_only: bool = False
    """A partner or the public: what the whole community is told, and nothing that is addressed to anybody."""
    tool: str = ""
    """The tool that the token was made for, where an answer's form depends on it (snippets.Tool.key)."""

    @property
    def decider(self) -> Viewer:
        """Whose views decide whether a value is blocked, without the eyes of any person (domain.md, Views).

        For a member institution all of its views at its full ceiling, whatever the exit in use; partners and the public
        decide by what they read themselves.
        """
        ceiling = self.ceiling if self.community_only else FULL
        return Viewer(institution_id=self.institution_id, ceiling=ceiling, community_only=self.community_only)


PARTNER_SCOPES = frozenset({Scope.INDICATORS_READ.value, Scope.FEEDS_READ.value})
"""What a token of a partner may do at most: nothing that writes."""


def viewer_of_public(public: Institution) -> Viewer:
    """Anybody at the public feed. Raises PermissionError while it is closed: fail closed."""
    if public.kind != Institution.Kind.PUBLIC or public.state != Institution.State.APPROVED:
        raise PermissionError("the public feed is closed")
    return Viewer(
        institution_id=public.pk,
        ceiling=public.ceiling,
        scopes=frozenset({Scope.FEEDS_READ.value}),
        community_only=True,
    )


def viewer_of_destination(institution: Institution, *, operated_by: str) -> Viewer:
    """Where something is sent to in the name of an institution. Raises PermissionError for one that is not let in.

    What the target does with it is unknown: only in the institution's own hands may it have more than a provider.
    """
    if not institution.is_approved or not institution.is_bound(clock.now()):
        raise PermissionError("the institution is not approved")
    ceiling = FULL if operated_by == Token.OperatedBy.SELF else FULL.capped(PROVIDER)
    return Viewer(institution_id=institution.pk, ceiling=ceiling)


def viewer_of_member(member: Member) -> Viewer:
    """A person's session. Raises PermissionError for somebody who is not let in: fail closed."""
    if not member.is_approved or member.institution_id is None:
        raise PermissionError("the member is not approved")
    return Viewer(
        institution_id=member.institution_id,
        ceiling=FULL,
        scopes=_scopes(SESSION_SCOPES[member.role], member.institution),
        member_id=member.pk,
        read_only=_read_only(member.institution),
    )


def viewer_of_token(token: Token) -> Viewer:
    """A machine. The caller has checked that the token is usable and its institution approved."""
    return Viewer(
        institution_id=token.institution_id,
        ceiling=token.ceiling,
        scopes=_scopes(frozenset(token.scopes), token.institution),
        read_only=_read_only(token.institution),
        token_id=token.pk,
        member_id=None,
        community_only=token.institution.reads_community_only,
        tool=token.tool,
    )


def _read_only(institution: Institution | None) -> bool:
    return institution is not None and institution.is_read_only


def _scopes(held: frozenset[str], institution: Institution | None) -> frozenset[str]:
    """Without those to write where the institution may only read: every exit asks them, so none is forgotten."""
    if institution is not None and institution.reads_community_only:
        return held & PARTNER_SCOPES
    return held & READING_SCOPES if _read_only(institution) else held
