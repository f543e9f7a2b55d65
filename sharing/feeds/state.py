"""The serial of a feed: rises when its content changes, at once, and never falls.

A time alone would not do: two publications may fall into one second, and a guard or a score may change the content
without any publication. Therefore the last content's digest is kept, and a new one gets `max(last + 1, now)`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel import clock
from iocmarket.kernel.marking import Marking
from sharing.feeds.formats.base import Format, Lines
from sharing.feeds.items import Item
from sharing.feeds.models import FeedState
from sharing.feeds.options import Options

KEPT = 500
"""How many memories one institution may fill; the oldest make room. Losing one costs a consumer one transfer."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a feed says, whenever it is asked."""

    lines: Lines
    strictest: Marking | None
    left_out: tuple[tuple[Item, str], ...] = ()
    """The values that were left out, with the reason: told beside the feed, not in it."""

    def digest(self) -> bytes:
        """Equal for equal bodies."""
        head = f"{self.lines.count}:{self.strictest}:".encode()
        found = hashlib.sha256(head)
        found.update(self.lines.body)  # not joined to the head: a full feed is large
        return found.digest()


@dataclass(frozen=True, slots=True)
class Built:
    """The content of a feed with its serial."""

    content: Content
    serial: int


def feed_key(viewer: Viewer, fmt: Format, options: Options) -> bytes:
    """Names one feed as one exit of the institution reads it."""
    told = f"{viewer.institution_id}:{viewer.ceiling.tlp}:{viewer.ceiling.pap}:{fmt.name}:".encode() + options.digest()
    return hashlib.sha256(told).digest()


def known(viewer: Viewer, feed: bytes, inputs: bytes) -> int | None:
    """The serial of the content that these inputs gave, if it is remembered."""
    found = FeedState.objects.filter(institution_id=viewer.institution_id, feed=feed, inputs=inputs)
    return found.values_list("serial", flat=True).first()


def settle(viewer: Viewer, feed: bytes, inputs: bytes, build: Callable[[], Content]) -> Built:
    """Build the feed and give its content a serial: the same for the same content, a higher one for another.

    The row is locked meanwhile, so that of two requests the later one to build is also the later one to be numbered.
    `inputs` were read before this call: should more be published meanwhile, the next request builds again.
    """
    with transaction.atomic():
        state, made = FeedState.objects.select_for_update().get_or_create(
            institution_id=viewer.institution_id, feed=feed
        )
        content = build()
        if bytes(state.content) != (digest := content.digest()):
            state.content = digest
            state.serial = max(state.serial + 1, int(clock.now().timestamp()))
        state.inputs = inputs
        state.save(update_fields=["content", "serial", "inputs"])
        if made:
            _make_room(viewer)
    return Built(content, state.serial)


def _make_room(viewer: Viewer) -> None:
    kept = FeedState.objects.filter(institution_id=viewer.institution_id).order_by("-serial", "-pk")
    if (oldest := kept.values_list("serial", flat=True)[KEPT : KEPT + 1].first()) is not None:
        FeedState.objects.filter(institution_id=viewer.institution_id, serial__lte=oldest).delete()


def tag_of(serial: int, feed: bytes) -> str:
    """The strong entity tag: equal for equal bytes only, since a serial is given to one content of one feed."""
    return hashlib.sha256(feed + b":%d" % serial).hexdigest()[:32]
