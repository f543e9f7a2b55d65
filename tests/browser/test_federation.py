"""Log-in through a provider in a real browser: out to it by a form, back by its redirect, and the pages on the way."""

from __future__ import annotations

import os
import re

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from tests.browser.conftest import Visit
from tests.browser.eyes import barriers, overflow
from tests.browser.village import session_of
from tests.factories import make_institution, make_member
from tests.iocmarket.sso.conftest import configure, oidc_provider, oidc_servers

__all__ = ["oidc_servers"]


PICTURES = os.environ.get("IOCMARKET_PICTURES", "")
"""A folder: pictures are taken when it is named."""


def _photograph(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_somebody_new_logs_in_and_is_let_in(
    visit: Visit,
    browser: Browser,
    live_server: LiveServer,
    oidc_servers: tuple[str, str],
    settings: Settings,
    scheme: str,
) -> None:
    cache.clear()
    institution = make_institution("Université A")
    manager = make_member(institution, role=Role.MANAGER)
    settings.PUBLIC_URL = live_server.url
    settings.OUTBOUND_ALLOWED = tuple(issuer.removeprefix("http://") for issuer in oidc_servers)
    configure(settings, [oidc_provider("a", oidc_servers[0], "a.example", "Université A", name="Université A")])
    page = visit("/accounts/login", color_scheme=scheme)
    _photograph(page, f"federation-login-{scheme}")
    assert barriers(page) == []
    context = browser.new_context(base_url=live_server.url, locale="fr-FR")  # its own: the provider's page complains
    page = context.new_page()
    page.goto("/accounts/login")
    page.get_by_role("button", name="Par Université A").click()
    page.wait_for_url(re.compile("/oauth2/authorize"))
    page.locator("input[name=sub]").first.fill("ada")
    page.locator("form button").first.click()
    page.wait_for_url("**/account/waiting")
    expect(page.get_by_text("ada@a.example")).to_be_visible()
    context.close()
    page = visit("/members", session_of(manager), color_scheme=scheme)
    _photograph(page, f"federation-members-{scheme}")
    assert barriers(page) == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert not overflow(page)
    page.get_by_role("button", name="Faire entrer Ada Exemple").click()
    expect(page.get_by_text("Ada Exemple").first).to_be_visible()
    assert Member.objects.get(email="ada@a.example").state == Member.State.APPROVED
    page.goto("/account/connections")
    _photograph(page, f"federation-connections-{scheme}")
    assert barriers(page) == []


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
