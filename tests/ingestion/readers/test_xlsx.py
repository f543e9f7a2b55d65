"""Spreadsheets: the same tables in another file, and hostile ones refused with the cap that they meet."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from ingestion.readers.base import Row
from ingestion.readers.files import MIB, file_readers
from ingestion.readers.xlsx import ENTRIES, STRINGS, layout_in
from iocmarket.kernel.decision import Refusal
from tests.contract.test_readers import CONTEXT, Held


def book(*sheets: list[list[Any]], hidden: tuple[int, ...] = ()) -> bytes:
    """A spreadsheet of these sheets."""
    made = Workbook()
    made.remove(made.active)
    for number, rows in enumerate(sheets):
        sheet = made.create_sheet()
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if number in hidden else "visible"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def items(content: bytes, *columns: str) -> list[Row]:
    context = CONTEXT if not columns else type(CONTEXT)(CONTEXT.sender, CONTEXT.default, CONTEXT.moment, columns)
    found = file_readers["xlsx"].opened(Held(content), context).items
    return [row for row in found if isinstance(row, Row)]


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return out.getvalue()


def test_a_sheet_is_a_table_with_its_dates_and_numbers() -> None:
    content = book(
        [["Indicateurs de la semaine"], [], ["Indicateur", "Adresse IP", "Vu le", "Confiance", "Remarque"],
         ["evil-one.fr", "45.1.2.3", datetime(2026, 10, 1), 80.0, None],
         [None, "45.1.2.4", datetime(2026, 10, 1, 8, 30), None, "vu"]],
    )  # fmt: skip
    assert [(row.line, dict(row.fields)) for row in items(content)] == [
        (4, {"value": "evil-one.fr", "first_seen": "2026-10-01", "confidence": "80"}),
        (4, {"value": "45.1.2.3", "first_seen": "2026-10-01", "confidence": "80"}),
        (5, {"value": "45.1.2.4", "first_seen": "2026-10-01T08:30:00", "comment": "vu"}),
    ]


def test_each_visible_sheet_with_values_is_read_and_notes_are_not() -> None:
    content = book(
        [["Lisez-moi", "x"], ["bla", "bla"]], [["ioc"], ["evil-one.fr"]], [["url"], ["http://evil-two.fr/"]],
        [["ioc"], ["evil-hidden.fr"]], hidden=(3,),
    )  # fmt: skip
    assert [row.fields["value"] for row in items(content)] == ["evil-one.fr", "http://evil-two.fr/"]


def test_a_sender_says_what_the_columns_are_for() -> None:
    content = book([["Chose", "Diffusion"], ["evil-one.fr", "GREEN"]])
    with pytest.raises(Refusal, match="unknown_column"):
        items(content)
    assert [dict(row.fields) for row in items(content, "value", "tlp")] == [{"value": "evil-one.fr", "tlp": "GREEN"}]
    layout = layout_in(Held(content))
    assert layout is not None
    assert (layout.titles, layout.roles) == (("Chose", "Diffusion"), ("?", "?"))


def test_of_accounts_with_passwords_nothing_is_kept() -> None:
    (row,) = items(book([["url", "login", "password"], ["https://univ.fr/", "bob", "hunter2"]]))
    assert row.refusal is not None
    assert (row.refusal.code, "hunter2" in row.raw) == ("credential", False)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_xlsx"),
        (b"PK\x03\x04 and then nothing", "not_xlsx"),
        (packed(a=b"<x/>"), "not_xlsx"),
        (packed(xl__worksheets__sheet1=b" " * (2 * MIB)), "zip_bomb"),
        (packed(xl__sharedStrings=bytes(STRINGS + 1)), "zip_bomb"),
        (packed(**{f"p{number}": b"" for number in range(ENTRIES + 1)}), "zip_bomb"),
        (packed(xl__workbook=b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), "not_xlsx"),
    ],
    ids=["empty", "cut", "no book", "ratio", "texts", "parts", "entities"],
)
def test_what_is_hostile_or_no_spreadsheet_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        items(content)
    assert caught.value.code == code


def test_a_cell_at_the_end_of_the_sheet_takes_no_memory() -> None:
    made = Workbook()
    made.active["A1"], made.active["A2"] = "ioc", "evil-one.fr"
    made.active["XFD3"] = "far"
    out = io.BytesIO()
    made.save(out)
    tracemalloc.start()
    found = items(out.getvalue())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.fields["value"] for row in found] == ["evil-one.fr"]
    assert peak < 50 * MIB
