"""The page Share shows what each column of a table is for, and takes what a person says instead."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingestion.readers.headings import is_role
from ingestion.submissions.mapping import ROLES
from iocmarket.indicators.models import Contribution
from tests.factories import make_member
from tests.ingestion.readers.test_xlsx import book

VENDOR = b"Chose;Diffusion;Ticket\nevil-one.fr;vert;x-12\n"


@pytest.fixture
def client(db: None) -> Client:
    """A browser of somebody who may share."""
    client = Client()
    client.force_login(make_member())
    return client


def posted(client: Client, content: bytes, name: str = "table.csv", **fields: Any) -> str:
    said = {"tlp": "amber", "pap": "green", "threat_type": "phishing", "audience": "community", "act": "look", **fields}
    answer = client.post("/share", {**said, "file": SimpleUploadedFile(name, content)}, follow=True)
    return answer.content.decode()


def chosen(page: str) -> list[str]:
    """The present role of each column."""
    selects = re.findall(r'<select[^>]*name="column">(.*?)</select>', page, re.DOTALL)
    return [re.findall(r'value="([^"]*)" selected', select)[0] for select in selects]


def key(page: str) -> str:
    found = re.search(r'name="table" value="(\w+)"', page)
    assert found is not None
    return found[1]


def test_a_table_that_is_not_understood_is_read_as_a_person_says(client: Client) -> None:
    page = posted(client, VENDOR)
    assert chosen(page) == ["", "", ""]
    assert "evil-one.fr" not in page
    page = posted(client, VENDOR, table=key(page), column=["value:any", "tlp", ""])
    assert chosen(page) == ["value:any", "tlp", ""]
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    posted(client, VENDOR, table=key(page), column=["value:any", "tlp", ""], act="share", seen=seen[1])
    assert str(Contribution.unscoped.get().marking) == "TLP:GREEN PAP:GREEN"


def test_what_was_said_of_another_table_is_not_meant_for_this_one(client: Client) -> None:
    other = posted(client, b"a;b;c\n1;2;3\n")
    page = posted(client, VENDOR, table=key(other), column=["value:any", "tlp", ""])
    assert chosen(page) == ["", "", ""]


def test_a_table_that_is_understood_shows_how_and_a_column_can_be_passed_over(client: Client) -> None:
    content = b"IOC,Valid Until\nevil-one.fr,2020-01-01\n"
    page = posted(client, content)
    assert chosen(page) == ["value", "valid_until"]
    assert 'data-state="bad"' in page
    page = posted(client, content, table=key(page), column=["value", ""])
    assert 'data-state="bad"' not in page


def test_spreadsheets_have_columns_and_lists_have_none(client: Client) -> None:
    page = posted(client, book([["Chose", "Note"], ["evil-one.fr", "x"]]), "table.xlsx")
    assert chosen(page) == ["", "comment"]
    for content, name in ((b"evil-one.fr\n", "list.csv"), (b"evil-one.fr", "list.txt"), (b"PK", "broken.xlsx")):
        assert 'name="table"' not in posted(client, content, name)


def test_what_no_column_can_be_for_is_refused(client: Client) -> None:
    page = posted(client, VENDOR)
    page = posted(client, VENDOR, table=key(page), column=["value:any", "nonsense", ""])
    assert not Contribution.unscoped.exists()
    assert 'class="form-trouble"' in page


def test_every_role_that_is_offered_is_one() -> None:

    assert all(map(is_role, ROLES))
