"""Usable in five minutes: from the letter to the lines that a resolver needs, with the clicks and screens counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from iocmarket.accounts import invitations
from iocmarket.accounts.roles import Role
from iocmarket.vetting.charters import publish_charter
from tests.browser.conftest import Visit
from tests.browser.village import Village
from tests.factories import PASSWORD
from tests.mailbox import Mailbox
from tests.second_factors import code_of

CLICKS, SCREENS = 11, 9
"""At most, copying included: invitation, charter, second factor, app, codes, home, share, shared, tokens."""


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def counted(page: Page) -> tuple[Callable[[Locator], None], list[str]]:
    """A way of clicking that counts, by what was clicked."""
    clicks: list[str] = []

    def click(on: Locator) -> None:
        clicks.append(on.inner_text().split("\n")[0])
        on.click()

    return click, clicks


def test_from_the_letter_to_the_lines_of_a_resolver(
    visit: Visit, village: Village, mailbox: Mailbox, settings: Settings
) -> None:
    settings.MFA_REQUIRED = "managers"
    publish_charter(text_fr="# Nos engagements\n\n- Respecter le TLP.", text_en="Be kind.", by=village.manager)
    invitations.invite(village.meriane, email="hugo@inp-meriane.fr", role=Role.MANAGER, by=village.manager)
    [link] = [link for link in mailbox.letters("hugo@inp-meriane.fr")[-1].links if "key=" in link]
    page = visit("/invitation?" + link.partition("?")[2])
    click, clicks = counted(page)
    screens: list[str] = []

    def stands(heading: str) -> None:
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        screens.append(heading)

    stands("INP Mériane vous accueille")
    page.get_by_label("Votre nom").fill("Hugo Lambert")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    click(page.get_by_role("button", name="Entrer"))
    stands("Charte de la communauté")
    click(page.get_by_role("button", name="J’accepte cette charte"))
    stands("Encore une chose avant de continuer")
    click(page.get_by_role("link", name="Configurer une application d’authentification"))
    stands("Configurer une application d’authentification")
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_label("Code que l’application affiche maintenant").fill(code_of(secret))
    click(page.get_by_role("button", name="Ajouter cette application"))
    stands("Codes de secours")
    click(page.get_by_role("link", name="Je les garde en lieu sûr"))
    stands("Ce qui me concerne")
    steps = page.get_by_role("region", name="Premiers pas")
    expect(steps.get_by_text("À faire")).to_have_count(3)  # a colleague is there
    click(steps.get_by_role("link", name="Coller une ligne"))
    stands("Partager")
    page.get_by_role("textbox", name="Texte collé").fill("185.220.103.77")
    click(page.get_by_role("button", name="Partager 1 indicateur"))
    stands("1 indicateur partagé")
    click(page.get_by_role("link", name="Jetons"))
    stands("Jetons")
    page.get_by_label("Nom", exact=True).first.fill("BIND")
    click(page.get_by_role("button", name="Créer le jeton"))
    made = page.locator("#secret").inner_text()
    card = page.get_by_role("article", name="BIND 9")
    expect(card).to_contain_text(made)
    click(card.get_by_role("button", name="Copier").first)
    assert (len(clicks) <= CLICKS, len(screens) <= SCREENS) == (True, True), (clicks, screens)
