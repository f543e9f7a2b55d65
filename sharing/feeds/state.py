"""What is remembered of a feed: its content, in files, and its serial, which rises when the content changes.

A time alone would not do for a serial: two publications may fall into one second, and a guard or a score may change
the content without any publication. Therefore the last content's digest is kept, and a new one gets `max(last + 1,
now)` (ADR 0016).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.db import transaction

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.assets import assets_statement, signed
from iocmarket.indicators.contesting import contested_statement
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.prepared import planned_rows, with_words
from sharing.feeds.blobs import Blob
from sharing.feeds.formats.base import Format
from sharing.feeds.models import FeedState
from sharing.feeds.options import Options
from sharing.feeds.readable import COLUMNS, Readable, readable_of, views_statement
from sharing.reading import Exit

KEPT = 500
"""How many memories one institution may fill; the oldest make room. Losing one costs a consumer one transfer."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a feed says, whenever it is asked: lines or objects in files, in their order."""

    blobs: tuple[Blob, ...]
    count: int
    skipped: int
    """How many values were left out: told beside the feed, not in it."""
    strictest: Marking | None
    reasons: Mapping[str, int] = field(default_factory=dict)
    """The same by reason."""
    stretches: Blob | None = None
    """Of a list that can be written again in parts: what stands where in it (stretches.py)."""

    def digest(self) -> bytes:
        """Equal for equal bodies."""
        return hashlib.sha256(f"{self.count}:{self.strictest}:{[blob.name for blob in self.blobs]}".encode()).digest()

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        labels = None if self.strictest is None else [self.strictest.tlp, self.strictest.pap]
        blobs = [[blob.name, blob.size] for blob in self.blobs]
        return {
            "blobs": blobs,
            "count": self.count,
            "skipped": self.skipped,
            "strictest": labels,
            "reasons": dict(self.reasons),
            "stretches": None if self.stretches is None else [self.stretches.name, self.stretches.size],
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> Content:
        """The inverse."""
        blobs = tuple(Blob(name, size) for name, size in document["blobs"])
        labels = document["strictest"]
        strictest = None if labels is None else Marking(TLP(labels[0]), PAP(labels[1]))
        told = document.get("stretches")
        stretches = None if told is None else Blob(*told)
        return cls(blobs, document["count"], document["skipped"], strictest, document.get("reasons", {}), stretches)


@dataclass(frozen=True)
class Memory:
    """What is remembered of one feed. Which files it is made of is asked when they are needed: mostly they are not."""

    institution_id: int
    feed: bytes
    inputs: bytes
    """Of all that the content followed from."""
    access: bytes
    """Of what the institution could read then."""
    serial: int
    digest: bytes
    """Of the content."""

    @cached_property
    def _document(self) -> dict[str, Any] | None:
        """As it was kept with exactly this; None when it was given up, or another took its place. One statement."""
        held = FeedState.objects.filter(
            institution_id=self.institution_id, feed=self.feed, inputs=self.inputs, serial=self.serial
        )
        found: dict[str, Any] | None = held.values_list("files", flat=True).first()
        return found

    @property
    def heads(self) -> dict[int, int]:
        """Up to where each view was read, in microseconds since 1970; empty when nothing is kept."""
        kept = {} if self._document is None else self._document["heads"]
        return {int(view_id): head for view_id, head in kept.items()}

    def content(self) -> Content | None:
        """The content, unless its files were given up."""
        return None if self._document is None else Content.read(self._document)


class Looked(NamedTuple):
    """What there is to know before anything is built."""

    readable: Readable | None
    """None while a view behind the feed is being filled."""
    memory: Memory | None
    guarded: str
    """Of a feed that blocks: changes with what decides beside its views on what it keeps out."""
    policy: str
    """Changes with the institution's feed policy; empty without one."""


def feed_key(viewer: Viewer, fmt: Format, options: Options) -> bytes:
    """Names one feed as one exit of the institution reads it."""
    told = f"{viewer.institution_id}:{viewer.ceiling.tlp}:{viewer.ceiling.pap}:{fmt.name}:".encode() + options.digest
    return hashlib.sha256(told).digest()


_LOOK = """SELECT behind.*, inputs, access, serial, content, digest{beside} FROM (SELECT 1) AS one
LEFT JOIN feeds_feedstate ON institution_id = %s AND feed = %s
LEFT JOIN feeds_feedpolicy ON feeds_feedpolicy.institution_id = %s
LEFT JOIN ({views}) AS behind ON TRUE ORDER BY 1"""


def look(viewer: Viewer, feed: bytes, *, blocks: bool) -> Looked:
    """Everything that tells whether a feed is what it was.

    One statement, written and planned once: nearly every request of a firewall asks this and ends with 304.
    """
    sql, before, after = _statement(Exit.of(viewer), viewer.decider if blocks else None)
    rows = planned_rows(sql, [*before, viewer.institution_id, feed, viewer.institution_id, *after], repeated=True)
    inputs, access, serial, digest, ruled, *beside = rows[0][COLUMNS:]
    readable = readable_of(viewer, tuple([row[:COLUMNS] for row in rows if row[0] is not None]))
    guarded = f"{signed(beside[0])}:{beside[1] or ''}" if blocks else ""
    policy = "" if ruled is None or viewer.community_only else bytes(ruled).hex()
    if serial is None:
        return Looked(readable, None, guarded, policy)
    memory = Memory(viewer.institution_id, feed, bytes(inputs), bytes(access), serial, bytes(digest))
    return Looked(readable, memory, guarded, policy)


@lru_cache(maxsize=1024)
def _statement(exit_: Exit, blocking_for: Viewer | None) -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
    """The text, what is given before the institution and the feed, and what after them."""
    views, after = with_words(*views_statement(exit_.viewer))
    if blocking_for is None:
        return _LOOK.format(beside="", views=views), (), after
    assets, first = with_words(*assets_statement())
    contested, then = with_words(*contested_statement(blocking_for))
    return _LOOK.format(beside=f", ({assets}), ({contested})", views=views), (*first, *then), after


def settle(
    viewer: Viewer, feed: bytes, content: Content, *, inputs: bytes, access: bytes, heads: dict[int, int]
) -> Memory:
    """Remember a content and give it a serial: the same for the same content, a higher one for another.

    The caller holds the lock of the feed, so that of two requests the later one to build is also the later one to be
    numbered. `inputs` were read before the content: should more be published meanwhile, the next request builds again.
    """
    digest, document = content.digest(), content.document()
    document["heads"] = {str(view_id): head for view_id, head in heads.items()}
    with transaction.atomic():
        found = FeedState.objects.select_for_update()
        state, made = found.get_or_create(institution_id=viewer.institution_id, feed=feed)
        if bytes(state.content) != digest:
            state.content = digest
            state.serial = max(state.serial + 1, int(clock.now().timestamp()))
        state.inputs, state.access, state.files, state.built_at = inputs, access, document, clock.now()
        state.save()
        if made:
            _make_room(viewer)
    return Memory(viewer.institution_id, feed, inputs, access, state.serial, digest)


def _make_room(viewer: Viewer) -> None:
    kept = FeedState.objects.filter(institution_id=viewer.institution_id).order_by("-serial", "-pk")
    if (oldest := kept.values_list("serial", flat=True)[KEPT : KEPT + 1].first()) is not None:
        FeedState.objects.filter(institution_id=viewer.institution_id, serial__lte=oldest).delete()


def give_up(before: datetime) -> set[str]:
    """Forget the files of feeds that nobody asked for since then; the names of all files still in use."""
    FeedState.objects.filter(built_at__lt=before, files__isnull=False).update(files=None)
    used: set[str] = set()
    for files in FeedState.objects.filter(files__isnull=False).values_list("files", flat=True).iterator():
        content = None if files is None else Content.read(files)
        if content is not None:
            used.update(blob.name for blob in (*content.blobs, content.stretches) if blob is not None)
    return used


def tag_of(serial: int, feed: bytes) -> str:
    """The strong entity tag: equal for equal bytes only, since a serial is given to one content of one feed."""
    return hashlib.sha256(feed + b":%d" % serial).hexdigest()[:32]
