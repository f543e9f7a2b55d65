"""Writing an event: called by services, inside the transaction of the act it records."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.models import Event
from iocmarket.audit.origin import current_origin, digest_of_origin, new_salt


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a person, a token, or the platform itself (all None)."""

    member_id: int | None = None
    token_id: int | None = None
    institution_id: int | None = None

    @classmethod
    def of(cls, viewer: Viewer) -> Actor:
        """The actor behind a viewer."""
        return cls(member_id=viewer.member_id, token_id=viewer.token_id, institution_id=viewer.institution_id)


PLATFORM = Actor()


def record(
    action: str, *, actor: Actor, subject_type: str, subject_id: UUID | None = None, details: dict[str, object]
) -> None:
    """Insert one event, with where its request comes from.

    Raises RuntimeError outside a transaction: an act and its trace stand or fall together.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{action}: an audit event is written in the transaction of its act")
    event = Event(
        action=action,
        actor_id=actor.member_id,
        token_id=actor.token_id,
        institution_id=actor.institution_id,
        subject_type=subject_type,
        subject_id=subject_id,
        details=details,
    )
    if (origin := current_origin()) is not None:
        event.address, event.client, event.salt = origin.address, origin.client, new_salt()
        event.origin = digest_of_origin(origin, event.salt)
    event.save(force_insert=True)
