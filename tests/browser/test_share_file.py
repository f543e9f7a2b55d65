"""Sharing a file: a short one is looked at like a paste, a long one is worked off while its page tells how far."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from ingestion.submissions import parts, queueing, working
from ingestion.submissions.models import Submission
from tests.browser.conftest import Visit
from tests.browser.eyes import LOOKS, barriers, overflow
from tests.browser.village import Village

PICTURES = os.environ.get("IOCMARKET_PICTURES", "")


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker lives, and does its work when the test says so."""
    monkeypatch.setattr(queueing, "hint", lambda pk: None)
    cache.set("heartbeat:worker", 1, timeout=300)


def table(folder: Path, count: int) -> Path:
    """A file as a French spreadsheet writes it."""
    path = folder / "indicateurs.csv"
    lines = "".join(f"45.1.{n // 250}.{n % 250};vu à Mériane\r\n" for n in range(count))
    path.write_bytes(f"valeur;commentaire\r\n{lines}pas un indicateur;\r\n".encode("cp1252"))
    return path


def test_a_short_file_is_looked_at_line_by_line(visit: Visit, village: Village, tmp_path: Path) -> None:
    page = visit("/share", village.session)
    page.get_by_label("Ou un fichier").set_input_files(table(tmp_path, 3))
    expect(page.locator(".account-sum")).to_contain_text("4 lignes lues")
    assert barriers(page) == []
    page.get_by_role("button", name="Partager 3 indicateurs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 indicateurs partagés")


def test_a_long_file_is_worked_off_behind_its_page(
    visit: Visit, village: Village, tmp_path: Path, waiting: None
) -> None:
    page = visit("/share", village.session)
    page.get_by_label("Ou un fichier").set_input_files(table(tmp_path, 2300))
    expect(page.locator("#lines")).to_contain_text("Plus de 500 lignes")
    page.get_by_role("button", name="Partager").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Partage en cours")
    expect(page.get_by_role("status").filter(has_text="En attente")).to_be_visible()
    held = Submission.objects.get(expected=2301)
    assert working._step(held.pk)
    expect(page.get_by_role("status").filter(has_text="2000 lignes traitées sur 2301")).to_be_visible()
    assert barriers(page) == []
    assert overflow(page) == 0
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/progress.png", full_page=True)
    while working.work_on(held.pk):
        pass
    expect(page.get_by_role("heading", level=1)).to_have_text("2300 indicateurs partagés")
    expect(page.locator("#lines tbody tr")).to_have_count(200)
    assert barriers(page) == []
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/finished.png")
    page.get_by_role("link", name="Suivant", exact=True).click()
    expect(page.locator("#lines tbody tr").first).to_contain_text("202")
    page.get_by_role("link", name="À revoir").click()
    expect(page.locator("#lines tbody tr")).to_have_count(1)
    expect(page.locator("#lines tbody tr")).to_contain_text("pas un indicateur")


def test_six_hundred_pasted_values_show_how_far_they_are_and_their_end(
    visit: Visit, village: Village, waiting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "SIZE", 250)
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill("\n".join(f"45.1.{n // 250}.{n % 250}" for n in range(600)))
    expect(page.locator("#lines")).to_contain_text("Plus de 500 lignes")
    page.get_by_role("button", name="Partager").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Partage en cours")
    expect(page.get_by_role("status").filter(has_text="En attente")).to_be_visible()
    held = Submission.objects.get(expected=600)
    assert held.parts == 3
    for done in (250, 500):
        assert working._step(held.pk)
        expect(page.get_by_role("status").filter(has_text=f"{done} lignes traitées sur 600")).to_be_visible()
        expect(page.get_by_role("progressbar")).to_have_attribute("value", str(done))
    assert barriers(page) == []
    _look(page, "progress")
    assert working._step(held.pk) is False
    expect(page.get_by_role("heading", level=1)).to_have_text("600 indicateurs partagés")
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert barriers(page) == []
    _look(page, "progress-end")


def _look(page: Page, name: str) -> None:
    """No sideways scrolling in any look; with IOCMARKET_PICTURES the pictures are kept there."""
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) == 0, (scheme, width)
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{scheme}-{width}.png")


def test_without_scripts_a_long_file_is_shared_too(
    visit: Visit, village: Village, tmp_path: Path, waiting: None
) -> None:
    page = visit("/share", village.session, java_script_enabled=False)
    for _look_then_share in range(2):
        page.get_by_label("Ou un fichier").set_input_files(table(tmp_path, 600))
        page.locator("button[value=share]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Partage en cours")
    held = Submission.objects.get(expected=601)
    while working.work_on(held.pk):
        pass
    page.get_by_role("link", name="Actualiser").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("600 indicateurs partagés")


def test_what_was_said_of_columns_is_proposed_the_next_time_and_can_be_forgotten(
    visit: Visit, village: Village, tmp_path: Path
) -> None:
    path = tmp_path / "fournisseur.csv"
    path.write_text("Chose;Diffusion\nevil-colonnes.fr;vert\n")
    page = visit("/share", village.session)
    page.get_by_label("Ou un fichier").set_input_files(path)
    expect(page.get_by_label("Diffusion")).to_have_value("?")
    page.get_by_label("Chose").select_option("value:any")
    page.get_by_label("Diffusion").select_option("tlp")
    expect(page.locator("#lines")).to_contain_text("evil-colonnes[.]fr")
    page.get_by_role("button", name="Partager 1 indicateur").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 indicateur partagé")
    page = visit("/share", village.session)
    page.get_by_label("Ou un fichier").set_input_files(path)
    expect(page.locator("#lines")).to_contain_text("Comme la dernière fois")
    expect(page.get_by_label("Diffusion")).to_have_value("tlp")
    assert barriers(page) == []
    assert overflow(page) == 0
    page.get_by_role("button", name="Oublier ces choix").click()
    expect(page.get_by_label("Diffusion")).to_have_value("?")
    expect(page.locator("#lines")).not_to_contain_text("Comme la dernière fois")
