"""Audience keys: the names under which writers announce a change and views gather contributions.

`community`, or `inbox:<institution id>`: what was addressed to one institution by name, and what it keeps for itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

COMMUNITY = "community"
_INBOX = "inbox:"


def inbox(institution_id: int) -> str:
    """The key of one institution's inbox."""
    return f"{_INBOX}{institution_id}"


def audiences_of(*, audience: str, institution_id: int, recipients: Iterable[int]) -> frozenset[str]:
    """The keys whose views may hold such a contribution. Raises ValueError for an audience nobody may use yet."""
    if audience == "community":
        return frozenset({COMMUNITY})
    if audience == "own":
        return frozenset({inbox(institution_id)})
    if audience == "recipients":
        return frozenset(map(inbox, {institution_id, *recipients}))
    raise ValueError(f"audience {audience!r} has no view")


def contributions_in(key: str) -> Q:
    """The live contributions that a key gathers: the inverse of `audiences_of`. Raises ValueError for no key."""
    live = Q(withdrawn_at__isnull=True)
    if key == COMMUNITY:
        return live & Q(audience="community")
    if not key.startswith(_INBOX):
        raise ValueError(f"{key!r} is no audience key")
    institution_id = int(key.removeprefix(_INBOX))
    own = Q(institution_id=institution_id, audience__in=("own", "recipients"))
    return live & (own | Q(audience="recipients", recipients__contains=[institution_id]))
