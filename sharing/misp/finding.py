"""One event or attribute by the name that a client knows it by: its number or its uuid.

What is hidden is not found, as what is absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q, QuerySet

from sharing.misp.event_stream import stamps_of
from sharing.misp.models import NUMBER_MAX, Attribute, Event
from sharing.misp.own_names import attribute_called, event_called
from sharing.misp.reach import Reach
from sharing.misp.shapes import Head, Statement
from sharing.misp.stream import Named
from sharing.misp.telling import Sum, events_told, statements_at, told_attributes


def named(name: str) -> Q | None:
    """The condition that a number or uuid means; None for neither."""
    text = name.strip()
    if text.isascii() and text.isdigit() and len(text) <= len(str(NUMBER_MAX)):
        return Q(number=int(text)) if int(text) <= NUMBER_MAX else None
    try:
        return Q(uuid=UUID(text))
    except ValueError:
        return None


def attribute_named(reach: Reach, name: str) -> Statement | None:
    """An attribute; None for one that the viewer is told nothing of."""
    condition = named(name)
    condition = attribute_called(reach.viewer, condition) if condition is not None else None
    rows = list(told_attributes(reach).filter(condition)) if condition is not None else []
    return next(iter(statements_at(reach, rows)), None)


def event_named(reach: Reach, name: str) -> tuple[Event, Head, Sum] | None:
    """An event with what it sums up to; None for one that the viewer is told nothing of."""
    condition = named(name)
    if condition is None:
        return None
    rows = Event.objects.filter(event_called(reach.viewer, condition), view__in=list(reach.by_pk))
    return next(iter(dated(reach, events_told(reach, rows))), None)


def names_in(reach: Reach, texts: Sequence[str], *, attributes: bool) -> Named:
    """What these numbers or uuids name among what the viewer is told: events, and attributes if they are meant too."""
    called = [condition for text in texts if (condition := named(text)) is not None]
    condition = reduce(or_, called, Q(pk__in=[]))
    views = list(reach.by_pk)
    events = Event.objects.filter(event_called(reach.viewer, condition), view__in=views).values_list("pk", flat=True)
    if not attributes:
        return Named([], list(events))
    rows = Attribute.objects.filter(attribute_called(reach.viewer, condition), view__in=views)
    return Named(list(rows.values_list("indicator_id", flat=True)), list(events))


def dated(reach: Reach, told: list[tuple[Event, Head, Sum]]) -> list[tuple[Event, Head, Sum]]:
    """The same, each as new as its newest attribute is for this viewer."""
    stamps = stamps_of(reach, [row.pk for row, _head, _sum in told])
    return [(row, head.at(max(head.timestamp, int(stamps[row.pk].timestamp()))), total) for row, head, total in told]


def attributes_in(reach: Reach, event: Event) -> QuerySet[Attribute]:
    """The names of what the viewer is told in an event, in a stable order."""
    return told_attributes(reach).filter(event=event).order_by("number")
