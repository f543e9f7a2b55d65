"""What every page's shell needs, computed only when a template asks for it (machine answers never do)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from iocmarket.web.navigation import Badge, Group, NavItem, navigation
from iocmarket.web.preferences import PREFERENCES
from iocmarket.web.redaction import redacted

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Place:
    """A NavItem as one reader sees it on one page."""

    key: str
    label: StrOrPromise
    url: str
    icon: str
    shortcut: str
    current: bool
    badge: Badge | None


class Shell:
    """The frame around one page for one reader."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def name(self) -> str:
        """The community's own name for the platform."""
        return str(settings.COMMUNITY_NAME)

    @property
    def is_demonstration(self) -> bool:
        """Whether nobody is asked for a second factor here (ADR 40): pages of the log-in say so."""
        return str(settings.MFA_REQUIRED) == "none"

    @property
    def theme(self) -> str:
        """`light`, `dark`, or nothing: then the system decides."""
        return PREFERENCES["theme"].of(self._request)

    @property
    def density(self) -> str:
        """Height of table rows: `dense` or `comfortable`."""
        return PREFERENCES["density"].of(self._request)

    @property
    def keyboard(self) -> str:
        """Whether single-letter shortcuts are `on` or `off`."""
        return PREFERENCES["keyboard"].of(self._request)

    @property
    def languages(self) -> list[tuple[str, str]]:
        """The interface's languages, each under its own name."""
        return [(code, str(name)) for code, name in settings.LANGUAGES]

    @property
    def here(self) -> str:
        """Where to come back to after setting a preference: a page that can be asked for with GET.

        The query string is left out: a looked-up value must not be copied into further requests, and neither must an
        address with a key in it.
        """
        path = self._request.path
        return path if self._request.method in {"GET", "HEAD"} and redacted(path) == path else "/"

    @cached_property
    def main(self) -> list[Place]:
        """The first group of the navigation."""
        return self._places(Group.MAIN)

    @cached_property
    def community(self) -> list[Place]:
        """The second group of the navigation."""
        return self._places(Group.COMMUNITY)

    @cached_property
    def foot(self) -> list[Place]:
        """The links at the bottom of every page."""
        return self._places(Group.FOOT)

    @property
    def shortcuts(self) -> list[Place]:
        """The places with a letter, for the help dialog."""
        return [place for place in self.main + self.community if place.shortcut]

    @cached_property
    def search(self) -> Place | None:
        """The place that the search box asks, if the reader has one."""
        return self._one("search")

    @cached_property
    def share(self) -> Place | None:
        """The place of the primary button."""
        return self._one("share")

    def _places(self, group: Group) -> list[Place]:
        return [self._place(item) for item in navigation.seen_by(self._request, group)]

    def _one(self, key: str) -> Place | None:
        return next((place for place in self.main + self.community if place.key == key), None)

    def _place(self, item: NavItem) -> Place:
        match = self._request.resolver_match
        return Place(
            key=item.key,
            label=item.label,
            url=reverse(item.url_name),
            icon=item.icon,
            shortcut=item.shortcut,
            current=match is not None and item.is_current(match.view_name),
            badge=item.badge(self._request),
        )


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: `shell` in every template."""
    return {"shell": Shell(request)}
