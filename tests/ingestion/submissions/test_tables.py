"""Tables of others through the API: each value an item, each line accounted for, the shared samples read whole."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from ingestion.readers.csv import Csv
from iocmarket.api.bodies import text_of
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import TLP
from tests.ingestion.submissions.conftest import Sender

SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data") / "iocs"
SAMPLES = sorted((SHARED / "csv").glob("*.csv"))


def test_each_value_of_a_line_carries_what_the_line_says(sender: Sender) -> None:
    answer = sender.csv(
        "Domaine;Adresse IP;TLP;Description;Ticket\nevil-campus.org;45.1.2.3;CLEAR;vu hier;TLP:GREEN INC-12\n"
    )
    assert answer.status_code == 201, answer.json()
    assert [(item["line"], item["type"], item["status"]) for item in answer.json()["items"]] == [
        (2, "domain", "accepted"),
        (2, "ipv4", "accepted"),
    ]
    said = Contribution.objects.values_list("tlp", "comment")
    assert set(said) == {(TLP.GREEN, "vu hier")}, "of the two markings of the line the stricter"
    assert "INC-12" not in str(answer.json()), "nothing of a column that is passed over is kept"


def test_a_sender_says_what_each_column_is_for(sender: Sender) -> None:
    text = "Machine;Diffusion;Objet\nevil-campus.org;vert;x\n"
    refused = sender.csv(text)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_column")
    answer = sender.csv(text, "?columns=value:domain,,comment&tlp=GREEN")
    assert [item["value"] for item in answer.json()["items"]] == ["evil-campus.org"]
    assert Contribution.objects.get().comment == "x"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?columns=value", "bad_columns"),
        ("?columns=value,nonsense,", "bad_columns"),
        ("?columns=,,", "no_value_column"),
    ],
)
def test_what_cannot_be_said_of_columns_is_refused(query: str, code: str, sender: Sender) -> None:
    answer = sender.csv("a;b;c\nevil-campus.org;x;y\n", query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_only_tables_have_columns(sender: Sender) -> None:
    answer = sender.text("evil-campus.org", "?columns=value")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_spreadsheets_save_in_many_encodings(encoding: str, sender: Sender) -> None:
    body = "Valeur;Remarque\r\nevil-campus.org;été\r\n".encode(encoding)
    answer = sender.raw(body, "text/csv")
    assert answer.status_code == 201, answer.json()
    assert Contribution.objects.get().comment == "été"


@pytest.mark.skipif(not SAMPLES, reason="the shared samples are not here")
def test_every_shared_table_is_read_and_none_of_its_lines_lost() -> None:
    for sample in SAMPLES:
        text = text_of(sample.read_bytes())
        found = list(Csv().rows(text.splitlines(keepends=True)))
        filled = {number for number, line in enumerate(text.splitlines(), start=1) if line.strip(' ;,"')}
        lines = Counter(row.line for row in found)
        assert filled - set(lines) <= {1}, f"{sample.name}: only the heading is no item"
        refused = [row for row in found if row.refusal is not None]
        assert refused == [], sample.name
