"""What the things are called that events speak of, as far as the reader may know their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from iocmarket.accounts.models import Asset, Circle, Institution, Member, Token
from iocmarket.audit.models import Event


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the trail: a person or a machine of an institution. `everything`: an administrator of the platform."""

    institution_id: int
    everything: bool = False


Named = dict[tuple[str, UUID], str]


def _institutions(_reader: Reader) -> QuerySet[Institution]:
    return Institution.objects.all()


def _members(reader: Reader) -> QuerySet[Member]:
    return Member.objects.all() if reader.everything else Member.objects.filter(institution=reader.institution_id)


def _tokens(reader: Reader) -> QuerySet[Token]:
    return Token.objects.filter(institution=reader.institution_id)


def _assets(reader: Reader) -> QuerySet[Asset]:
    return Asset.objects.filter(institution=reader.institution_id)


def _circles(reader: Reader) -> QuerySet[Circle]:
    """Those that the reader's institution is in: of the others not even the name is told, to nobody."""
    return Circle.objects.filter(institutions=reader.institution_id)


_Find = Callable[[Reader], "QuerySet[Any]"]
_KNOWN: dict[str, _Find] = {
    "institution": _institutions,
    "member": _members,
    "token": _tokens,
    "asset": _assets,
    "circle": _circles,
}


def names_of(events: Iterable[Event], reader: Reader) -> Named:
    """The names of the subjects, one statement for each sort of them."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for event in events:
        if event.subject_id is not None and event.subject_type in _KNOWN:
            wanted[event.subject_type].add(event.subject_id)
    return {
        (kind, row.public_id): str(row)
        for kind, ids in wanted.items()
        for row in _KNOWN[kind](reader).filter(public_id__in=ids)
    }


def people(ids: Collection[int | None]) -> dict[int, Member]:
    """The members behind these keys; who was deleted is none of them."""
    return Member.objects.in_bulk([pk for pk in set(ids) if pk is not None])


def machines(ids: Collection[int | None]) -> dict[int, Token]:
    """The tokens behind these keys."""
    return Token.objects.in_bulk([pk for pk in set(ids) if pk is not None])
