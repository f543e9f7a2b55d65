"""The shell in a browser: themes, languages, keyboard, barriers, and life without JavaScript."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.eyes import barriers, overflow, photograph

PUBLIC = ["/accounts/login", "/accounts/signup", "/accounts/password/reset", "/nowhere"]


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_before_log_in_have_no_barrier(visit: Visit, path: str, scheme: str) -> None:
    assert barriers(visit(path, color_scheme=scheme)) == []


@pytest.mark.parametrize("path", PUBLIC)
def test_a_narrow_screen_never_scrolls_sideways(visit: Visit, path: str) -> None:
    assert overflow(visit(path, viewport={"width": 320, "height": 700})) == 0


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_theme_is_the_systems_until_the_reader_chooses_and_survives_a_reload(visit: Visit) -> None:
    page = visit("/accounts/login", color_scheme="dark")
    dark = ground(page)
    with page.expect_response(lambda answer: "/preferences/theme" in answer.url):
        page.get_by_role("button", name="Changer de thème").click()
    light = ground(page)
    assert light != dark
    page.reload()
    assert ground(page) == light
    assert page.locator("html").get_attribute("data-bs-theme") == "light"


def test_the_language_is_one_click_away(visit: Visit) -> None:
    page = visit("/accounts/login")
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_preferences_work_without_javascript(visit: Visit) -> None:
    page = visit("/accounts/login", java_script_enabled=False)
    page.get_by_role("button", name="Changer de thème").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


def test_the_first_tab_skips_to_the_content(visit: Visit) -> None:
    page = visit("/accounts/login")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_pictures_are_taken_in_both_themes_and_widths(visit: Visit, tmp_path: Path) -> None:
    taken = photograph(visit("/accounts/login"), tmp_path, "login")
    assert [path.name for path in taken] == [
        "login-light-1440.png",
        "login-dark-1440.png",
        "login-light-390.png",
        "login-dark-390.png",
    ]
    assert len({path.read_bytes() for path in taken}) == len(taken)
