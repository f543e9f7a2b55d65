"""The MISP feed of a saved feed: the events of the API, with what the profile and the institution's policy let in.

Which values these are, sharing/feeds/selection.py decides as for every other format; what has left stays for thirty
days with `to_ids` false. An event whose part in the folder changes gets a new moment, and its attributes with it:
consumers take nothing that is not newer than what they have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby, islice
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import F, Q

from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.feeds.blobs import Blob
from sharing.feeds.services import Feed
from sharing.misp.feed_shapes import event_file, feed_attribute, hash_lines, manifest_entry
from sharing.misp.models import Attribute, Event, FolderEvent
from sharing.misp.own_names import event_called
from sharing.misp.reach import Reach
from sharing.misp.shapes import Head, Json, Statement
from sharing.misp.telling import Sum, heads_of, statements_at, told_attributes, without_story
from sharing.misp.types import text_of

CHUNK = 500
"""Events, or attributes of one, that are read at once."""
_HERE, _LEFT = b"+", b"-"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The public ids of the values of a folder: those that are in it, and those that have left it."""

    here: frozenset[bytes]
    left: frozenset[bytes]

    def state(self, public_id: UUID) -> bytes:
        """`+`, `-`, or nothing for a value that it does not tell of."""
        key = public_id.bytes
        return _HERE if key in self.here else _LEFT if key in self.left else b""


@lru_cache(maxsize=4)
def _read(blobs: tuple[Blob, ...]) -> Chosen:
    """Raises FileNotFoundError."""
    here: set[bytes] = set()
    left: set[bytes] = set()
    for blob in blobs:
        with blob.path.open("rb") as lines:
            for line in lines:
                known = left if line.startswith(_LEFT) else here
                known.add(bytes.fromhex(line.strip().lstrip(_LEFT).replace(b"-", b"").decode()))
    return Chosen(frozenset(here), frozenset(left))


@dataclass(frozen=True, slots=True)
class _Part:
    """What of one event is in the folder."""

    event: int
    sum: Sum
    digest: bytes


class Folder:
    """One saved feed as one viewer reads it; without a profile nothing is noted of it.

    Raises FileNotFoundError when a file of the selection has vanished.
    """

    def __init__(self, reach: Reach, profile_id: int | None, feed: Feed, *, tlp_max: TLP | None) -> None:
        self._reach, self._profile_id, self._tlp_max = reach, profile_id, tlp_max
        ceiling = reach.viewer.ceiling
        self._place = {"profile_id": profile_id, "ceiling_tlp": ceiling.tlp, "ceiling_pap": ceiling.pap}
        self._chosen = _read(feed.content.blobs)

    def manifest(self) -> bytes:
        """`manifest.json`. Notes which events changed."""
        told: list[tuple[_Part, Head]] = []
        parts = self._parts()
        while some := list(islice(parts, CHUNK)):
            heads = self._heads({part.event: part.sum for part in some})
            told += [(part, heads[part.event]) for part in some if part.event in heads]
        moments = self._noted({part.event: part.digest for part, _head in told})
        listed = {str(head.shown.uuid): manifest_entry(_moved(head, moments[part.event])) for part, head in told}
        return orjson.dumps(listed)

    def hashes(self) -> Iterator[bytes]:
        """`hashes.csv`: of what is in it."""
        parts = self._parts()
        while some := list(islice(parts, CHUNK)):
            heads = self._heads({part.event: part.sum for part in some})
            rows = self._rows(Q(event__in=list(heads), gone_at__isnull=True))
            values = (
                (text_of(row.type, row.value), str(heads[row.event_id].shown.uuid))
                for row in rows
                if self._chosen.state(row.public_id) == _HERE
            )
            yield from hash_lines(values)

    def event(self, number: UUID) -> Iterator[bytes] | None:
        """`<uuid>.json`; None for an event of which nothing is in the folder, as for one that is absent."""
        rows = Event.objects.filter(event_called(self._reach.viewer, Q(uuid=number)), view__in=list(self._reach.by_pk))
        for row in rows:
            part = next(self._parts(Q(event=row)), None)
            head = self._heads({part.event: part.sum}).get(row.pk) if part else None
            if head is not None and head.shown.uuid == number:
                held = FolderEvent.objects.filter(**self._place, event=row)
                moment = held.values_list("changed_at", flat=True).first()
                return event_file(_moved(head, moment), self._attributes(row, moment))
        return None

    def _rows(self, condition: Q) -> Iterator[Any]:
        columns = {"public_id": "indicator__public_id", "type": "indicator__type", "value": "indicator__value"}
        found = told_attributes(self._reach).filter(condition).order_by("event_id", "pk")
        labels = {"tlp": "contribution__tlp", "pap": "contribution__pap"}
        named = found.annotate(**{name: F(path) for name, path in (columns | labels).items()})
        with transaction.atomic():  # the cursor lives in it
            yield from named.values_list("pk", "event_id", "gone_at", *columns, *labels, named=True).iterator(
                chunk_size=2000
            )

    def _parts(self, condition: Q = Q()) -> Iterator[_Part]:  # noqa: B008 (never changed)
        """The events of which something is in the folder, in the order of their keys."""
        for event, rows in groupby(self._rows(condition), key=lambda row: row.event_id):
            digest, count, live, tlp, pap = hashlib.blake2b(digest_size=16), 0, 0, TLP.CLEAR, PAP.CLEAR
            for row in rows:
                if not (state := self._chosen.state(row.public_id)):
                    continue
                count += 1
                digest.update(b"%d%s%d" % (row.pk, state, row.gone_at is None))
                if row.gone_at is None and state == _HERE:
                    live, tlp, pap = live + 1, max(tlp, TLP(row.tlp)), max(pap, PAP(row.pap))
            if count:
                ceiling = self._reach.viewer.ceiling
                yield _Part(event, Sum(count, live, Marking(tlp, pap) if live else ceiling), digest.digest())

    def _heads(self, sums: Mapping[int, Sum]) -> dict[int, Head]:
        """With the title of a report only where that may be told as far as the values may."""
        found = heads_of(self._reach, list(sums), sums=sums)
        return {
            pk: replace(without_story(head), marking=sums[pk].marking)
            if self._tlp_max is not None and head.marking.tlp > self._tlp_max
            else head
            for pk, head in found.items()
        }

    def _noted(self, digests: Mapping[int, bytes]) -> dict[int, datetime | None]:
        """When the part of each event in the folder changed; None for those that are as they were told first."""
        if self._profile_id is None:
            return dict.fromkeys(digests)
        held = {row.event_id: row for row in FolderEvent.objects.filter(**self._place)}
        present, changed = clock.now(), []
        for event, digest in {**dict.fromkeys(held, b""), **digests}.items():
            row = held.get(event)
            if row is None:
                row = FolderEvent(**self._place, event_id=event, digest=digest)
            elif bytes(row.digest) == digest:
                continue
            else:
                row.digest, row.changed_at = digest, present
            held[event] = row
            changed.append(row)
        if changed:
            FolderEvent.objects.bulk_create(
                [FolderEvent(**self._place, event_id=row.event_id, digest=row.digest, changed_at=row.changed_at)
                 for row in changed],
                update_conflicts=True, unique_fields=["profile", "ceiling_tlp", "ceiling_pap", "event"],
                update_fields=["digest", "changed_at"], batch_size=2000,
            )  # fmt: skip
        return {event: held[event].changed_at for event in digests}

    def _attributes(self, event: Event, moment: datetime | None) -> Iterator[Json]:
        names, last = told_attributes(self._reach).filter(event=event).order_by("pk"), 0
        while some := list(names.filter(pk__gt=last).select_related("indicator")[:CHUNK]):
            last = some[-1].pk
            states = {row.number: self._chosen.state(row.indicator.public_id) for row in some}
            wanted: list[Attribute] = [row for row in some if states[row.number]]
            for said in statements_at(self._reach, wanted):
                yield feed_attribute(_as_told(said, moment, left=states[said.number] == _LEFT))


def _moved(head: Head, moment: datetime | None) -> Head:
    return head if moment is None else head.at(max(head.timestamp, int(moment.timestamp())))


def _as_told(said: Statement, moment: datetime | None, *, left: bool) -> Statement:
    """Of what has left the folder the value alone, for nobody to act on."""
    stamp = said.timestamp if moment is None else max(said.timestamp, int(moment.timestamp()))
    if not left:
        return replace(said, timestamp=stamp)
    alone = replace(said, to_ids=False, comment="", tags=(), threat_type="", first_seen=None, last_seen=None)
    return replace(alone, timestamp=stamp)
