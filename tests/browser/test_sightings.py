"""The two buttons of a value's page: seen here, false positive; and taking a report back. With and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from iocmarket.indicators.models import Sighting
from tests.browser.conftest import Visit
from tests.browser.eyes import barriers
from tests.browser.village import Village, session_of


@pytest.mark.parametrize("scripts", [True, False])
def test_seen_here_and_false_positive(visit: Visit, village: Village, scripts: bool) -> None:
    page = visit(village.paths["value"], village.session, java_script_enabled=scripts)
    page.get_by_role("button", name="Vu chez nous").click()
    expect(page.get_by_text("Noté : vu dans votre établissement.")).to_be_visible()
    table = page.get_by_role("table", name="Observations par établissement")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(page.locator(".verdict-sentence")).to_contain_text("Vos flux de blocage le portent.")
    page.get_by_role("button", name="Faux positif", exact=True).click()
    expect(page.locator(".notice-text")).to_contain_text("Signalé comme faux positif.")
    expect(page.locator(".verdict-sentence")).to_contain_text("il est signalé comme faux positif")
    expect(page.get_by_role("button", name="Faux positif", exact=True)).to_have_count(0)
    if scripts:
        assert barriers(page) == []
    page.get_by_role("button", name="Retirer : Faux positif").click()
    expect(page.get_by_text("Votre signalement est retiré.")).to_be_visible()
    expect(page.locator(".verdict-sentence")).to_contain_text("Vos flux de blocage le portent.")
    kinds = Sighting.unscoped.filter(withdrawn_at__isnull=True).values_list("kind", flat=True)
    assert list(kinds) == ["seen"]


def test_the_buttons_speak_english_too(visit: Visit, village: Village) -> None:
    page = visit(village.paths["value"], village.session, locale="en-GB")
    expect(page.get_by_role("button", name="We saw it")).to_be_visible()
    page.get_by_role("button", name="False positive", exact=True).click()
    expect(page.get_by_text("Reported as a false positive. Your block feeds drop it at once.")).to_be_visible()


def test_whoever_only_reads_has_no_buttons(visit: Visit, village: Village) -> None:
    page = visit(village.paths["value"], session_of(village.reader))
    expect(page.get_by_role("button", name="Vu chez nous")).to_have_count(0)
    expect(page.get_by_role("button", name="Faux positif")).to_have_count(0)
