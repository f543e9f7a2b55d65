"""A saved feed, fetched as one of its consumers would fetch it: with the token's eyes, down to the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer, viewer_of_token
from iocmarket.kernel import clock
from iocmarket.kernel.marking import FULL
from sharing.feeds import services as feeds
from sharing.feeds.bodies import Body
from sharing.feeds.formats.base import FolderFormat, Format
from sharing.feeds.options import Options
from sharing.profiles.models import FeedProfile
from sharing.profiles.services import KEYED, format_of, options_of

LINES, BYTES = 15, 6000
"""Of the beginning that is shown."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came."""

    media_type: str
    size: int
    count: int
    skipped: int
    serial: int
    milliseconds: int
    reasons: list[tuple[str, int]]
    """Sentences, and how many values were left out for each; most first."""
    lines: list[str]
    cut: bool
    """Whether more follows than `lines`."""


def readers_of(profile: FeedProfile) -> list[Token]:
    """The tokens and keys of the institution that open it now."""
    held = Token.objects.filter(
        institution_id=profile.institution_id, revoked_at__isnull=True, scopes__contains=[Scope.FEEDS_READ.value],
        feed__in=["", f"{KEYED}{profile.name}"],
    )  # fmt: skip
    moment = clock.now()
    return [token for token in held.select_related("institution").order_by("name", "pk") if token.is_usable(moment)]


def viewer_for(institution: Institution, token: Token | None) -> Viewer:
    """The eyes of a token; without one, those of a token with the highest ceiling."""
    if token is not None:
        return viewer_of_token(token)
    return Viewer(institution_id=institution.pk, ceiling=FULL, scopes=frozenset({Scope.FEEDS_READ.value}))


def tried(profile: FeedProfile, viewer: Viewer) -> Trial:
    """Fetch it.

    Raises Refusal (an option that the format no longer knows, a format that is gone), NotReady, FileNotFoundError (a
    file that vanished).
    """
    fmt, began = format_of(profile.format), perf_counter()
    options = options_of(profile)
    feed = feeds.Request(viewer, fmt, options).feed()
    start, size = _beginning(viewer, fmt, feed, options)
    taken = perf_counter() - began
    lines = start[:BYTES].decode(errors="replace").splitlines()
    shown = lines[:LINES]
    reasons = sorted(feed.content.reasons.items(), key=lambda found: (-found[1], found[0]))
    return Trial(
        media_type=fmt.media_type, size=size, count=feed.content.count, skipped=feed.content.skipped,
        serial=feed.serial, milliseconds=round(taken * 1000),
        reasons=[(str(feeds.REASONS[reason]), count) for reason, count in reasons], lines=shown,
        cut=size > BYTES or len(lines) > len(shown),
    )  # fmt: skip


def _beginning(viewer: Viewer, fmt: Format, feed: feeds.Feed, options: Options) -> tuple[bytes, int]:
    """At least as much as is shown, and how long the whole is."""
    if isinstance(fmt, FolderFormat):
        whole = fmt.opening(viewer, feed, options)
        return whole, len(whole)
    body, start = Body(feed.parts()), b""
    size = body.length
    for piece in body:
        start += piece
        if len(start) > BYTES:
            break
    body.close()
    return start, size
