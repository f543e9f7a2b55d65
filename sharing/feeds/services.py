"""Feeds for the tools that act: what a viewer's feed is, and whether it changed. Views and pages call these."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings
from django.http import QueryDict
from django.utils.functional import Promise

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators import guard
from iocmarket.indicators.assets import assets_signature
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import Marking, strictest
from sharing.feeds import selection
from sharing.feeds.formats import base
from sharing.feeds.formats.base import Format, LineFormat, Mode, ObjectFormat, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.objects import select_objects
from sharing.feeds.options import Options, read_options
from sharing.feeds.readable import Readable, readable_by
from sharing.feeds.selection import moment_of, select
from sharing.feeds.state import Built, Content, feed_key, known, settle, tag_of

REASONS: dict[str, str | Promise] = {**guard.REASONS, **base.REASONS, **selection.REASONS}
"""Every reason for which a feed leaves a value out, with its sentence."""


class NotReady(Exception):  # noqa: N818 (a state that passes, not a fault)
    """The views behind the feed are being filled: what is there now would be incomplete. Ask again."""

    retry_after = 5
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed as one viewer reads it."""

    fmt: Format
    body: bytes
    count: int
    serial: int
    etag: str
    left_out: tuple[tuple[Item, str], ...] = ()

    @property
    def changed(self) -> datetime:
        """When its content became what it is; never in the future."""
        return changed_at(self.serial)

    @property
    def skipped(self) -> Counter[str]:
        """How many values were left out, by reason."""
        return Counter(reason for _item, reason in self.left_out)


@dataclass(slots=True)
class Request:
    """What is asked for, before anything is built. Its `etag` costs three statements; its `feed()` the whole feed."""

    viewer: Viewer
    fmt: Format
    options: Options
    _readable: Readable = field(init=False)
    _key: bytes = field(init=False)
    _inputs: bytes = field(init=False)

    def __post_init__(self) -> None:
        readable = readable_by(self.viewer)
        if readable is None:
            raise NotReady
        self._readable = readable
        self._key = feed_key(self.viewer, self.fmt, self.options)
        self._inputs = _inputs(readable, self.fmt)

    def serial(self) -> int | None:
        """The serial, if the content cannot have changed since it was given; None when only building it tells."""
        return known(self.viewer, self._key, self._inputs)

    def etag(self, serial: int) -> str:
        """The entity tag that goes with a serial of this feed."""
        return tag_of(serial, self._key)

    def feed(self) -> Feed:
        """Build it."""
        built = settle(self.viewer, self._key, self._inputs, self._content)
        content = built.content
        return Feed(
            fmt=self.fmt,
            body=self.fmt.document(content.lines.body, self._meta(built)),
            count=content.lines.count,
            serial=built.serial,
            etag=self.etag(built.serial),
            left_out=content.left_out,
        )

    def _content(self) -> Content:
        if isinstance(self.fmt, ObjectFormat):
            return Content(self.fmt.joined(select_objects(self.viewer, self._readable, self.options)), None)
        assert isinstance(self.fmt, LineFormat)  # noqa: S101 (there are two kinds of formats)
        chosen = select(self._readable, self.fmt, self.options)
        lines = self.fmt.lines(chosen.items, self.options.own)
        unwritable = {item.public_id for item, _reason in lines.left_out}
        labels = [item.marking for item in chosen.items if item.public_id not in unwritable]
        return Content(lines, _strictest(labels), (*chosen.left_out, *lines.left_out))

    def _meta(self, built: Built) -> Meta:
        return Meta(
            name=settings.COMMUNITY_NAME,
            public_url=settings.PUBLIC_URL,
            serial=built.serial,
            changed=datetime.fromtimestamp(built.serial, UTC),
            count=built.content.lines.count,
            strictest=built.content.strictest,
            options=self.options.own,
        )


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


def _inputs(readable: Readable, fmt: Format) -> bytes:
    """All that the content follows from besides the request: publications, members' assets, the hour."""
    assets = assets_signature() if fmt.mode is Mode.BLOCK else ""
    told = f"{moment_of(clock.now()):%Y%m%d%H}:{settings.SCORE_THRESHOLD}:{assets}:".encode()
    return hashlib.sha256(told + readable.signature()).digest()


def _strictest(labels: list[Marking]) -> Marking | None:
    return strictest(labels) if labels else None
