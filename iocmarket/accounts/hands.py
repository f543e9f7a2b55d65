"""In whose hands an act on an institution is: a person's, or those of a machine with the scope `institution:admin`.

Services ask what a hand may do and never who it is, so that a token can do no more than a manager could.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Capability, Role, Scope, capabilities_of
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor


class Hand(Protocol):
    """What services ask of whoever acts."""

    @property
    def pk(self) -> int | None: ...
    @property
    def institution_id(self) -> int | None: ...
    @property
    def role(self) -> str: ...
    @property
    def is_administrator(self) -> bool: ...
    def may(self, capability: Capability) -> bool:
        """Whether it may do that now."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A token that manages its institution: it is worth a manager, and never an administrator."""

    institution_id: int
    token_id: int
    name: str
    pk: None = None
    role: str = Role.MANAGER.value
    is_administrator: bool = False

    def may(self, capability: Capability) -> bool:
        """What a manager may; authentication has asked for the scope, and for the state of the institution."""
        return capability in capabilities_of(self.role, administrator=False)

    def __str__(self) -> str:
        return self.name


def hand_of(viewer: Viewer, institution_name: str) -> Hand:
    """Whoever is behind a request to the API. Raises PermissionError without the scope."""
    if Scope.INSTITUTION_ADMIN not in viewer.scopes:
        raise PermissionError("the view does not ask for institution:admin")
    if viewer.member_id is not None:
        return Member.objects.select_related("institution").get(pk=viewer.member_id)
    if viewer.token_id is None:
        raise PermissionError("nobody is behind this request")
    return Machine(viewer.institution_id, viewer.token_id, institution_name)


def actor_behind(hand: Hand) -> Actor:
    """The hand as the author of an audit event."""
    token_id = hand.token_id if isinstance(hand, Machine) else None
    return Actor(member_id=hand.pk, token_id=token_id, institution_id=hand.institution_id)
