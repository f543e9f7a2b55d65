"""Reports as PDF: their text and links by page; hostile ones end in a process that has little time and memory."""

from __future__ import annotations

import zlib
from io import BytesIO

import pytest
from pypdf import PdfWriter

from ingestion.readers import pdf
from ingestion.readers.files import MIB
from ingestion.readers.pdf import Pdf
from iocmarket.kernel.decision import Refusal
from tests.ingestion.readers.whole_files import opened, pdf_file, refusals, told, values


def test_pages_give_their_text_and_their_links() -> None:
    found = opened("pdf", pdf_file("Rapport\nTLP:AMBER+STRICT\nhxxp://evil-cas[.]fr/a", "185.220.101.45",
                                   link="https://evil-lien.fr/x"))  # fmt: skip
    assert values(found) == {
        "url": ["http://evil-cas.fr/a", "https://evil-lien.fr/x"],
        "ipv4": ["185.220.101.45"],
    }
    assert [item.candidate.line for item in told(found)] == [1, 1, 2]
    assert {item.said.get("tlp") for item in told(found)} == {"AMBER+STRICT"}


def test_the_words_of_a_line_are_passed_on() -> None:
    found = told(opened("pdf", pdf_file("hxxp://evil-cas[.]fr/a phishing du CAS\nhxxp://evil-cas[.]fr/b")))
    assert found[0].said == {"threat_type": "phishing", "comment": "phishing du CAS"}
    assert "comment" not in found[1].said


def refused(content: bytes) -> str:
    with pytest.raises(Refusal) as refusal:
        opened("pdf", content)
    return refusal.value.code


def test_what_is_no_pdf_or_turns_in_a_loop_is_refused() -> None:
    assert refused(b"texte") == "not_a_pdf"
    assert refused(pdf_file("x").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")) == "not_a_pdf"


def test_bombs_end_at_the_cap_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = zlib.compress(b"\0" * (200 * MIB), 1)
    head, tail = pdf_file("x").split(b"<< /Length", 1)
    rest = tail.split(b"endstream", 1)[1]
    filters = b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    assert refused(head + filters + packed + b"\nendstream" + rest) == "reading_too_large"
    monkeypatch.setattr(pdf, "MEMORY_MAX", 60 * MIB)
    assert refused(pdf_file("x") + b" " * (40 * MIB)) == "reading_too_large"


def test_work_without_end_stops_at_the_cap_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "SECONDS_MAX", 1)
    monkeypatch.setattr(pdf, "TEXT_MAX", 10**9)
    page = pdf_file(("mot " * 200 + "\n") * 60)
    assert refused(page.replace(b"/Kids [4 0 R]", b"/Kids [" + b"4 0 R " * 1500 + b"]")) == "reading_too_long"


def test_what_cannot_be_read_any_further_is_said() -> None:
    head, tail = pdf_file("hxxp://evil-cas[.]fr/a", "hxxp://evil-cas[.]fr/b").rsplit(b"<< /Length", 1)
    found = opened("pdf", head + b"<< /Filter /Inconnu /Length" + tail)
    assert values(found) == {"url": ["http://evil-cas.fr/a"]}
    assert refusals(found) == {"rest_unreadable": 1}


def test_an_encrypted_file_is_said_to_be() -> None:
    writer = PdfWriter(BytesIO(pdf_file("x")))
    writer.encrypt("secret", algorithm="AES-256")
    made = BytesIO()
    writer.write(made)
    assert refused(made.getvalue()) == "encrypted"


def test_text_beyond_the_cap_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TEXT_MAX", 30)
    found = opened("pdf", pdf_file("hxxp://evil-cas[.]fr/a", "hxxp://evil-cas[.]fr/b"))
    assert refusals(found) == {"text_cut": 2}


def test_is_told_from_other_files_by_its_head() -> None:
    assert Pdf().is_mine(pdf_file("x"))
    assert not Pdf().is_mine(b"texte %PDF-")
