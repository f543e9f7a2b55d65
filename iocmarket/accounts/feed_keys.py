"""Feed keys: for consumers that can send no header, a key that stands in the address of one feed.

An address is written into logs, histories and bookmarks; hence a key opens one feed, reads only, is accepted nowhere
else, and no token is accepted there. The community decides whether there are any (`Switch`): off unless switched on.

Houses above say which feeds there are (`feeds.register`): this one names none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from iocmarket.accounts.models import Switch
from iocmarket.audit.services import Actor, record
from iocmarket.kernel.decision import Refusal


@dataclass(frozen=True, slots=True)
class KnownFeed:
    """One feed that a key may open: its name in addresses, and the extension of its file; none of a folder."""

    name: str
    extension: str

    def address(self, key: str) -> str:
        """The whole address, with the key in it."""
        file = f"{self.name}.{self.extension}" if self.extension else self.name
        return f"{settings.PUBLIC_URL}/feeds/k/{key}/{file}"


class KnownFeeds:
    """The feeds, as whoever serves them lists them."""

    def __init__(self) -> None:
        self._listed: list[Callable[[int], list[KnownFeed]]] = []

    def register(self, listed: Callable[[int], list[KnownFeed]]) -> None:
        """Add the feeds of an institution, by its key; asked each time, since it may make more."""
        self._listed.append(listed)

    def all(self, institution_id: int) -> list[KnownFeed]:
        """Every one, by name."""
        found = (feed for listed in self._listed for feed in listed(institution_id))
        return sorted(found, key=lambda feed: feed.name)

    def named(self, name: str, institution_id: int) -> KnownFeed | None:
        """The one of that name."""
        return next((feed for feed in self.all(institution_id) if feed.name == name), None)


feeds = KnownFeeds()


def are_on() -> bool:
    """Whether feed keys open anything now. One statement."""
    return Switch.objects.filter(name=Switch.Name.FEED_KEYS).exists()


@transaction.atomic
def switch(*, on: bool, actor: Actor) -> bool:
    """Let feed keys open their feeds, or none of them; whether that changed anything."""
    if on:
        _row, changed = Switch.objects.get_or_create(name=Switch.Name.FEED_KEYS)
    else:
        changed = bool(Switch.objects.filter(name=Switch.Name.FEED_KEYS).delete()[0])
    if changed:
        record("community.feed_keys", actor=actor, subject_type="community", details={"on": on})
    return changed


def check_feed(name: str, institution_id: int) -> KnownFeed:
    """The feed that a new key is to open. Raises Refusal: `feed_keys_off`, `unknown_feed`."""
    if not are_on():
        raise Refusal("feed_keys_off", "the community has not switched feed keys on")
    found = feeds.named(name, institution_id)
    if found is None:
        listed = ", ".join(feed.name for feed in feeds.all(institution_id))
        raise Refusal("unknown_feed", f"there is no feed {name[:40]!r}; the feeds are {listed}")
    return found
