"""Second factors as people meet them: an app without JavaScript, a passkey on a device that chromium plays."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django import Settings

from tests.browser.conftest import Visit
from tests.browser.village import Village
from tests.factories import PASSWORD
from tests.second_factors import code_of

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def give_device(page: Page) -> None:
    """The browser has a device with a fingerprint reader, which somebody touches whenever it asks."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


def log_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


def give_password(page: Page, email: str) -> None:
    page.goto("/accounts/login")
    page.get_by_label("Courriel").fill(email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()


def test_a_passkey_is_added_and_logs_in_alone_and_as_a_second_step(visit: Visit, village: Village) -> None:
    page = visit("/accounts/2fa/webauthn/add/", village.session)
    give_device(page)
    page.get_by_label("Nom", exact=True).fill("Téléphone")
    expect(page.get_by_label("Me connecter avec elle seule, sans mot de passe")).to_be_checked()
    page.get_by_role("button", name="Continuer avec l’appareil").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Codes de secours")
    assert len(re.findall(r"\b\d{8}\b", page.locator(".codes").inner_text())) == 10
    page.get_by_role("link", name="Je les garde en lieu sûr").click()
    expect(page.get_by_role("rowheader", name="Clé d’accès « Téléphone »")).to_be_visible()

    log_out(page)
    page.get_by_role("button", name="Avec une clé d’accès").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui me concerne")

    log_out(page)
    give_password(page, village.manager.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Seconde étape")
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui me concerne")


def test_a_browser_without_the_key_is_told_so_and_stays_out(visit: Visit, village: Village) -> None:
    page = visit("/accounts/login")
    give_device(page)
    page.get_by_role("button", name="Avec une clé d’accès").click()
    expect(page.get_by_role("alert")).to_contain_text("L’appareil n’a pas répondu")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


def test_an_app_is_set_up_on_the_first_day_without_javascript(
    visit: Visit, village: Village, settings: Settings
) -> None:
    settings.MFA_REQUIRED = "managers"
    page = visit("/", java_script_enabled=False)
    give_password(page, village.manager.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Encore une chose avant de continuer")
    page.goto("/search")
    expect(page.get_by_role("heading", level=1)).to_have_text("Encore une chose avant de continuer")
    page.get_by_role("link", name="Configurer une application d’authentification").click()
    expect(page.get_by_role("img", name="La même clé sous forme d’image")).to_be_visible()
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_label("Code que l’application affiche maintenant").fill(code_of(secret))
    page.get_by_role("button", name="Ajouter cette application").click()
    page.get_by_role("link", name="Je les garde en lieu sûr").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui me concerne")

    other = visit("/", java_script_enabled=False)
    give_password(other, village.manager.email)
    other.get_by_label("Code à six chiffres, ou code de secours").fill(code_of(secret, steps=1))
    other.get_by_role("button", name="Se connecter").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Ce qui me concerne")
