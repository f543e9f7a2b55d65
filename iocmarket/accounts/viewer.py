"""Who is looking: the one object from which visibility follows.

A viewer is made by authentication and by nothing else; it names an institution, the ceiling of the exit in use, and,
in a person's session, the person. Code that reads asks `visible_to(viewer)`, never the request.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.roles import READING_SCOPES, SESSION_SCOPES
from iocmarket.kernel.marking import FULL, Marking


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
    tool: str = ""
    """The tool that the token was made for, where an answer's form depends on it (snippets.Tool.key)."""


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
        tool=token.tool,
    )


def _read_only(institution: Institution | None) -> bool:
    return institution is not None and institution.is_read_only


def _scopes(held: frozenset[str], institution: Institution | None) -> frozenset[str]:
    """Without those to write where the institution may only read: every exit asks them, so none is forgotten."""
    return held & READING_SCOPES if _read_only(institution) else held
