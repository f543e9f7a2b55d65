"""Sharing, as a person does it: by mouse, by keyboard, and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from ingestion.submissions.models import Submission
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import PAP, TLP
from tests.browser.conftest import Visit
from tests.browser.eyes import barriers, overflow
from tests.browser.village import PASTED, Village, session_of
from tests.factories import publish

MIXED = "185.220.103[.]7\n10.20.30.41\n198.51.100.7/33\nhxxps://portail-faux[.]top/login"


def account(page: Page) -> list[int]:
    """The sum at the top of the lines: total, then its parts."""
    return [int(number) for number in re.findall(r"\d+", page.locator(".account-sum").inner_text())]


def test_paste_look_share(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill(MIXED)
    expect(page.locator(".account-sum")).to_contain_text("4 lignes lues")
    total, *parts = account(page)
    assert total == sum(parts) == 4
    expect(page.locator(".stepper [aria-current]")).to_have_text("Vérifier")
    expect(page.get_by_role("row", name="198.51.100.7/33")).to_contain_text("Préfixe impossible")
    assert barriers(page) == []
    page.get_by_role("button", name="Partager 3 indicateurs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 indicateurs partagés")
    expect(page.get_by_role("row", name="198.51.100.7/33")).to_contain_text("Refusé")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 indicateurs partagés")
    assert Submission.objects.filter(channel=Submission.Channel.WEB).count() == 2  # the village's and this one
    publish()
    page.get_by_role("link", name="185.220.103[.]7").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("185.220.103[.]7")


def test_only_lines_to_look_at_are_shown_on_demand(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill(MIXED)
    rows = page.locator("#lines tbody tr:visible")
    expect(rows).to_have_count(4)
    page.get_by_role("radio", name="À revoir").check()
    expect(rows).to_have_count(2)
    page.get_by_role("link", name="Corriger").click()
    expect(page.get_by_role("textbox", name="Texte collé")).to_be_focused()
    chosen = page.evaluate(
        "(() => { const a = document.activeElement; return a.value.slice(a.selectionStart, a.selectionEnd) })()"
    )
    assert chosen == "198.51.100.7/33"
    page.keyboard.type("198.51.100.0/25")
    expect(page.get_by_role("row", name="198.51.100[.]0/25")).to_be_visible()


def test_one_line_gets_its_own_marking_and_keeps_it_when_lines_move(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    text = page.get_by_role("textbox", name="Texte collé")
    text.fill("185.220.103.7\n185.220.103.8")
    page.get_by_role("row", name="185.220.103[.]8").get_by_text("Régler").click()
    page.get_by_label("TLP de la ligne 2").select_option("TLP:GREEN")
    page.get_by_label("PAP de la ligne 2").select_option("PAP:RED")
    text.fill("185.220.103.6\n185.220.103.7\n185.220.103.8")
    expect(page.get_by_label("TLP de la ligne 3")).to_have_value("green")
    expect(page.get_by_label("PAP de la ligne 3")).to_have_value("red")
    page.get_by_role("button", name="Partager 3 indicateurs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 indicateurs partagés")
    marked = dict(
        Contribution.unscoped.filter(indicator__value__startswith="185.220.103.").values_list("indicator__value", "tlp")
    )
    assert marked == {"185.220.103.6": TLP.AMBER, "185.220.103.7": TLP.AMBER, "185.220.103.8": TLP.GREEN}
    assert Contribution.unscoped.get(indicator__value="185.220.103.8").pap == PAP.RED


def test_nothing_leaves_that_was_not_looked_at(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill("185.220.103.7")
    page.keyboard.press("Control+Enter")  # before the look can have come
    expect(page.locator(".stepper [aria-current]")).to_have_text("Vérifier")
    assert not Contribution.unscoped.filter(indicator__value="185.220.103.7").exists()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 indicateur partagé")


def test_sharing_without_javascript(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session, java_script_enabled=False)
    page.get_by_role("textbox", name="Texte collé").fill(MIXED)
    page.get_by_role("radio", name="TLP:GREEN").check()
    page.get_by_text("Établissements à choisir").click()
    page.get_by_label("INP Mériane").check()
    page.get_by_role("button", name="Vérifier, puis partager").click()
    expect(page.locator(".account-sum")).to_contain_text("4 lignes lues")
    expect(page.locator("#tlp-green")).to_be_checked()
    page.get_by_role("radio", name="À revoir").check()
    expect(page.locator("#lines tbody tr:visible")).to_have_count(2)
    page.get_by_role("button", name="Partager 3 indicateurs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 indicateurs partagés")
    said = Contribution.unscoped.get(indicator__value="185.220.103.7")
    assert (said.audience, said.recipients, said.tlp) == ("recipients", [village.meriane.pk], TLP.GREEN)


def test_recipients_that_nobody_chose_are_asked_for(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_text("Établissements à choisir").click()
    page.get_by_role("textbox", name="Texte collé").fill("185.220.103.7")
    expect(page.locator("#lines").get_by_role("alert")).to_contain_text("Choisissez au moins un établissement.")
    page.get_by_role("button", name="Relire").click()
    expect(page.get_by_role("alert").first).to_contain_text("Choisissez au moins un établissement.")
    expect(page.get_by_role("textbox", name="Texte collé")).to_have_value("185.220.103.7")
    assert barriers(page) == []


def test_prose_without_a_value_teaches(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill(
        "Bonjour à tous, merci de vérifier vos journaux depuis hier soir."
    )
    expect(page.get_by_role("heading", name="Aucun indicateur trouvé")).to_be_visible()
    assert barriers(page) == []


def test_a_password_is_shown_nowhere(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill("jean.martin@univ-valbrune.fr:Tr3sSecret!\n185.220.103.7")
    expect(page.locator(".account-sum")).to_contain_text("2 lignes lues")
    assert "Tr3sSecret!" not in page.locator("#lines").inner_text()
    page.get_by_role("button", name="Partager 1 indicateur").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 indicateur partagé")
    assert "Tr3sSecret!" not in page.content()
    assert not Submission.objects.filter(raw__contains="Tr3sSecret!").exists()


def test_a_reader_is_told_why_not(visit: Visit, village: Village) -> None:
    page = visit("/share", session_of(village.reader))
    expect(page.get_by_role("heading", name="Vous lisez, vous ne partagez pas")).to_be_visible()
    expect(page.locator("[data-key=n]")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390])
def test_the_look_fits_a_phone(visit: Visit, village: Village, width: int) -> None:
    page = visit("/share", village.session, viewport={"width": width, "height": 800})
    page.get_by_role("textbox", name="Texte collé").fill(
        PASTED + "\nhttps://" + "tres-long-" * 6 + "nom.top/" + "a" * 300
    )
    expect(page.locator("#lines tbody tr").first).to_be_visible()
    assert overflow(page) == 0
    assert barriers(page) == []
