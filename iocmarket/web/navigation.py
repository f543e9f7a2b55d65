"""Where one can go. Each app registers its places in its AppConfig.ready(); the shell draws them, knowing none.

The places `search` and `share` also become the search box and the primary button at the top; `links` tells the value
chip which page shows an indicator, so that this house never names the pages of the houses above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import reverse

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Group(StrEnum):
    """The part of the shell in which a place is drawn."""

    MAIN = "main"
    COMMUNITY = "community"
    FOOT = "foot"


@dataclass(frozen=True, slots=True)
class Badge:
    """A number beside a place. `meaning` is read aloud after it ("to handle"); `alert` asks for action."""

    count: int
    meaning: StrOrPromise
    alert: bool = False


def _everyone_logged_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)  # a request refused by an early middleware has none
    return user is not None and user.is_authenticated


def _no_badge(_request: HttpRequest) -> Badge | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One place. `shortcut` is the letter after `g` on the keyboard; `visible` and `badge` are asked per request.

    `also` names further url names (without arguments) or their prefixes that belong to the place, so that a page
    below it keeps the place marked as the current one.
    """

    key: str
    label: StrOrPromise
    url_name: str
    icon: str
    order: int
    group: Group = Group.MAIN
    shortcut: str = ""
    also: tuple[str, ...] = ()
    visible: Callable[[HttpRequest], bool] = _everyone_logged_in
    badge: Callable[[HttpRequest], Badge | None] = _no_badge

    def is_current(self, view_name: str) -> bool:
        """Whether the page of that url name lies in this place."""
        return view_name == self.url_name or view_name.startswith(self.also)


class Navigation:
    """The registered places, in order. Registering a key or a shortcut twice raises ValueError."""

    def __init__(self) -> None:
        self._items: dict[str, NavItem] = {}

    def register(self, *items: NavItem) -> None:
        """Add places."""
        for item in items:
            if item.key in self._items:
                raise ValueError(f"the place {item.key!r} is registered twice")
            if item.shortcut and item.shortcut in {known.shortcut for known in self._items.values()}:
                raise ValueError(f"the shortcut {item.shortcut!r} of {item.key!r} is taken")
            self._items[item.key] = item

    def unregister(self, key: str) -> None:
        """Take a place out again: for tests."""
        del self._items[key]

    def __iter__(self) -> Iterator[NavItem]:
        return iter(self._items.values())

    def seen_by(self, request: HttpRequest, group: Group) -> Iterable[NavItem]:
        """The places of one group that this reader sees, in order."""
        places = sorted((item for item in self if item.group == group), key=lambda item: item.order)
        return [item for item in places if item.visible(request)]


navigation = Navigation()


class Links:
    """Which url name shows a kind of object, by its public id. A kind that nobody registered has no link."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def register(self, kind: str, url_name: str) -> None:
        """Say that `url_name`, with one positional argument, shows objects of this kind."""
        self._names[kind] = url_name

    def to(self, kind: str, public_id: object) -> str | None:
        """The path of one object's page, or None where no page shows that kind."""
        name = self._names.get(kind)
        return reverse(name, args=[public_id]) if name else None


links = Links()
