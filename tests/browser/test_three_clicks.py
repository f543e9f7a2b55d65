"""Everyday acts in three clicks at most, counted from any page. A key counts as a click, typing does not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.village import Village


class Hand:
    """A hand that counts what it presses."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, role: str, name: str) -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def press(self, key: str) -> None:
        self.clicks += 1
        self.page.keyboard.press(key)


@pytest.fixture(params=["/", "/help", "/account/tokens"])
def hand(request: pytest.FixtureRequest, visit: Visit, village: Village) -> Hand:
    return Hand(visit(request.param, village.session))


def test_share_in_two(hand: Hand) -> None:
    hand.press("n")
    hand.page.get_by_role("textbox", name="Texte collé").fill("185.220.103.7")
    expect(hand.page.get_by_role("button", name="Partager 1 indicateur")).to_be_visible()
    hand.press("Control+Enter")
    expect(hand.page.get_by_role("heading", level=1)).to_have_text("1 indicateur partagé")
    assert hand.clicks <= 2


def test_look_one_value_up_in_two(hand: Hand) -> None:
    hand.press("/")
    hand.page.keyboard.type("hxxps://cas-valbrune-connexion[.]top/login")
    hand.press("Enter")
    expect(hand.page.get_by_role("heading", level=1)).to_contain_text("cas-valbrune-connexion[.]top")
    assert hand.clicks <= 2


def test_what_concerns_me_in_one(hand: Hand) -> None:
    hand.click("link", "Ce qui me concerne")
    expect(hand.page.get_by_role("heading", level=1)).to_have_text("Ce qui me concerne")
    assert hand.clicks <= 1


def test_let_somebody_in_in_three(hand: Hand) -> None:
    hand.click("link", "Demandes 1 attendent une réponse")
    hand.click("button", "Approuver Léo Serre")
    expect(hand.page.get_by_text("Léo Serre fait partie de la communauté.")).to_be_visible()
    assert hand.clicks <= 3


def test_the_lines_for_a_resolver_in_two(hand: Hand) -> None:
    hand.click("link", "Jetons")
    hand.click("button", "Copier : BIND 9, named.conf")
    expect(hand.page.get_by_role("status").filter(has_text="Copié.")).to_be_visible()
    assert hand.clicks <= 2


def test_take_back_in_three_from_the_list(visit: Visit, village: Village) -> None:
    hand = Hand(visit("/search?only=mine", village.session))
    hand.click("link", "185.220.100[.]240")
    hand.click("link", "Retirer notre avis")
    hand.click("button", "Retirer")
    expect(hand.page.get_by_text("Retiré. Chaque flux l’apprend")).to_be_visible()
    assert hand.clicks <= 3
