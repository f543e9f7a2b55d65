"""The MISP feed of a viewer: the same events and attributes that the API tells, as files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel import clock
from sharing.feeds.selection import moment_of
from sharing.feeds.state import look
from sharing.misp.feed_shapes import event_file, feed_attribute, hash_lines, manifest_entry
from sharing.misp.models import Event
from sharing.misp.own_names import event_called
from sharing.misp.reach import NotReady, Reach, moved_at, reach_of
from sharing.misp.shapes import Json
from sharing.misp.telling import events_told, statements_at, told_attributes
from sharing.misp.types import text_of

CHUNK = 1000
MANIFEST, HASHES = "manifest.json", "hashes.csv"


@dataclass(frozen=True, slots=True)
class File:
    """One file of the feed."""

    media_type: str
    parts: Iterator[bytes]


def tag_of(viewer: Viewer, name: str) -> str:
    """The entity tag of a file, without building it: changes with all that its content follows from.

    Raises NotReady while a view is being filled.
    """
    key = hashlib.sha256(f"misp:{viewer.institution_id}:{viewer.ceiling}:{viewer.tool}:{name}".encode()).digest()
    looked = look(viewer, key, blocks=True)
    if looked.readable is None:
        raise NotReady
    moved = moved_at(viewer) or ""
    told = f"{moved}:{moment_of(clock.now()):%Y%m%d%H}:{settings.SCORE_THRESHOLD}:{looked.guarded}:{looked.policy}:"
    return hashlib.sha256(key + told.encode() + looked.readable.signature).hexdigest()[:32]


def file_of(viewer: Viewer, name: str) -> File | None:
    """A file of the feed; None for one that is not there. Raises NotReady."""
    if name == MANIFEST:
        return File("application/json", _manifest(reach_of(viewer)))
    if name == HASHES:
        return File("text/csv; charset=utf-8", hash_lines(_values(reach_of(viewer))))
    return _event(reach_of(viewer), name)


def _manifest(reach: Reach) -> Iterator[bytes]:
    yield b"{"
    first = True
    rows = Event.objects.filter(view__in=list(reach.by_pk)).order_by("pk")
    last = 0
    while some := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = some[-1].pk
        for _row, head, _sum in events_told(reach, some):
            entry = orjson.dumps(str(head.shown.uuid)) + b":" + orjson.dumps(manifest_entry(head))
            yield entry if first else b"," + entry
            first = False
    yield b"}"


def _values(reach: Reach) -> Iterator[tuple[str, str]]:
    """What stands, with the uuid of its event as this viewer reads it."""
    rows = told_attributes(reach).filter(gone_at__isnull=True).order_by("pk")
    columns = rows.values_list("indicator__type", "indicator__value", "event_id")
    names: dict[int, str] = {}
    with transaction.atomic():  # the cursor lives in it
        waiting = columns.iterator(chunk_size=CHUNK)
        while some := list(islice(waiting, CHUNK)):
            fresh = {event for _type, _value, event in some} - names.keys()
            told = events_told(reach, Event.objects.filter(pk__in=fresh)) if fresh else []
            names |= {row.pk: str(head.shown.uuid) for row, head, _sum in told}
            for type_name, value, event in some:
                if event in names:
                    yield text_of(type_name, value), names[event]


def _event(reach: Reach, name: str) -> File | None:
    stem, _, suffix = name.partition(".")
    if suffix != "json":
        return None
    try:
        number = UUID(stem)
    except ValueError:
        return None
    rows = Event.objects.filter(event_called(reach.viewer, Q(uuid=number)), view__in=list(reach.by_pk))
    told = events_told(reach, rows)
    if not told or str(told[0][1].shown.uuid) != stem.lower():
        return None
    row, head, _sum = told[0]
    return File("application/json", event_file(head, _attributes(reach, row)))


def _attributes(reach: Reach, event: Event) -> Iterator[Json]:
    last = 0
    rows = told_attributes(reach).filter(event=event).order_by("pk")
    while some := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = some[-1].pk
        for said in statements_at(reach, some):
            yield feed_attribute(said)
