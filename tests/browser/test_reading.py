"""Searching, reading one value, taking back; the rows by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.eyes import barriers
from tests.browser.village import Village, session_of
from tests.factories import contribute, publish


def ask(page: Page, text: str) -> None:
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.locator("#q").fill(text)
    page.keyboard.press("Enter")


def test_one_value_leads_to_its_page(visit: Visit, village: Village) -> None:
    page = visit("/", village.session)
    ask(page, "hxxps://cas-valbrune-connexion[.]top/login")
    expect(page.get_by_role("heading", level=1)).to_have_text("hxxps://cas-valbrune-connexion[.]top/login")
    expect(page.locator(".verdict")).to_contain_text("Aucun de vos flux de blocage ne le porte : son PAP")


def test_a_network_finds_what_lies_in_it_and_a_name_what_lies_under_it(visit: Visit, village: Village) -> None:
    contribute(village.meriane, "www.secure-cas-login.top", type_name="domain")
    publish()
    page = visit("/", village.session)
    ask(page, "185.220.100.0/24")
    expect(page.get_by_role("link", name="185.220.100[.]240")).to_be_visible()
    ask(page, ".secure-cas-login.top")
    expect(page.locator("[data-row]")).to_have_count(2)
    ask(page, "faux CAS")
    expect(page.get_by_role("link", name="185.220.100[.]240")).to_be_visible()
    ask(page, "jamais-vu.top")
    expect(page.get_by_role("heading", name="Inconnue de vous")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_many_values_at_once(visit: Visit, village: Village, scripts: bool) -> None:
    page = visit("/search", village.session, java_script_enabled=scripts)
    page.get_by_text("Vérifier plusieurs valeurs").click()
    page.get_by_label("Une valeur par ligne").fill("185.220.100[.]240\njamais-vu.top\nbonjour à tous")
    page.get_by_role("button", name="Vérifier", exact=True).click()
    expect(page.locator("main")).to_contain_text("3 lignes = 1 connue + 1 inconnue + 1 non lue")
    assert page.url.endswith("/search")  # what is looked up stands in no address
    if scripts:
        assert barriers(page) == []


def test_pages_follow_each_other_without_javascript(
    visit: Visit, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sharing.search.finding.PAGE", 3)
    page = visit("/search?only=live", village.session, java_script_enabled=False)
    first = page.locator("[data-row]").all_inner_texts()
    page.get_by_role("link", name="Plus anciens").click()
    second = page.locator("[data-row]").all_inner_texts()
    assert len(first) == 3
    assert set(first).isdisjoint(second)
    page.get_by_role("link", name="Les plus récents").click()
    assert page.locator("[data-row]").all_inner_texts() == first


def test_rows_are_walked_and_opened_by_keyboard(visit: Visit, village: Village) -> None:
    page = visit("/search", village.session)
    page.keyboard.press("j")
    first = page.locator("[data-row-current] [data-open]").inner_text()
    page.keyboard.press("j")
    second = page.locator("[data-row-current] [data-open]").inner_text()
    assert first != second
    page.keyboard.press("k")
    assert page.locator("[data-row-current] [data-open]").inner_text() == first
    page.keyboard.press("Enter")
    page.wait_for_url("**/i/**")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_page_of_a_value_says_everything_first(visit: Visit, village: Village) -> None:
    page = visit(village.paths["value"], village.session)
    expect(page.locator(".verdict-sentence")).to_contain_text("2 établissements l’ont partagé")
    expect(page.locator(".verdict-sentence")).to_contain_text("Vos flux de blocage le portent.")
    expect(page.get_by_text("Allemagne")).to_be_visible()
    expect(page.get_by_text("AS60729, Exemple")).to_be_visible()
    expect(page.get_by_text("confiance forte (80)")).to_be_visible()
    expect(page.get_by_role("img", name="Partagé par d’autres. 1 fois")).to_be_visible()
    page.get_by_text("Lire en tableau").click()
    rows = page.get_by_role("table", name="Avis par jour").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(page.get_by_role("link", name="185.220.100[.]250")).to_be_visible()
    assert barriers(page) == []


def test_the_real_value_is_copied_and_never_linked(visit: Visit, village: Village) -> None:
    page = visit(village.paths["value-own"], village.session, permissions=["clipboard-read", "clipboard-write"])
    page.locator(".value--hero .value-copy").click()
    expect(page.get_by_role("status").filter(has_text="Valeur réelle copiée")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "https://cas-valbrune-connexion.top/login"
    outside = page.evaluate("[...document.links].filter((a) => a.host !== location.host).length")
    assert outside == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_taking_back_asks_first(visit: Visit, village: Village, scripts: bool) -> None:
    page = visit(village.paths["value"], village.session, java_script_enabled=scripts)
    page.get_by_role("link", name="Retirer notre avis").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Retirer notre avis ?")
    expect(page.locator("main")).to_contain_text("1 autre avis sur cette valeur reste.")
    village.value.refresh_from_db()
    assert village.value.withdrawn_at is None
    page.get_by_role("button", name="Retirer", exact=True).click()
    expect(page.get_by_text("Retiré. Chaque flux l’apprend")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("faux CAS")
    village.value.refresh_from_db()
    assert village.value.withdrawn_at is not None


def test_the_statement_of_others_is_not_ours_to_take_back(visit: Visit, village: Village) -> None:
    page = visit(f"/contributions/{village.over.public_id}/withdraw", village.session)
    expect(page.get_by_role("heading", level=1)).to_have_text("Rien ici")
    page = visit(village.paths["value"], session_of(village.reader))
    expect(page.get_by_role("link", name="Retirer notre avis")).to_have_count(0)


def test_an_anonymous_statement_names_nobody(visit: Visit, village: Village) -> None:
    page = visit("/search?q=secure-cas-login.top", village.session)
    expect(page.get_by_text("Établissement non nommé")).to_be_visible()
    assert "INP Mériane" not in page.content()


def test_a_value_said_again_begins_with_its_own_marking(visit: Visit, village: Village) -> None:
    page = visit(village.paths["value-own"], village.session)
    page.get_by_role("button", name="Confirmer de nouveau").click()
    expect(page.locator("#pap-red")).to_be_checked()
    page.get_by_role("button", name="Partager 1 indicateur").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 indicateur partagé")
    village.own.refresh_from_db()
    assert village.own.refreshed_at > village.own.created_at
