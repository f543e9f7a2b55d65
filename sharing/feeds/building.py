"""Building the content of a feed, straight into files: nothing of it is ever in memory as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel import clock
from sharing.feeds import blobs
from sharing.feeds.formats.base import Format, LineFormat, ObjectFormat, Tally
from sharing.feeds.models import ViewFiles
from sharing.feeds.objects import select_objects, select_told
from sharing.feeds.options import Options
from sharing.feeds.policies import policy_for
from sharing.feeds.readable import Readable
from sharing.feeds.segments import files_of
from sharing.feeds.selection import chosen
from sharing.feeds.state import Content, give_up
from sharing.feeds.stretches import Before, Writing, suits

UNASKED = timedelta(hours=3)
"""A feed in use is built anew at every full hour; one that was not for so long gives up its files."""
SWEEP_EVERY = 600.0
"""Seconds."""
in_use: list[Callable[[], Iterable[str]]] = []
"""Each tells the names of files that are in use elsewhere."""


def build(viewer: Viewer, readable: Readable, fmt: Format, options: Options, before: Before | None) -> Content:
    """What the feed says now; `before` is what it said when nothing but publications was otherwise."""
    if isinstance(fmt, LineFormat):
        policy = policy_for(readable.viewer)
        if suits(fmt, options, policy):
            return Writing(readable, fmt, options, policy).content(before)
        return _lines(readable, fmt, options)
    if not isinstance(fmt, ObjectFormat):
        raise TypeError(f"{fmt.name} is neither a format of lines nor one of objects")
    if options.narrowed:
        return _objects(viewer, readable, fmt, options)
    return _everything(viewer, readable, fmt)


def tally_of(readable: Readable, fmt: LineFormat, options: Options) -> Tally:
    """What a feed of lines holds and leaves out, without keeping a line."""
    tally = Tally()
    for _piece in fmt.written(chosen(readable, fmt, options, tally), options.own, tally):
        pass
    return tally


def _lines(readable: Readable, fmt: LineFormat, options: Options) -> Content:
    tally = Tally()
    blob = blobs.write(fmt.written(chosen(readable, fmt, options, tally), options.own, tally))
    return Content((blob,) if blob.size else (), tally.count, tally.skipped.total(), tally.strictest, tally.skipped)


def _objects(viewer: Viewer, readable: Readable, fmt: ObjectFormat, options: Options) -> Content:
    joined = _Joined(select_objects(viewer, readable, options), fmt.separator)
    blob = blobs.write(joined)
    return Content((blob,) if joined.count else (), joined.count, 0, None)


def _everything(viewer: Viewer, readable: Readable, fmt: ObjectFormat) -> Content:
    """The files of the views, which all their readers share, and what is this viewer's alone.

    Read in this order: an object that is withdrawn meanwhile may be told twice, and is never missing.
    """
    files = [files_of(view.pk, separator=fmt.separator) for view in readable.shown]
    joined = _Joined(select_told(viewer, readable), fmt.separator)
    told = blobs.write(joined)
    listed = [*([told] if joined.count else []), *(blob for each in files for blob in each.blobs)]
    return Content(tuple(listed), joined.count + sum(each.count for each in files), 0, None)


class _Joined:
    """Objects with a separator between them; knows afterwards how many there were."""

    def __init__(self, bodies: Iterable[bytes], separator: bytes) -> None:
        self._bodies = bodies
        self._separator = separator
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for body in self._bodies:
            yield self._separator + body if self.count else body
            self.count += 1


def tidy() -> None:
    """Remove files that are in no use, ten minutes after the last time at the earliest."""
    mark = blobs.folder() / ".swept"
    present = time.time()
    try:
        if mark.stat().st_mtime > present - SWEEP_EVERY:
            return
    except FileNotFoundError:
        pass
    mark.touch()
    used = give_up(clock.now() - UNASKED)
    for segments in ViewFiles.objects.values_list("segments", flat=True).iterator():
        used.update(segment[4] for segment in segments)
    for names in in_use:
        used.update(names())
    blobs.sweep(used | {mark.name}, now=present)
