"""Reading the record: an institution its own trail, an administrator all of it without the content.

What others did to an institution or its people (suspended it, let somebody in) is part of its trail, without from where
they did it. Pages continue behind an event named by its random id: numbers would tell how much everybody does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from iocmarket.accounts.browsers import browser_name
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.audit import labels
from iocmarket.audit.labels import Reader
from iocmarket.audit.models import Event
from iocmarket.audit.sentences import sentence
from iocmarket.audit.words import name_of, word_for
from iocmarket.kernel.decision import Refusal

LIMIT_DEFAULT = 50
LIMIT_MAX = 1000
CONTENT = frozenset({"contribution", "sighting", "submission", "depot", "circle", "report", "evidence", "case"})
"""Sorts of subjects that are content: of another institution's, an administrator learns that something was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What of the trail is asked for. `action` is one action or the sort of things that it is done to."""

    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    member: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event as its reader may know it."""

    public_id: UUID
    at: datetime
    action: str
    sentence: str
    member: Member | None = None
    token: Token | None = None
    institution: Institution | None = None
    address: str | None = None
    client: str = ""
    subject_type: str
    subject_id: UUID | None = None
    subject: str = ""
    details: dict[str, object] = field(default_factory=dict)

    @property
    def browser(self) -> str:
        """The client in two words, as the account page names it; `client` has all of them."""
        return browser_name(self.client)

    @property
    def shown(self) -> list[tuple[str, str]]:
        """The details as names and words; a marking that changed, as what it was and what it is."""
        before, after = self.details.get("before"), self.details.get("after")
        if isinstance(before, dict) and isinstance(after, dict):
            changed = [(name, f"{word_for(before.get(name))} → {word_for(said)}") for name, said in after.items()]
            rest = {name: said for name, said in self.details.items() if name not in {"before", "after"}}
            return [*changed, *_said(rest)]
        if {"before", "after"} <= self.details.keys():
            return [
                (name_of("role"), " → ".join(word_for(self.details[one], detail=one) for one in ("before", "after")))
            ]
        return _said(self.details)


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, newest first, and the cursor of the next page; empty when there is none."""

    lines: list[Line]
    next: str


def page_of(filters: Filters, *, reader: Reader, limit: int = LIMIT_DEFAULT, cursor: str = "") -> Page:
    """One page. Raises Refusal: `bad_cursor`, `bad_limit`."""
    if not 1 <= limit <= LIMIT_MAX:
        raise Refusal("bad_limit", f"limit is a whole number from 1 to {LIMIT_MAX}", where="limit")
    before = _position(cursor, reader) if cursor else None
    found = _newest(filters, before, reader=reader, count=limit + 1)
    shown = found[:limit]
    return Page(_lines(shown, reader), str(shown[-1].public_id) if len(found) > limit else "")


def everything(filters: Filters, *, reader: Reader, most: int) -> Iterator[Line]:
    """Page after page, at most so many events."""
    cursor = ""
    while most > 0:
        page = page_of(filters, reader=reader, limit=min(most, LIMIT_MAX), cursor=cursor)
        yield from page.lines
        most -= len(page.lines)
        cursor = page.next
        if not cursor:
            return


def _position(cursor: str, reader: Reader) -> int:
    try:
        public_id = UUID(cursor)
    except ValueError:
        public_id = UUID(int=0)
    for part in _parts(reader):
        if (event := part.filter(public_id=public_id).first()) is not None:
            return event.pk
    raise Refusal("bad_cursor", "the cursor is none of those that this list gave", where="cursor")


def _parts(reader: Reader) -> list[QuerySet[Event]]:
    """What the reader may read: each part has an index of its own, so that a page costs as much as it is long."""
    if reader.everything:
        return [Event.objects.all()]
    return [
        Event.objects.filter(institution=reader.institution_id),
        Event.objects.filter(subject_id__in=_ours(reader.institution_id)),
    ]


def _ours(institution_id: int) -> list[UUID]:
    """What others may do something to that concerns the institution: itself, its people, its keys, what it owns."""
    own = Q(institution=institution_id)
    ids = list(Institution.objects.filter(pk=institution_id).values_list("public_id", flat=True))
    for model in (Member, Token):
        ids += model.objects.filter(own).values_list("public_id", flat=True)
    return ids


def _newest(filters: Filters, before: int | None, *, reader: Reader, count: int) -> list[Event]:
    found: dict[int, Event] = {}
    for part in _parts(reader):
        asked = part.filter(_condition(filters))
        if before is not None:
            asked = asked.filter(pk__lt=before)
        found |= {event.pk: event for event in asked.order_by("-pk")[:count]}
    return sorted(found.values(), key=lambda event: -event.pk)[:count]


def _condition(filters: Filters) -> Q:
    condition = Q()
    if filters.action:
        condition &= Q(action=filters.action) | Q(action__startswith=f"{filters.action}.")
    if filters.since is not None:
        condition &= Q(at__gte=filters.since)
    if filters.until is not None:
        condition &= Q(at__lt=filters.until)
    if filters.member is not None:
        condition &= Q(actor__public_id=filters.member)
    return condition


def _lines(events: list[Event], reader: Reader) -> list[Line]:
    named = labels.names_of(events, reader)
    people = labels.people([event.actor_id for event in events])
    machines = labels.machines([event.token_id for event in events])
    houses = Institution.objects.in_bulk([event.institution_id for event in events if event.institution_id is not None])
    return [_line(event, reader, named, people, machines, houses) for event in events]


def _line(
    event: Event,
    reader: Reader,
    named: labels.Named,
    people: dict[int, Member],
    machines: dict[int, Token],
    houses: dict[int, Institution],
) -> Line:
    own = event.institution_id == reader.institution_id
    hidden = not own and event.subject_type in CONTENT
    told = own or reader.everything
    member = people.get(event.actor_id or 0) if told else None
    token = machines.get(event.token_id or 0) if told else None
    subject = "" if hidden or event.subject_id is None else named.get((event.subject_type, event.subject_id), "")
    return Line(
        public_id=event.public_id,
        at=event.at,
        action=event.action,
        sentence=sentence(event, who=_who(event, member, token, told=told), what=subject),
        member=member,
        token=token,
        institution=houses.get(event.institution_id or 0) if told else None,
        address=event.address if told else None,
        client=event.client if told else "",
        subject_type=event.subject_type,
        subject_id=None if hidden else event.subject_id,
        subject=subject,
        details={} if hidden else event.details,
    )


def _said(details: dict[str, object]) -> list[tuple[str, str]]:
    return [(name_of(name), word_for(said, detail=name)) for name, said in details.items()]


def _who(event: Event, member: Member | None, token: Token | None, *, told: bool) -> str:
    if not told:
        return _("The platform") if event.actor_id is None and event.token_id is None else _("An administrator")
    if member is not None:
        return str(member)
    if token is not None:
        return _("The token “%(name)s”") % {"name": token.name}
    return _("The platform") if event.actor_id is None and event.token_id is None else _("Somebody who is gone")
