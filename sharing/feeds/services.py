"""Feeds for the tools that act: what a viewer's feed is, and whether it changed. Views and pages call these."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings
from django.http import QueryDict
from django.utils.functional import Promise

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators import contesting, guard
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from sharing.feeds import blobs, selection
from sharing.feeds.blobs import Blob
from sharing.feeds.building import build, tally_of, tidy
from sharing.feeds.formats import base
from sharing.feeds.formats.base import Format, LineFormat, Mode, ObjectFormat, Tally, formats
from sharing.feeds.items import Meta
from sharing.feeds.locks import held
from sharing.feeds.options import Options, read_options
from sharing.feeds.readable import Readable, unread_since
from sharing.feeds.selection import moment_of
from sharing.feeds.state import Content, Memory, feed_key, look, settle, tag_of
from sharing.feeds.stretches import Before

REASONS: dict[str, str | Promise] = {
    **guard.REASONS,
    **contesting.REASONS,
    **base.REASONS,
    **selection.REASONS,
}
"""Every reason for which a feed leaves a value out, with its sentence."""

STALE = 60.0
"""Seconds for which a change may be missing in what is served while it is being built by somebody else."""


class NotReady(Exception):  # noqa: N818 (a state that passes, not a fault)
    """The views behind the feed are being filled: what is there now would be incomplete. Ask again."""

    retry_after = 5
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed as one viewer reads it."""

    fmt: Format
    content: Content
    meta: Meta
    etag: str
    key: bytes
    """Names the feed as this exit of the institution reads it."""
    access: bytes
    """Equal while exactly the same views are read."""

    @property
    def serial(self) -> int:
        """Rises at each change."""
        return self.meta.serial

    @property
    def changed(self) -> datetime:
        """When its content became what it is; never in the future."""
        return changed_at(self.serial)

    def parts(self) -> list[bytes | Blob]:
        """The whole of it, in order."""
        found: list[bytes | Blob] = [self.fmt.header(self.meta)]
        for number, blob in enumerate(self.content.blobs):
            found += [self.fmt.separator, blob] if number else [blob]
        return [part for part in (*found, self.fmt.footer(self.meta)) if part]


@dataclass(slots=True)
class Request:
    """What is asked for, before anything is built. Making one costs one statement."""

    viewer: Viewer
    fmt: Format
    options: Options
    _readable: Readable = field(init=False)
    _key: bytes = field(init=False)
    _inputs: bytes = field(init=False)
    _access: bytes = field(init=False)
    _memory: Memory | None = field(init=False)

    def __post_init__(self) -> None:
        self._key = feed_key(self.viewer, self.fmt, self.options)
        self._look()

    def _look(self) -> None:
        """Read what there is now. Raises NotReady."""
        readable, self._memory, guarded, policy = look(self.viewer, self._key, blocks=self.fmt.mode is Mode.BLOCK)
        if readable is None:
            raise NotReady
        self._readable = readable
        # Whole objects say nothing that changes with time alone.
        timeless = isinstance(self.fmt, ObjectFormat) and not self.options.narrowed
        hour = "" if timeless else f"{moment_of(clock.now()):%Y%m%d%H}"
        # The policy rules what tools act on, one value a line; whole objects carry everything, with its labels.
        ruled = policy if isinstance(self.fmt, LineFormat) else ""
        told = f"{hour}:{settings.SCORE_THRESHOLD}:{guarded}:{ruled}:".encode()
        self._inputs = hashlib.sha256(told + readable.signature).digest()
        self._access = hashlib.sha256(told + readable.access).digest()

    def serial(self) -> int | None:
        """The serial, if the content cannot have changed since it was given; None when only building it tells."""
        return self._memory.serial if self._memory and self._memory.inputs == self._inputs else None

    def etag(self, serial: int) -> str:
        """The entity tag that goes with a serial of this feed."""
        return tag_of(serial, self._key)

    def feed(self) -> Feed:
        """The feed: as it was written if nothing changed since; else written now, by one request at a time."""
        if (found := self._kept()) is not None:
            return found
        number = int.from_bytes(self._key[:4], "big", signed=True)
        with held(number, wait=False) as mine:
            if mine:
                return self._built()
        if (found := self._older()) is not None:
            return found
        with held(number):
            return self._built()

    def explained(self) -> Tally | None:
        """What it leaves out and why; None for formats that leave nothing out."""
        return tally_of(self._readable, self.fmt, self.options) if isinstance(self.fmt, LineFormat) else None

    def _kept(self) -> Feed | None:
        return self._of(self._memory) if self.serial() is not None else None

    def _older(self) -> Feed | None:
        """What was served last, while somebody else writes what follows: only to who may still read all of it."""
        if self._memory is None or self._memory.access != self._access:
            return None
        missing = unread_since(self._memory.heads, self._readable)
        if missing is None or (clock.now() - missing).total_seconds() > STALE:
            return None
        return self._of(self._memory)

    def _built(self) -> Feed:
        """Under the lock: another may have written it meanwhile."""
        self._look()
        if (found := self._kept()) is not None:
            return found
        content = build(self.viewer, self._readable, self.fmt, self.options, self._before())
        heads = self._readable.heads()
        self._memory = settle(self.viewer, self._key, content, inputs=self._inputs, access=self._access, heads=heads)
        tidy()
        return self._feed(self._memory, content)

    def _before(self) -> Before | None:
        """What was written last, if nothing but publications can have changed it."""
        if self._memory is None or self._memory.access != self._access:
            return None
        content = self._memory.content()
        return None if content is None else Before(content, self._memory.heads)

    def _of(self, memory: Memory | None) -> Feed | None:
        content = memory.content() if memory else None
        if memory is None or content is None or not blobs.present(content.blobs):
            return None
        return self._feed(memory, content)

    def _feed(self, memory: Memory, content: Content) -> Feed:
        meta = Meta(
            name=settings.COMMUNITY_NAME,
            public_url=settings.PUBLIC_URL,
            serial=memory.serial,
            changed=datetime.fromtimestamp(memory.serial, UTC),
            count=content.count,
            strictest=content.strictest,
            content=memory.digest,
            options=self.options.own,
        )
        return Feed(self.fmt, content, meta, self.etag(memory.serial), self._key, memory.access)


def request_of(viewer: Viewer, name: str, query: QueryDict) -> Request:
    """Check a request for a feed.

    Raises Refusal: `unknown_format`, `unknown_option`, `bad_option`; NotReady while its views are being filled.
    """
    fmt = formats.get(name)
    if fmt is None:
        listed = ", ".join(known_format.name for known_format in formats)
        raise Refusal("unknown_format", f"there is no feed {name[:40]!r}; the feeds are {listed}")
    return Request(viewer, fmt, read_options(query, fmt))


def changed_at(serial: int) -> datetime:
    """The moment that a serial stands for; never in the future, as RFC 9110 section 8.8.2.1 asks of Last-Modified."""
    return datetime.fromtimestamp(min(serial, int(clock.now().timestamp())), UTC)
