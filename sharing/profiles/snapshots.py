"""The contents that profiles had, for those who ask what changed since: `/feeds/p/<profile>/changes`.

A snapshot is a row that keeps the files of a content in use; the files are shared with the feed itself (blobs.py).
Two snapshots are compared when somebody asks, which finds exactly what differs, however many lie between them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain

from django.db.models import Max

from iocmarket.kernel import clock
from sharing.feeds import blobs
from sharing.feeds.blobs import Blob
from sharing.feeds.formats.base import FolderFormat, LineFormat
from sharing.feeds.services import Feed
from sharing.profiles.models import FeedSnapshot

KEPT_FOR = timedelta(days=7)
MOST = 100
"""Snapshots of one feed."""
BYTES_MOST = 512 << 20
"""Bytes of the snapshots of one feed; the last two are kept whatever their size."""
LINES_MOST = 100_000
"""Lines that one answer tells: beyond, the whole feed is shorter."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What one content has and another has not, in the order of the lines."""

    added: list[str]
    removed: list[str]


class TooMuch(Exception):  # noqa: N818 (an outcome, not a fault)
    """So many lines differ that the whole feed is shorter."""


def keep(profile_id: int, feed: Feed) -> None:
    """Keep what the profile says now, and let go of what is too old. One statement while nothing changed."""
    if not isinstance(feed.fmt, LineFormat) or isinstance(feed.fmt, FolderFormat):
        return
    held = FeedSnapshot.objects.filter(profile_id=profile_id, feed=feed.key)
    if held.aggregate(last=Max("serial"))["last"] == feed.serial:
        return
    files = [[blob.name, blob.size] for blob in feed.content.blobs]
    told = {"access": feed.access, "files": files, "size": sum(blob.size for blob in feed.content.blobs)}
    FeedSnapshot.objects.get_or_create(profile_id=profile_id, feed=feed.key, serial=feed.serial, defaults=told)
    total = 0
    for place, (pk, size) in enumerate(held.order_by("-serial").values_list("pk", "size")):
        total += size
        if place >= MOST or (place >= 2 and total > BYTES_MOST):
            FeedSnapshot.objects.filter(pk=pk).delete()


def used_files() -> Iterator[str]:
    """The names of all files that a snapshot keeps in use; those of too old ones are let go."""
    FeedSnapshot.objects.filter(made_at__lt=clock.now() - KEPT_FOR).delete()
    for files in FeedSnapshot.objects.values_list("files", flat=True).iterator():
        yield from (name for name, _size in files)


def forget() -> None:
    """Let go of all: what an erased institution said stands in none."""
    FeedSnapshot.objects.all().delete()


def since(profile_id: int, feed: Feed, serial: int) -> Difference | None:
    """What changed after that serial; None when what it stood for is not kept, or was read from other views.

    Raises TooMuch.
    """
    if serial == feed.serial:
        return Difference([], [])
    found = FeedSnapshot.objects.filter(profile_id=profile_id, feed=feed.key, serial=serial, access=feed.access)
    files = found.values_list("files", flat=True).first()
    if files is None:
        return None
    try:
        return difference([Blob(name, size) for name, size in files], feed.content.blobs)
    except FileNotFoundError:
        return None


def difference(before: Iterable[Blob], after: Iterable[Blob]) -> Difference:
    """Both are read once, side by side. Raises FileNotFoundError, TooMuch."""
    with ExitStack() as stack:
        removed, added = _compared(_Ahead(before, stack), _Ahead(after, stack))
    # A line that is on both sides of a change has moved, and has not changed.
    moved = Counter(removed) & Counter(added)
    found = Difference(_without(added, moved), _without(removed, moved))
    if len(found.added) + len(found.removed) > LINES_MOST:
        raise TooMuch
    return found


class _Ahead:
    """Lines of which some may be given back."""

    def __init__(self, parts: Iterable[Blob], stack: ExitStack) -> None:
        self._back: deque[bytes] = deque()
        self._lines = chain.from_iterable(
            stack.enter_context(part.path.open("rb", buffering=blobs.PIECE)) for part in parts
        )

    def take(self) -> bytes | None:
        """The next; None at the end."""
        return self._back.popleft() if self._back else next(self._lines, None)

    def give_back(self, lines: list[bytes]) -> None:
        """These come first again."""
        self._back.extendleft(reversed(lines))


@dataclass(slots=True)
class _Side:
    """The lines of one side since the two parted."""

    ahead: _Ahead
    lines: list[bytes] = field(default_factory=list)
    places: dict[bytes, int] = field(default_factory=dict)

    def hold(self, line: bytes) -> None:
        """Hold one back until it is known whether the other side has it too."""
        self.places.setdefault(line, len(self.lines))
        self.lines.append(line)

    def alone_up_to(self, line: bytes) -> list[bytes]:
        """What stands before that line, which both have; what stands behind it is read again."""
        place = self.places[line]
        self.ahead.give_back(self.lines[place + 1 :])
        return self.lines[:place]


def _compared(before: _Ahead, after: _Ahead) -> tuple[list[bytes], list[bytes]]:
    """Lines only on the one side, and only on the other.

    Both are in the same order, so that what is common is met in the same order too: where they part, lines are held
    back on either side until one of them turns up on the other. What is held is as long as the change, not the feed.
    """
    removed: list[bytes] = []
    added: list[bytes] = []
    while True:
        old, new = before.take(), after.take()
        if old != new:
            gone, come = _parted(old, new, _Side(before), _Side(after))
            removed += gone
            added += come
            if len(removed) + len(added) > 2 * LINES_MOST:
                raise TooMuch
        elif old is None:
            return removed, added


def _parted(old: bytes | None, new: bytes | None, one: _Side, other: _Side) -> tuple[list[bytes], list[bytes]]:
    """Read on from where they part until they meet again: what is on one side alone, and on the other."""
    while old is not None or new is not None:
        if old is not None:
            if old in other.places:
                if new is not None:
                    other.ahead.give_back([new])
                return one.lines, other.alone_up_to(old)
            one.hold(old)
        if new is not None:
            if new in one.places:
                return one.alone_up_to(new), other.lines
            other.hold(new)
        if len(one.lines) + len(other.lines) > 2 * LINES_MOST:
            raise TooMuch
        old, new = one.ahead.take(), other.ahead.take()
    return one.lines, other.lines


def _without(lines: list[bytes], moved: Counter[bytes]) -> list[str]:
    left, found = moved.copy(), []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
        else:
            found.append(line.decode(errors="replace").rstrip("\r\n"))
    return found
