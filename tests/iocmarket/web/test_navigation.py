"""Places register themselves; the shell draws them without knowing whose they are."""

from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from iocmarket.web.navigation import Group, Links, Navigation, NavItem


def place(key: str, *, order: int = 1, shortcut: str = "", visible: bool = True, also: tuple[str, ...] = ()) -> NavItem:
    def seen(_request: HttpRequest) -> bool:
        return visible

    return NavItem(
        key=key, label=key, url_name=key, icon="home", order=order, shortcut=shortcut, visible=seen, also=also
    )


def test_places_come_in_their_order_and_only_those_the_reader_may_see(rf: RequestFactory) -> None:
    navigation = Navigation()
    navigation.register(place("second", order=2), place("hidden", visible=False), place("first", order=1))
    assert [item.key for item in navigation.seen_by(rf.get("/"), Group.MAIN)] == ["first", "second"]


def test_two_places_never_share_a_key_or_a_letter() -> None:
    navigation = Navigation()
    navigation.register(place("home", shortcut="h"))
    with pytest.raises(ValueError, match="registered twice"):
        navigation.register(place("home"))
    with pytest.raises(ValueError, match="is taken"):
        navigation.register(place("help", shortcut="h"))


def test_a_page_below_a_place_keeps_it_current() -> None:
    tokens = place("tokens", also=("token-",))
    assert tokens.is_current("tokens")
    assert tokens.is_current("token-revoke")
    assert not tokens.is_current("applications")
    assert not place("home").is_current("tokens")


def test_a_kind_without_a_page_has_no_link() -> None:
    links = Links()
    assert links.to("indicator", "x") is None
    links.register("indicator", "preference")
    assert links.to("indicator", "theme") == "/preferences/theme"
