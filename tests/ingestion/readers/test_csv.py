"""Tables as people make them: French and English, every delimiter, quoted; each line accounted for."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers import Row, row_readers
from ingestion.readers.cells import bare
from iocmarket.kernel.decision import Refusal


def rows(text: str, columns: tuple[str, ...] = ()) -> list[Row]:
    """The rows of a table."""
    return list(row_readers["csv"].rows(io.StringIO(text, newline=""), columns))


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
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
        ("value;tlp;TLP\nevil.fr;RED;GREEN\n", "duplicate_column"),
        ("type;value;ioc\ndomain;evil.fr;x\n", "duplicate_column"),
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


def told(text: str, columns: tuple[str, ...] = ()) -> list[tuple[int, str, str | None]]:
    """The place, value and stated type of each item; a refused line by its code."""
    found = rows(text, columns)
    return [
        (row.line, row.refusal.code, None) if row.refusal else (row.line, row.fields["value"], row.fields.get("type"))
        for row in found
    ]


def test_each_value_of_a_line_is_an_item_with_what_the_line_says() -> None:
    first, second, third = rows(f"domain,ip,sha256,Notes,Link\nevil.org,45.1.2.3,{'A' * 64},seen,https://x.org/\n")
    assert [row.fields["value"] for row in (first, second, third)] == ["evil.org", "45.1.2.3", "A" * 64]
    assert {(row.line, row.fields["comment"], len(row.fields)) for row in (first, second, third)} == {(2, "seen", 2)}


@pytest.mark.parametrize(
    ("heading", "cells", "said"),
    [
        ("ioc_value,ioc_type", "evil.org,domain_name", {"type": "domain"}),
        ("indicator,indicator_type", "evil.org,FQDN", {"type": "domain"}),
        ("IOC,Type d'IOC", "45.1.2.3,adresse IP", {}),
        ("indicator,type", f"{'a' * 32},FileHash-MD5", {"type": "md5"}),
        ("value,type", "x.y,no-such-type", {"type": "no-such-type"}),
        ("IOC, Valid From", "evil.org,2024-05-06T00:00:00Z", {"first_seen": "2024-05-06T00:00:00Z"}),
        ("ioc,date d'ajout", "evil.org,08/10/2024", {"first_seen": "2024-10-08"}),
        ("ioc,date", "evil.org,08/31/2024 10:11", {"first_seen": "2024-08-31T10:11:00Z"}),
        ("ioc,first_seen_utc", "evil.org,2024-05-06 07:08:09 UTC", {"first_seen": "2024-05-06T07:08:09Z"}),
        ("ioc,timestamp", "evil.org,1700000000", {"first_seen": "2023-11-14T22:13:20+00:00"}),
        ("ioc,date", "evil.org,hier", {"first_seen": "hier"}),
        ("ioc,confiance", "evil.org,Élevée", {"confidence": "85"}),
        ("ioc,confidence_level", "evil.org,75 %", {"confidence": "75"}),
        ("ioc,threat_type", "evil.org,botnet_cc", {"threat_type": "c2"}),
        ("ioc,menace", "evil.org,campagne d'hameçonnage", {"threat_type": "phishing"}),
        ("ioc,threat_type", "evil.org,fishign", {"threat_type": "fishign"}),
        ("ioc,malware,tags", "evil.org,Emotet,\"a|b, a\"", {"tags": ["Emotet", "a", "b"]}),
        ("ip,port,description", "45.1.2.3,443,C2", {"comment": "port 443; C2"}),
        ("ioc,marquage", "evil.org,TLP:AMBER PAP:VERT", {"tlp": "AMBER", "pap": "GREEN"}),
        ("ioc,marquage", "evil.org,secret", {"tlp": "secret"}),
        ("ioc,marquage", "evil.org,TLP:AMBER STRICT", {"tlp": "AMBER+STRICT"}),
        ("ioc,tlp,pap", "evil.org,Ambre,Vert", {"tlp": "AMBER", "pap": "GREEN"}),
        ("ioc,tlp", "evil.org,amber ou rouge", {"tlp": "amber ou rouge"}),
        ("ioc,comment", "evil.org,TLP:RED de Bob", {"comment": "TLP:RED de Bob", "tlp": "RED"}),
        ("ioc,tlp,comment", "evil.org,RED,TLP:GREEN", {"comment": "TLP:GREEN", "tlp": "RED"}),
        ("ioc,phase", "evil.org,tlp:amber+strict", {"tlp": "AMBER+STRICT"}),
        ("ioc,comment,url", "evil.org,n/a,-", {}),
    ],
)  # fmt: skip
def test_what_others_write_in_their_tables_is_said_in_our_words(heading: str, cells: str, said: dict[str, str]) -> None:
    (row,) = rows(f"{heading}\n{cells}\n")
    assert {name: text for name, text in row.fields.items() if name != "value"} == said


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("IOCs du 12 octobre\n\nvaleur;type\nevil.fr;domain\n", [(4, "evil.fr", "domain")]),
        ('# "ioc_value", "ioc_type"\n"evil.fr", "domain"\n', [(2, "evil.fr", "domain")]),
        ("# a list\n# made today\n45.1.2.3\nevil.fr\n", [(3, "45.1.2.3", None), (4, "evil.fr", None)]),
        ("sep=;\nioc;note\nevil.fr;a,b\n", [(3, "evil.fr", None)]),
        ("evil.fr;45.1.2.3\nevil.org;-\n", [(1, "evil.fr", None), (1, "45.1.2.3", None), (2, "evil.org", None)]),
        ("ioc\n45.1.2.3 45.1.2.4\n", [(2, "45.1.2.3", None), (2, "45.1.2.4", None)]),
        ("ioc\n[ipv4-addr:value = '45.1.2.3'] OR [url:value = 'http://evil.fr/']\n",
         [(2, "45.1.2.3", "ipv4"), (2, "http://evil.fr/", "url")]),
        ("ioc\n[a:b = 'c'] FOLLOWEDBY [d:e = 'f']\n", [(2, "[a:b = 'c'] FOLLOWEDBY [d:e = 'f']", "stix-pattern")]),
        ("src_ip,dst_ip\n45.1.2.3,45.1.2.4\n", [(2, "45.1.2.3", None)]),
        ("dst_ip,dst_port\n45.1.2.4,443\n", [(2, "45.1.2.4", None)]),
        ("ioc,victime\nevil.fr,univ-valbrune.fr\n", [(2, "evil.fr", None)]),
        ("sha256,filename\n,evil.exe\n", [(2, "evil.exe", "filename")]),
        ("url\nevil.fr/a\n", [(2, "evil.fr/a", None)]),
        ("domain\nevil.sh\n", [(2, "evil.sh", "domain")]),
        ("value,subtree\n'=evil,\n", [(2, "=evil", None)]),
        ("ioc,x,y\n,1,2\n", [(2, "value_missing", None)]),
    ],
)  # fmt: skip
def test_tables_as_they_come(text: str, found: list[tuple[int, str, str | None]]) -> None:
    assert told(text) == found


@pytest.mark.parametrize("heading", ["tpl", "TLPP", "Diffusion", "recipient", "valid_untill", "anonymus", "my tlp"])
def test_what_may_be_a_slip_for_a_limit_refuses_the_table(heading: str) -> None:
    with pytest.raises(Refusal) as caught:
        rows(f"ioc,{heading}\nevil.org,RED\n")
    assert caught.value.code == "unknown_column"


def test_whoever_knows_better_says_what_each_column_is_for() -> None:
    text = "Zone;Diffusion;Chose\nnord;vert;evil.org\n"
    (row,) = rows(text, ("note", "tlp", "value:any"))
    assert row.fields == {"value": "evil.org", "tlp": "GREEN", "comment": "Zone nord"}
    assert told("x;evil.org\n", ("", "value"))[0][1] == "evil.org"
    for wrong in (("value",), ("value", "nonsense", ""), ("", "", "")):
        with pytest.raises(Refusal) as caught:
            rows(text, wrong)
        assert caught.value.code in {"bad_columns", "no_value_column"}


def test_a_table_of_accounts_below_a_title_keeps_nothing() -> None:
    (row,) = rows("Export\nurl;login;password\nx;bob;hunter2\n")
    assert row.refusal is not None
    assert row.refusal.code == "credential"
    assert "hunter2" not in row.raw


cells = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=40, deadline=None)  # the first builds the expression of all types
@given(st.lists(st.tuples(cells, cells), max_size=10), st.sampled_from([";", ",", "\t"]))
def test_whatever_a_spreadsheet_writes_is_read_back(table: list[tuple[str, str]], delimiter: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([("value", "comment"), *table])
    found = rows(out.getvalue())
    kept = [pair for pair in table if "".join(pair).strip()]
    assert [(row.fields.get("value", "").strip(), row.fields.get("comment", "").strip()) for row in found] == [
        tuple(bare(cell).strip() for cell in pair) for pair in kept
    ]
