"""Changing single lines before they leave, and bringing a file: dropped, pasted, or chosen with the keyboard."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Page, expect

from ingestion.submissions.models import SubmissionItem
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import TLP
from tests.browser.conftest import Visit
from tests.browser.eyes import barriers, overflow
from tests.browser.village import Village

PICTURES = os.environ.get("IOCMARKET_PICTURES", "")
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
CHAT = (
    "# vu aussi sur hxxps://blog-de-veille[.]top/article\n"
    "45[.]1[.]2[.]3 et portail-cas[.]top : brute-force CAS depuis 02h15 TLP:GREEN #cas\n"
    "9e107d9d372bb6826bd81d3542a419d6\n"
    "198.51.100.7/33\n"
    "185.220.103.9 est un faux positif\n"
    "paiement-bourses[.]top/porte"
)
DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([text], name));
  const zone = document.querySelector("#paste");
  for (const kind of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""
PASTE = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name));
  document.querySelector("#paste").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""


def pictures(page: Page, name: str) -> None:
    """Nothing scrolls sideways in any look; with IOCMARKET_PICTURES the pictures are kept there."""
    before = page.viewport_size
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) == 0, (scheme, width)
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{scheme}-{width}.png", full_page=True, caret="initial")
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)


def test_paste_change_a_type_leave_a_line_out_override_share(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill(CHAT)
    rows = page.locator("#lines tbody tr")
    expect(rows).to_have_count(6)
    chat = page.get_by_role("row", name="45.1.2[.]3")
    expect(chat).to_contain_text("TLP:GREEN")
    expect(chat).to_contain_text("Force brute")
    expect(chat).to_contain_text("brute-force CAS depuis 02h15")
    page.get_by_role("row", name="9e107d9d").get_by_text("Régler").click()
    page.get_by_label("Type de la ligne 3").select_option("imphash")
    expect(page.get_by_role("row", name="9e107d9d").locator(".value-type")).to_have_text("imphash")
    page.get_by_role("row", name="portail-cas").get_by_text("Régler").click()
    page.get_by_role("row", name="portail-cas").get_by_label("Écarter").check()
    expect(page.get_by_role("row", name="portail-cas")).to_contain_text("Écarté")
    chat.get_by_text("Régler").click()
    chat.get_by_label("TLP de la ligne 2").select_option("TLP:AMBER+STRICT")
    expect(chat.locator(".marking-chip").first).to_have_text("TLP:AMBER+STRICT")
    chat.get_by_label("Menace de la ligne 2").select_option("scan")
    expect(chat.locator(".line-threat")).to_have_text("Balayage")
    page.get_by_role("listitem").filter(has_text="paiement-bourses").get_by_role("checkbox").check()
    expect(page.locator(".account-sum")).to_contain_text("7 lignes lues")
    expect(page.locator(".account-sum")).to_contain_text("1 écartée")
    assert barriers(page) == []
    pictures(page, "share-lines")
    page.get_by_role("button", name="Partager 4 indicateurs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("4 indicateurs partagés")
    said = {row.indicator.value: row for row in Contribution.unscoped.filter(submission=_newest())}
    assert {row.indicator.type for row in said.values()} == {"ipv4", "imphash", "url", "domain"}
    assert (said["45.1.2.3"].marking.tlp.label, said["45.1.2.3"].threat_type) == ("AMBER+STRICT", "scan")
    assert "portail-cas.top" not in said
    expect(page.get_by_role("row", name="portail-cas")).to_contain_text("Vous l’avez écarté")
    pictures(page, "shared-lines")


def _newest() -> UUID:
    return SubmissionItem.objects.latest("pk").submission.public_id


def test_a_line_left_out_comes_back_as_it_was_set(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill("45.1.2.3\n45.1.2.4")
    page.get_by_role("row", name="45.1.2[.]3").get_by_text("Régler").click()
    page.get_by_label("TLP de la ligne 1").select_option("TLP:GREEN")
    expect(page.get_by_role("row", name="45.1.2[.]3").locator(".marking-chip").first).to_have_text("TLP:GREEN")
    page.get_by_role("row", name="45.1.2[.]3").get_by_label("Écarter").check()
    expect(page.get_by_role("button", name="Partager 1 indicateur")).to_be_visible()
    page.locator("#lines").get_by_label("Écarter ligne 1").uncheck()
    expect(page.get_by_label("TLP de la ligne 1")).to_have_value("green")
    expect(page.get_by_role("button", name="Partager 2 indicateurs")).to_be_visible()


def test_a_file_is_dropped_read_changed_and_shared(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill("185.220.103.77")
    expect(page.locator(".account-sum")).to_contain_text("1 ligne lue")
    page.evaluate(DROP, [["relevé.csv", "valeur;tlp\n45.7.7.1;GREEN\n45.7.7.2;\n"], ["autre.txt", "45.7.7.9"]])
    expect(page.locator(".file-read")).to_contain_text("relevé.csv")
    expect(page.locator(".file-read")).to_contain_text("Le texte collé attend")
    expect(page.locator(".notice-stack")).to_contain_text("Un fichier à la fois")
    expect(page.locator(".paste[data-dragging]")).to_have_count(0)
    assert barriers(page) == []
    pictures(page, "share-file")
    page.get_by_role("row", name="45.7.7[.]2").get_by_text("Régler").click()
    page.get_by_label("TLP de la ligne 3").select_option("TLP:CLEAR")
    expect(page.get_by_role("row", name="45.7.7[.]2").locator(".marking-chip").first).to_have_text("TLP:CLEAR")
    page.locator("#pap-amber").check()  # for the whole batch: the file stays
    expect(page.get_by_role("row", name="45.7.7[.]1").locator(".marking-chip").last).to_have_text("PAP:AMBER")
    page.get_by_role("button", name="Partager 2 indicateurs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 indicateurs partagés")
    marked = dict(Contribution.unscoped.filter(submission=_newest()).values_list("indicator__value", "tlp"))
    assert marked == {"45.7.7.1": TLP.GREEN, "45.7.7.2": TLP.CLEAR}


def test_a_file_is_pasted_and_taken_away_again(visit: Visit, village: Village) -> None:
    page = visit("/share", village.session)
    page.get_by_role("textbox", name="Texte collé").fill("185.220.103.77")
    page.evaluate(PASTE, ["liste.txt", "45.7.7.1\n45.7.7.2\n"])
    expect(page.locator(".account-sum")).to_contain_text("2 lignes lues")
    page.get_by_role("button", name="Retirer le fichier").press("Enter")
    expect(page.locator(".account-sum")).to_contain_text("1 ligne lue")
    expect(page.get_by_label("Ou un fichier")).to_be_focused()


def test_the_field_for_a_file_is_reached_with_the_keyboard(visit: Visit, village: Village, tmp_path: Path) -> None:
    page = visit("/share", village.session)
    path = tmp_path / "liste.txt"
    path.write_text("45.7.7.1\n")
    page.get_by_role("textbox", name="Texte collé").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Ou un fichier")).to_be_focused()
    page.locator(":focus").set_input_files(path)
    expect(page.get_by_role("row", name="45.7.7[.]1")).to_be_visible()
