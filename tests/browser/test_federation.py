"""Log-in through a provider in a real browser: finding one's institution among many."""

from __future__ import annotations

import os

from playwright.sync_api import Page, expect
from pytest_django import Settings

from tests.browser.conftest import Visit
from tests.browser.eyes import barriers
from tests.iocmarket.sso.conftest import configure, oidc_provider, oidc_servers

__all__ = ["oidc_servers"]


PICTURES = os.environ.get("IOCMARKET_PICTURES", "")
"""A folder: pictures are taken when it is named."""


def _photograph(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_many_are_searched(visit: Visit, transactional_db: None, settings: Settings) -> None:
    configure(
        settings,
        [oidc_provider(f"p{n}", f"https://idp{n}.example", f"u{n}.example", "U", name=f"École {n}") for n in range(12)],
    )
    page = visit("/accounts/login")
    page.locator("#sso-search").fill("u7")
    page.locator("#sso-search").press("Enter")
    expect(page.get_by_role("button", name="École 7")).to_be_visible()
    _photograph(page, "federation-choose")
    assert barriers(page) == []
