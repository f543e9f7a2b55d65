"""Audience keys: the names under which writers announce a change and views gather contributions.

`community`, `circle:<circle id>`, or `inbox:<institution id>`: what was addressed to one institution by name, and what
it keeps for itself. TLP:RED is for individuals and lies in no view.
"""

from __future__ import annotations

from typing import Protocol

from django.db.models import Q

from iocmarket.kernel.marking import TLP


class Told(Protocol):
    """What an audience follows from: a contribution or a sighting."""

    @property
    def tlp(self) -> int: ...
    @property
    def audience(self) -> str: ...
    @property
    def institution_id(self) -> int: ...
    @property
    def recipients(self) -> list[int]: ...
    @property
    def circle_id(self) -> int | None: ...


EXTENT = ("indicator_id", "tlp", "audience", "institution_id", "recipients", "circle_id")
"""Whose value it is, and the columns from which its audiences follow: what is read where nothing else counts."""
COMMUNITY = "community"
_INBOX = "inbox:"
_CIRCLE = "circle:"


def inbox(institution_id: int) -> str:
    """The key of one institution's inbox."""
    return f"{_INBOX}{institution_id}"


def circle(circle_id: int) -> str:
    """The key of one circle."""
    return f"{_CIRCLE}{circle_id}"


def audiences_of(told: Told) -> frozenset[str]:
    """The keys whose views may hold such a contribution. Raises ValueError for an audience that nobody knows."""
    if told.tlp == TLP.RED:
        return frozenset()
    if told.audience == "community":
        return frozenset({COMMUNITY})
    if told.audience == "own":
        return frozenset({inbox(told.institution_id)})
    if told.audience == "recipients":
        return frozenset(map(inbox, {told.institution_id, *told.recipients}))
    if told.audience == "circle" and told.circle_id is not None:
        return frozenset({circle(told.circle_id)})
    raise ValueError(f"audience {told.audience!r} has no view")


def contributions_in(key: str) -> Q:
    """The live contributions that a key gathers, and likewise sightings: the inverse of `audiences_of`.

    Raises ValueError for no key.
    """
    return Q(withdrawn_at__isnull=True) & addressed_to(key)


def addressed_to(key: str) -> Q:
    """The same, those among them that were taken back. Raises ValueError for no key."""
    seen = Q(tlp__lt=TLP.RED)
    if key == COMMUNITY:
        return seen & Q(audience="community")
    kind, _, number = key.partition(":")
    if kind == "circle":
        return seen & Q(audience="circle", circle_id=int(number))
    if kind != "inbox":
        raise ValueError(f"{key!r} is no audience key")
    own = Q(institution_id=int(number), audience__in=("own", "recipients"))
    return seen & (own | Q(audience="recipients", recipients__contains=[int(number)]))
