"""The page Share shows what each column of a table is for, and takes what a person says instead."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingestion.readers.headings import is_role
from ingestion.submissions import remembering
from ingestion.submissions.mapping import ROLES
from ingestion.submissions.models import ColumnMemory, Submission
from iocmarket.accounts.models import Member
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from tests.factories import make_member
from tests.ingestion.readers.test_xlsx import book
from tests.ingestion.submissions.conftest import Sender

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
    assert chosen(page) == ["", "?", ""], "what may limit the sharing is not passed over unasked"
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
    assert chosen(page) == ["", "?", ""]


def test_a_column_that_may_limit_the_sharing_waits_for_a_choice(client: Client) -> None:
    page = posted(client, VENDOR)
    page = posted(client, VENDOR, table=key(page), column=["value:any", "?", ""])
    assert chosen(page) == ["value:any", "?", ""], "what was chosen already stays chosen"
    assert "evil-one.fr" not in page, "as long as nobody says what the column is for"
    page = posted(client, VENDOR, table=key(page), column=["value:any", "", ""])
    assert "evil-one.fr" in page


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


SAID = ("value:any", "tlp", "")


def shared(client: Client, content: bytes = VENDOR, said: tuple[str, ...] = SAID, name: str = "table.csv") -> None:
    """Look, then share what was looked at."""
    page = posted(client, content, name)
    fields: dict[str, Any] = {"table": key(page), "column": list(said)}
    seen = re.search(r'name="seen" value="(\w+)"', posted(client, content, name, **fields))
    assert seen is not None
    posted(client, content, name, **fields, act="share", seen=seen[1])


def actions() -> list[str]:
    return list(Event.objects.filter(subject_type="columns").order_by("pk").values_list("action", flat=True))


AGAIN = b"chose,DIFFUSION,ticket\nevil-two.fr,vert,x-13\n"
"""The next table of the same kind, written a little otherwise."""


def test_what_was_shared_so_is_read_so_the_next_time_by_anybody_of_the_institution(client: Client) -> None:
    shared(client)
    other = Client()
    other.force_login(make_member(Member.objects.get().institution))
    page = posted(other, AGAIN)
    assert chosen(page) == list(SAID)
    assert 'value="forget"' in page
    assert "evil-two.fr" in page
    memory = ColumnMemory.objects.get()
    assert memory.roles == list(SAID)
    assert actions() == ["columns.remembered"]


def test_spreadsheets_and_texts_of_the_same_headings_are_one_kind(client: Client) -> None:
    shared(client)
    page = posted(client, book([["Chose", "Diffusion", "Ticket"], ["evil-two.fr", "vert", "x"]]), "table.xlsx")
    assert chosen(page) == list(SAID)


def test_another_institution_is_told_nothing_of_it(client: Client) -> None:
    shared(client)
    other = Client()
    other.force_login(make_member())
    page = posted(other, AGAIN)
    assert chosen(page) == ["", "?", ""]
    assert 'value="forget"' not in page


def test_only_looking_and_what_headings_say_by_themselves_leave_nothing(client: Client) -> None:
    page = posted(client, VENDOR)
    posted(client, VENDOR, table=key(page), column=list(SAID))
    shared(client, b"IOC,Description\nevil-one.fr,seen\n", ("value", "comment"))
    assert Contribution.unscoped.exists()
    assert not ColumnMemory.objects.exists()


def test_a_table_without_headings_is_of_no_kind(client: Client) -> None:
    shared(client, b"evil-one.fr;evil-two.fr\n", ("value:any", ""))
    assert not ColumnMemory.objects.exists()


def test_what_was_said_is_forgotten_when_somebody_asks_for_it(client: Client) -> None:
    shared(client)
    page = posted(client, AGAIN)
    page = posted(client, AGAIN, table=key(page), column=list(SAID), act="forget")
    assert chosen(page) == ["", "?", ""]
    assert not ColumnMemory.objects.exists()
    assert actions() == ["columns.remembered", "columns.forgotten"]


def test_what_is_said_otherwise_replaces_what_was_said(client: Client) -> None:
    shared(client)
    shared(client, AGAIN, ("value:any", "", "comment"))
    assert ColumnMemory.objects.get().roles == ["value:any", "", "comment"]
    assert actions() == ["columns.remembered"] * 2


@pytest.mark.usefixtures("working")
def test_what_is_said_of_a_long_table_is_remembered_too(client: Client) -> None:
    lines = "".join(f"evil-{number}.fr;vert;x\n" for number in range(501))
    content = f"Chose;Diffusion;Ticket\n{lines}".encode()
    page = posted(client, content)
    posted(client, content, table=key(page), column=list(SAID), act="share", seen="long")
    assert ColumnMemory.objects.get().roles == list(SAID)
    assert Submission.objects.get().state == Submission.State.QUEUED


def test_nothing_of_the_table_itself_is_remembered(client: Client) -> None:
    shared(client, b"motdepasse;Chose;Diffusion\nsecret-7;evil-one.fr;vert\n", ("", "value:any", "tlp"))
    assert ColumnMemory.objects.exists()
    said = str(list(ColumnMemory.objects.values())) + str(list(Event.objects.values_list("details")))
    assert "motdepasse" not in said
    assert "secret-7" not in said


def test_a_memory_that_nobody_uses_goes_after_a_year_and_one_in_use_stays(client: Client) -> None:
    shared(client)
    ColumnMemory.objects.update(used_at=clock.now() - remembering.UNUSED + timedelta(hours=1))
    posted(client, AGAIN)  # a use
    assert remembering.forget_unused() == 0
    ColumnMemory.objects.update(used_at=clock.now() - remembering.UNUSED - timedelta(hours=1))
    assert remembering.forget_unused() == 1
    assert not ColumnMemory.objects.exists()


def test_a_role_that_is_none_any_more_is_not_proposed(client: Client) -> None:
    shared(client)
    ColumnMemory.objects.update(roles=["value:gone", "tlp", ""])
    assert chosen(posted(client, AGAIN)) == ["", "?", ""]


def test_a_program_asks_for_what_was_said(client: Client) -> None:
    shared(client)
    institution = Member.objects.get().institution
    assert institution is not None
    machine = Sender(institution)
    unasked = machine.csv(AGAIN.decode())
    assert (unasked.status_code, unasked.json()["code"]) == (422, "unknown_column"), "nothing is applied unasked"
    answer = machine.csv(AGAIN.decode(), "?columns=remembered")
    assert answer.status_code == 201, answer.json()
    assert [item["value"] for item in answer.json()["items"]] == ["evil-two.fr"]
    stranger = Sender().csv(AGAIN.decode(), "?columns=remembered")
    assert (stranger.status_code, stranger.json()["code"]) == (422, "nothing_remembered")
