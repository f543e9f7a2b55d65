"""Sending an archive from the page of its case: real progress, broken connections, refusals, and what becomes of it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect
from pytest_django import Settings

from ingestion.evidence import cases, keys, uploads, working
from ingestion.evidence.models import Archive, Upload
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.kernel.marking import TLP
from iocmarket.settings.env import evidence_storage_from
from tests.browser.conftest import Visit
from tests.browser.eyes import LOOKS, barriers, overflow, photograph
from tests.browser.village import Village
from tests.ingestion.evidence.test_process import archive as packed

PICTURES = os.environ.get("IOCMARKET_PICTURES", "")
PIECE = 8 * 1024 * 1024
"""Bytes of one request of the script."""
ONE_UPLOAD = re.compile(r"/api/v1/evidence/uploads/[0-9a-f-]+$")


@pytest.fixture(autouse=True)
def worker(village: Village, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has made its keys, and works when the test says so."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_KEYS_DIR = tmp_path / "keys"
    storage = evidence_storage_from("", settings.EVIDENCE_DIR)
    settings.STORAGES = {**settings.STORAGES, "evidence": storage}
    monkeypatch.setattr(uploads, "hint", lambda pk: None)
    keys.ensure()


def test_a_dropped_archive_is_sent_and_its_state_follows_by_itself(
    visit: Visit, village: Village, tmp_path: Path
) -> None:
    path = packed(tmp_path)
    page = opened(visit, village)
    drop(page, path)
    expect(page.get_by_label("Déposez l’archive ici")).to_have_value(re.compile(rf"{path.name}$"))
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.locator("[data-evidence-said]")).to_have_text("L’archive est arrivée.")
    row = page.get_by_role("row").filter(has_text=path.name).first
    expect(row).to_contain_text("reçue")
    assert barriers(page) == []
    look(page, "evidence-received")
    made = Archive.objects.get(filename=path.name)
    assert made.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    working.work_on(made.pk)
    expect(row).to_contain_text("traitée")
    expect(row).to_contain_text(made.sha256)
    expect(page.locator("#custody")).to_contain_text("traitée")
    expect(page.locator("#archives")).not_to_have_attribute("hx-trigger", re.compile("every"))
    row.locator("summary").first.click()
    assert barriers(page) == []
    assert page.locator("#archives").evaluate("one => one.scrollWidth - one.clientWidth") == 0  # paths have no spaces
    look(page, "evidence-done")


def test_an_upload_that_breaks_off_shows_how_far_it_came_and_goes_on_there(
    visit: Visit, village: Village, tmp_path: Path
) -> None:
    path = large(tmp_path)
    page = opened(visit, village, breaks=True)
    offsets, held = second_piece_held(page)
    choose_and_send(page, path)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "47")
    expect(page.locator("[data-evidence-figures]")).to_have_text("47 % · 8,0 Mio / 17,0 Mio")
    until(page, lambda: bool(held))
    assert barriers(page) == []
    look(page, "evidence-sending")
    held[0].abort("connectionreset")
    expect(page.locator("[data-evidence-said]")).to_contain_text("La connexion a été coupée")
    expect(page.locator("[data-evidence-said]")).to_have_text("L’archive est arrivée.")
    assert offsets == [0, PIECE, PIECE, 2 * PIECE]
    assert whole(path)


def test_a_page_that_was_closed_goes_on_with_the_same_file(visit: Visit, village: Village, tmp_path: Path) -> None:
    path = large(tmp_path)
    page = opened(visit, village, breaks=True)
    offsets, _held = second_piece_held(page)
    choose_and_send(page, path)
    until(page, lambda: len(offsets) == 2)
    page.reload()
    choose_and_send(page, path)
    expect(page.locator("[data-evidence-said]")).to_have_text("L’archive est arrivée.")
    assert offsets == [0, PIECE, PIECE, 2 * PIECE]
    assert Upload.objects.count() == 1
    assert whole(path)


def test_stopping_is_told_and_the_same_file_goes_on_later(visit: Visit, village: Village, tmp_path: Path) -> None:
    path = large(tmp_path)
    page = opened(visit, village, breaks=True)
    offsets, _held = second_piece_held(page)
    choose_and_send(page, path)
    until(page, lambda: len(offsets) == 2)
    page.get_by_role("button", name="Arrêter").click()
    expect(page.locator("[data-evidence-said]")).to_contain_text("Envoi arrêté")
    expect(page.get_by_role("progressbar")).to_be_hidden()
    look(page, "evidence-stopped")
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.locator("[data-evidence-said]")).to_have_text("L’archive est arrivée.")
    assert offsets[2:] == [PIECE, 2 * PIECE]
    assert whole(path)


def test_an_upload_that_expired_begins_anew_when_it_is_sent_again(
    visit: Visit, village: Village, tmp_path: Path
) -> None:
    path = large(tmp_path)
    page = opened(visit, village, breaks=True)
    offsets, _held = second_piece_held(page)
    choose_and_send(page, path)
    until(page, lambda: len(offsets) == 2)
    page.reload()
    uploads.terminate(Upload.objects.get())
    choose_and_send(page, path)
    expect(page.locator("[data-evidence-said]")).to_have_text("L’archive est arrivée.")
    assert offsets[2:] == [0, PIECE, 2 * PIECE]
    assert whole(path)


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("EVIDENCE_MAX_BYTES", "L’archive dépasse la taille permise"),
        ("EVIDENCE_QUOTA_BYTES", "a épuisé l’espace réservé à ses preuves"),
    ],
)
def test_a_refused_archive_says_why_in_the_language_of_the_reader(
    visit: Visit, village: Village, tmp_path: Path, settings: Settings, setting: str, why: str
) -> None:
    page = opened(visit, village)
    setattr(settings, setting, 10)
    choose_and_send(page, packed(tmp_path))
    expect(page.locator("[data-evidence-said]")).to_contain_text("L’archive n’a pas été acceptée :")
    expect(page.locator("[data-evidence-said]")).to_contain_text(why)
    assert barriers(page) == []
    look(page, f"evidence-refused-{setting.split('_')[1].lower()}")
    assert Upload.objects.count() == 0


def test_what_is_no_archive_is_told_beside_it(visit: Visit, village: Village, tmp_path: Path) -> None:
    path = tmp_path / "vacances.jpg"
    path.write_bytes(b"no archive at all " * 100)
    page = opened(visit, village)
    choose_and_send(page, path)
    row = page.get_by_role("row").filter(has_text=path.name).first
    expect(row).to_contain_text("reçue")
    working.work_on(Archive.objects.get(filename=path.name).pk)
    expect(row).to_contain_text("échec")
    expect(row.locator(".quiet").filter(has_text=str(working.FAILURES["not-an-archive"]))).to_be_attached()
    look(page, "evidence-failed")


def test_the_list_does_not_move_under_somebody_who_is_about_to_shred(
    visit: Visit, village: Village, tmp_path: Path
) -> None:
    path = packed(tmp_path)
    page = opened(visit, village)
    choose_and_send(page, path)
    row = page.get_by_role("row").filter(has_text=path.name).first
    row.locator("details.confirm > summary").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []
    expect(row.get_by_role("button", name="Détruire")).to_be_visible()


def opened(visit: Visit, village: Village, *, breaks: bool = False) -> Page:
    """The page of a case in which nothing lies yet, by a manager of its institution."""
    case = cases.open_case(title="Poste compromis", tlp=TLP.AMBER, viewer=viewer_of_member(village.manager))
    return visit(f"/evidence/{case.public_id}", village.session, breaks=breaks)


def large(folder: Path) -> Path:
    """A file of three pieces."""
    path = folder / "collecte.zip"
    path.write_bytes(os.urandom(1024 * 1024) * 17)
    return path


def second_piece_held(page: Page) -> tuple[list[int], list[Route]]:
    """The connection stands still at the second piece: the offsets of all pieces so far, and what is held."""
    offsets: list[int] = []
    held: list[Route] = []

    def hold(route: Route, request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))
            if len(offsets) == 2:
                held.append(route)
                return
        route.continue_()

    page.route(ONE_UPLOAD, hold)
    return offsets, held


def choose_and_send(page: Page, path: Path) -> None:
    page.get_by_label("Déposez l’archive ici").set_input_files(path)
    page.get_by_role("button", name="Envoyer", exact=True).click()


def drop(page: Page, path: Path) -> None:
    """As if it was dragged there from the desktop."""
    transfer = page.evaluate_handle(
        """([name, bytes]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name));
            return transfer;
        }""",
        [path.name, list(path.read_bytes())],
    )
    zone = page.locator("[data-evidence-drop]")
    zone.dispatch_event("dragover", {"dataTransfer": transfer})
    expect(zone).to_have_attribute("data-dragging", "")
    zone.dispatch_event("drop", {"dataTransfer": transfer})
    expect(zone).not_to_have_attribute("data-dragging", "")


def until(page: Page, reached: Callable[[], bool]) -> None:
    """Let the browser go on until then."""
    for _ in range(600):
        if reached():
            return
        page.wait_for_timeout(100)
    raise AssertionError


def whole(path: Path) -> bool:
    """Whether what the worker puts together is, byte for byte, the file that was sent."""
    made = Archive.objects.get(filename=path.name)
    working.work_on(made.pk)
    made.refresh_from_db()
    return made.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def look(page: Page, name: str) -> None:
    """No sideways scrolling in any look; with IOCMARKET_PICTURES the pictures are kept there."""
    if PICTURES:
        photograph(page, Path(PICTURES), name)
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) == 0, (scheme, width)
    page.set_viewport_size({"width": 1440, "height": 900})
