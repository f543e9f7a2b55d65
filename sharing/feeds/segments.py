"""The objects of a view in files that all its readers share (ADR 0039).

`date_added` rises strictly within a view and an entry moves to its end with each version. Hence a stretch of a view
only ever loses entries: as long as it holds as many as when it was written, its file says what it holds. After one
change only the stretches that lost an entry and the last one are written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from iocmarket.kernel.clock import MICROSECOND
from iocmarket.publication.models import Entry, View
from sharing.feeds import blobs
from sharing.feeds.blobs import Blob
from sharing.feeds.locks import held
from sharing.feeds.models import ViewFiles

SIZE = 12_500
"""Entries in one file, at most: some fifteen megabytes, a quarter of a second to write.

Not much less: all files of a feed are open while it is sent."""
CHUNK = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEFORE_ALL = -1
_SPOKEN = (Entry.State.LIVE.value, Entry.State.EXPIRED.value, Entry.State.BESIDE.value)
_COUNTS = """SELECT
(SELECT count(*) FROM publication_entry WHERE view_id = %s AND date_added > first AND date_added <= last)
FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS stretch (first, last, n) ORDER BY n"""


@dataclass(frozen=True, slots=True)
class Segment:
    """The entries of a view after `start` up to `end` (microseconds since 1970)."""

    start: int
    end: int
    rows: int
    """All entries, those among them that are told elsewhere."""
    objects: int
    """Live and expired indicators, reports and sightings: what the file holds."""
    blob: Blob | None
    """None: to be written."""


@dataclass(frozen=True, slots=True)
class Files:
    """What a view holds, oldest first."""

    blobs: tuple[Blob, ...]
    count: int


def files_of(view_id: int, *, separator: bytes) -> Files:
    """All that a view says of the indicators it tells, in files that are written where they must be, one at a time."""
    found = _fresh(view_id)
    if found is None:
        with held(view_id % 2**31):
            found = _fresh(view_id) or _renewed(view_id, separator)
    return Files(tuple(s.blob for s in found if s.blob is not None and s.objects), sum(s.objects for s in found))


def _fresh(view_id: int) -> list[Segment] | None:
    """The segments, if nothing was published in the view since they were looked at."""
    kept = ViewFiles.objects.filter(view=view_id, head=F("view__head")).first()
    if kept is None:
        return None
    segments = _read(kept)
    return segments if blobs.present(s.blob for s in segments if s.blob is not None) else None


def _renewed(view_id: int, separator: bytes) -> list[Segment]:
    """Write what is missing. All is read in one snapshot of the database: no entry twice, none missing."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        head = View.objects.values_list("head", flat=True).get(pk=view_id)
        kept = ViewFiles.objects.filter(view=view_id).first()
        standing, after = _standing(view_id, _read(kept) if kept else [])
        segments = [s if s.blob else _written(view_id, s.start, s.end, separator) for s in _merged(standing)]
        segments += _tail(view_id, after, separator)
        told = [[s.start, s.end, s.rows, s.objects, s.blob.name, s.blob.size] for s in segments if s.blob is not None]
        ViewFiles.objects.update_or_create(view_id=view_id, defaults={"head": head, "segments": told})
    return segments


def _standing(view_id: int, kept: list[Segment]) -> tuple[list[Segment], int]:
    """The kept stretches with what they hold now, and where the tail begins: one that is not full is part of it."""
    counts = _counts(view_id, kept)
    found = [
        s if s.rows == rows and s.blob is not None and blobs.present([s.blob]) else replace(s, rows=rows, blob=None)
        for s, rows in zip(kept, counts, strict=True)
        if rows
    ]
    after = kept[-1].end if kept else _BEFORE_ALL
    more = Entry.objects.filter(view=view_id, date_added__gt=_moment(after)).exists()
    if more and found and found[-1].rows < SIZE:
        after = found.pop().start
    return found, after


def _counts(view_id: int, kept: list[Segment]) -> list[int]:
    """How many entries each stretch holds: read from an index alone."""
    starts, ends = [_moment(s.start) for s in kept], [_moment(s.end) for s in kept]
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [view_id, starts, ends])
        return [count for (count,) in cursor.fetchall()]


def _merged(segments: Iterable[Segment]) -> list[Segment]:
    """Neighbours that fit into one file, where one of them has to be written anyway."""
    found: list[Segment] = []
    for segment in segments:
        last = found[-1] if found else None
        if last and last.rows + segment.rows <= SIZE and (last.blob is None or segment.blob is None):
            found[-1] = Segment(last.start, segment.end, last.rows + segment.rows, 0, None)
        else:
            found.append(segment)
    return found


def _written(view_id: int, start: int, end: int, separator: bytes) -> Segment:
    rows = _rows(view_id, start).filter(date_added__lte=_moment(end))
    stretch = _Stretch(rows.iterator(chunk_size=CHUNK), separator)
    blob = blobs.write(stretch)
    return Segment(start, end, stretch.rows, stretch.objects, blob)


def _tail(view_id: int, after: int, separator: bytes) -> list[Segment]:
    """What stands after that place, cut into stretches."""
    found: list[Segment] = []
    rows = _rows(view_id, after).iterator(chunk_size=CHUNK)
    while (first := next(rows, None)) is not None:
        stretch = _Stretch(chain([first], islice(rows, SIZE - 1)), separator)
        blob = blobs.write(stretch)
        end = (stretch.last - _EPOCH) // MICROSECOND
        found.append(Segment(found[-1].end if found else after, end, stretch.rows, stretch.objects, blob))
    return found


def _rows(view_id: int, after: int) -> QuerySet[Entry, Any]:
    entries = Entry.objects.filter(view=view_id, date_added__gt=_moment(after)).order_by("date_added")
    return entries.values_list("date_added", "state", "body")


class _Stretch:
    """Iterates over the pieces of a file, and knows afterwards what it has seen."""

    def __init__(self, rows: Iterable[tuple[datetime, str, memoryview]], separator: bytes) -> None:
        self._given = rows
        self._separator = separator
        self.rows = self.objects = 0
        self.last = _EPOCH

    def __iter__(self) -> Iterator[bytes]:
        for added, state, body in self._given:
            self.rows += 1
            self.last = added
            if state in _SPOKEN:
                yield self._separator + bytes(body) if self.objects else bytes(body)
                self.objects += 1


def _read(kept: ViewFiles) -> list[Segment]:
    return [
        Segment(start, end, rows, objects, Blob(name, size)) for start, end, rows, objects, name, size in kept.segments
    ]


def _moment(number: int) -> datetime:
    return _EPOCH + timedelta(microseconds=number)
