"""Tables as people make them: French and English, every delimiter, quoted; each line accounted for."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.readers import Row, row_readers
from iocmarket.kernel.decision import Refusal


def rows(text: str) -> list[Row]:
    """The rows of a table."""
    return list(row_readers["csv"].rows(io.StringIO(text, newline="")))


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize(
    "heading",
    [
        ("value", "tlp", "comment", "first_seen"),
        ("Valeur", "TLP", "Commentaire", "Première vue"),
        ('"IOC"', "Marquage TLP", "Remarque", "vu la première fois"),
    ],
)
def test_a_heading_is_read_in_french_and_in_english(delimiter: str, heading: tuple[str, ...]) -> None:
    text = delimiter.join(heading) + "\r\n" + delimiter.join(["evil[.]fr", "GREEN", "vu hier", "2026-01-02"]) + "\r\n"
    said = {"value": "evil[.]fr", "tlp": "GREEN", "comment": "vu hier", "first_seen": "2026-01-02"}
    assert rows(text) == [Row(2, said)]


def test_the_delimiter_is_the_one_that_makes_sense() -> None:
    assert rows('value;comment\n45.1.2.3;"un, deux; trois"\n')[0].fields["comment"] == "un, deux; trois"
    assert rows("value,comment\n45.1.2.3,a;b\n")[0].fields["comment"] == "a;b"


def test_lines_keep_their_numbers_over_blank_ones_and_quoted_breaks() -> None:
    text = '\n\nvalue;comment\n45.1.2.3;"two\nlines"\n\n;;\nevil.fr;x\n'
    assert [(row.line, row.fields.get("value")) for row in rows(text)] == [(4, "45.1.2.3"), (8, "evil.fr")]


def test_one_column_needs_no_heading() -> None:
    assert [(row.line, row.fields) for row in rows("45.1.2.3\n\nevil[.]fr\n")] == [
        (1, {"value": "45.1.2.3"}),
        (3, {"value": "evil[.]fr"}),
    ]


def test_empty_cells_say_nothing_and_missing_ones_are_empty() -> None:
    assert [row.fields for row in rows("value;tlp;pap\nevil.fr;;\nevil.org\n;GREEN;\n")] == [
        {"value": "evil.fr"},
        {"value": "evil.org"},
        {"tlp": "GREEN"},
    ]


def test_a_line_with_too_many_cells_is_refused_alone() -> None:
    first, second = rows("value;tlp\nevil.fr;GREEN;surplus\nevil.org;GREEN;\n")
    assert first.refusal is not None
    assert first.refusal.code == "too_many_cells"
    assert second.refusal is None


def test_a_column_that_is_not_ours_is_passed_over_when_it_says_so() -> None:
    assert rows("value;#ticket;_note;\nevil.fr;12;x;y\n")[0].fields == {"value": "evil.fr"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("value;tlpp\nevil.fr;RED\n", "unknown_column"),
        ("value;ioc\nevil.fr;x\n", "duplicate_column"),
        ("tlp;pap\nRED;RED\n", "no_value_column"),
        ("evil.fr;RED\n", "no_value_column"),
        (f'value\n"{"x" * 140_000}\n', "bad_csv"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused_as_a_whole(text: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        rows(text)
    assert caught.value.code == code
    assert caught.value.where.startswith("line ")


def test_of_a_table_of_leaked_accounts_nothing_is_kept() -> None:
    found = rows("login;password\nbob@univ.fr;hunter2\n\nalice@univ.fr;secret99\n")
    assert [(row.line, row.refusal.code if row.refusal else "") for row in found] == [
        (2, "credential"),
        (4, "credential"),
    ]
    assert not any(secret in row.raw for row in found for secret in ("hunter2", "secret99", "bob@univ.fr"))


cells = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(cells, cells), max_size=10), st.sampled_from([";", ",", "\t"]))
def test_whatever_a_spreadsheet_writes_is_read_back(table: list[tuple[str, str]], delimiter: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([("value", "comment"), *table])
    found = rows(out.getvalue())
    kept = [pair for pair in table if "".join(pair).strip()]
    assert [(row.fields.get("value", ""), row.fields.get("comment", "")) for row in found] == [
        tuple(cell if cell.strip() else "" for cell in pair) for pair in kept
    ]
