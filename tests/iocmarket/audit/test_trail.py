"""Who reads what of the record: an institution its own, an administrator all of it without the content."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client

from iocmarket.accounts import standing
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.services import create_token
from iocmarket.audit.asking import read_filters, reader_of
from iocmarket.audit.documents import as_csv
from iocmarket.audit.labels import Reader
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM, Actor, record
from iocmarket.audit.trail import Filters, Line, everything, page_of
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from tests.factories import contribute, make_institution, make_member, make_token, withdraw

pytestmark = pytest.mark.django_db


@transaction.atomic
def act(
    institution: Institution, action: str = "contribution.amended", *, member: Member | None = None, **details: object
) -> None:
    """One event of that institution."""
    actor = Actor(institution_id=institution.pk, member_id=member.pk if member else None)
    record(action, actor=actor, subject_type=action.partition(".")[0], subject_id=uuid4(), details=details)


def actions(reader: Reader, **asked: object) -> list[str]:
    """What the reader is told, newest first."""
    filters = Filters(**asked)  # type: ignore[arg-type]
    return [line.action for line in page_of(filters, reader=reader, limit=1000).lines]


def session(member: Member) -> Client:
    """Logged in."""
    client = Client()
    client.force_login(member)
    return client


def manager(institution: Institution | None = None, **extra: Any) -> Member:
    """Of that institution."""
    return make_member(institution, role=Role.MANAGER, **extra)


def test_an_institution_reads_its_own_trail_and_no_others() -> None:
    mine, other = make_institution(), make_institution()
    act(mine, "contribution.amended")
    act(other, "contribution.withdrawn")
    assert "contribution.amended" in actions(Reader(mine.pk))
    assert "contribution.withdrawn" not in actions(Reader(mine.pk))


def test_what_an_administrator_did_to_it_is_in_its_trail_without_from_where() -> None:
    mine = make_institution()
    administrator = make_member(administrator=True)
    actor = Actor(member_id=administrator.pk, institution_id=administrator.institution_id)
    standing.suspend_institution(mine, reason="no contact", actor=actor)
    line = page_of(Filters(), reader=Reader(mine.pk)).lines[0]
    assert (line.action, line.member, line.address, line.client) == ("institution.suspended", None, None, "")
    assert str(administrator) not in line.sentence
    assert line.details == {"reason": "no contact"}


def test_an_administrator_learns_that_content_was_changed_and_nothing_of_it() -> None:
    other = make_institution()
    act(other, "contribution.amended", before={"tlp": "AMBER"}, after={"tlp": "GREEN"})
    reader = Reader(make_institution().pk, everything=True)
    line = page_of(Filters(action="contribution"), reader=reader).lines[0]
    assert (line.subject_id, line.subject, line.details) == (None, "", {})
    assert line.institution == other


def test_the_own_line_says_what_a_marking_was_and_is() -> None:
    mine = make_institution()
    act(mine, "contribution.amended", before={"tlp": "AMBER"}, after={"tlp": "GREEN"}, fields=["tlp"])
    assert page_of(Filters(), reader=Reader(mine.pk)).lines[0].shown == [("tlp", "AMBER → GREEN"), ("champs", "tlp")]


def test_pages_follow_each_other_without_gap_or_repetition() -> None:
    mine = make_institution()
    for number in range(7):
        act(mine, number=number)
    cursor, found = "", []
    while True:
        page = page_of(Filters(action="contribution"), reader=Reader(mine.pk), limit=3, cursor=cursor)
        found += [line.details["number"] for line in page.lines]
        cursor = page.next
        if not cursor:
            break
    assert found == [6, 5, 4, 3, 2, 1, 0]
    lines = everything(Filters(action="contribution"), reader=Reader(mine.pk), most=5)
    assert [line.details["number"] for line in lines] == [6, 5, 4, 3, 2]


def test_a_cursor_of_anothers_trail_is_no_cursor() -> None:
    mine, other = make_institution(), make_institution()
    act(other)
    foreign = str(Event.objects.latest("pk").public_id)
    for cursor in (foreign, str(uuid4()), "7"):
        with pytest.raises(Refusal, match="bad_cursor"):
            page_of(Filters(), reader=Reader(mine.pk), cursor=cursor)


def test_the_list_is_narrowed_by_action_time_and_person() -> None:
    mine = make_institution()
    ada = make_member(mine)
    act(mine, "contribution.amended", member=ada)
    act(mine, "token.revoked")
    reader, present = Reader(mine.pk), clock.now()
    assert actions(reader, action="token.revoked") == ["token.revoked"]
    assert actions(reader, action="contribution") == ["contribution.amended"]
    assert actions(reader, member=ada.public_id) == ["contribution.amended"]
    assert actions(reader, since=present + timedelta(hours=1)) == []
    assert actions(reader, until=present - timedelta(hours=1)) == []
    assert "token.revoked" in actions(reader, since=present - timedelta(hours=1), until=present + timedelta(hours=1))


@pytest.mark.parametrize(
    "query",
    [{"sort": "at"}, {"action": "'; --"}, {"since": "yesterday"}, {"until": "2026-13-01"}, {"member": "ada"}],
)
def test_what_cannot_be_asked_is_refused_by_name(query: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        read_filters(query)
    assert refused.value.where == next(iter(query))


def test_a_day_as_an_end_is_the_whole_of_it() -> None:
    filters = read_filters({"since": "2026-11-20", "until": "2026-11-20"})
    assert filters.since is not None
    assert filters.until is not None
    assert filters.until - filters.since == timedelta(days=1)


@pytest.mark.parametrize(
    ("role", "administrator", "own", "whole"),
    [
        (Role.READER, False, False, False),
        (Role.CONTRIBUTOR, False, False, False),
        (Role.MANAGER, False, True, False),
        (Role.READER, True, False, True),
        (Role.MANAGER, True, True, True),
    ],
)
def test_who_reads_which_trail(role: Role, *, administrator: bool, own: bool, whole: bool) -> None:
    member = make_member(role=role, administrator=administrator)
    assert (reader_of(member) is not None, reader_of(member, whole=True) is not None) == (own, whole)
    client = session(member)
    assert client.get("/journal").status_code == (200 if own or whole else 404)
    assert client.get("/journal?whose=community").status_code == (200 if whole else 404)
    assert client.get("/journal/export").status_code == (200 if own or whole else 404)


def test_the_journal_says_who_did_what_from_where() -> None:
    mine = make_institution()
    client = session(manager(mine, name="Ada Dubreuil"))
    made = create_token(institution=mine, name="SIEM <b>", scopes=["feeds:read"], made_by=None, actor=PLATFORM)
    client.post(f"/account/tokens/{made.token.public_id}/revoke", HTTP_USER_AGENT="Firefox")
    page = client.get("/journal?action=token", headers={"Accept-Language": "fr"}).content.decode()
    for word in ("Ada Dubreuil", "SIEM &lt;b&gt;", "127.0.0.1", "Firefox"):
        assert word in page
    assert "<b>" not in page


def test_a_filter_that_makes_no_sense_is_said_on_the_page() -> None:
    answer = session(manager()).get("/journal?since=yesterday")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_the_export_is_a_table_in_which_nothing_is_a_formula() -> None:
    mine = make_institution()
    member = manager(mine, name="=cmd|' /C calc'!A0")
    act(mine, member=member)
    client = session(member)
    answer = client.get("/journal/export?format=csv&action=contribution")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:3] == ["at", "action", "sentence"]
    assert rows[1][1] == "contribution.amended"
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    answer = client.get("/journal/export?format=json")
    assert json.loads(b"".join(answer.streaming_content))[0]["action"]  # type: ignore[attr-defined]
    assert client.get("/journal/export?format=xml").status_code == 404


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠"])
def test_no_cell_begins_as_a_formula_does(sign: str) -> None:
    line = Line(
        public_id=uuid4(), at=clock.now(), action="x", sentence=f"{sign}A1", client=f"{sign}A1", subject_type="x",
        subject=f"{sign}A1",
    )  # fmt: skip
    cells = list(csv.reader(io.StringIO("".join(as_csv([line])), newline="")))[1]
    assert [cell for cell in cells if cell.endswith(f"{sign}A1")] == [f"'{sign}A1"] * 3


def test_the_pages_of_the_journal_follow_each_other_and_keep_what_was_asked() -> None:
    mine = make_institution()
    member = manager(mine)
    for _ in range(60):
        act(mine)
    act(mine, "token.revoked")
    client = session(member)
    first = client.get("/journal?action=contribution")
    assert len(first.context["page"].lines) == 50
    assert first.context["older"].startswith("?action=contribution&cursor=")
    second = client.get(f"/journal{first.context['older']}")
    assert len(second.context["page"].lines) == 10
    assert not second.context["older"]
    assert {line.action for line in second.context["page"].lines} == {"contribution.amended"}


def test_a_machine_reads_the_trail_of_its_institution() -> None:
    mine = make_institution()
    act(mine)
    headers = {"Authorization": f"Bearer {make_token(mine, scopes=[Scope.INSTITUTION_ADMIN])}"}
    answer = Client().get("/api/v1/audit?limit=1&action=contribution", headers=headers)
    assert answer.status_code == 200
    (event,) = answer.json()["events"]
    assert (event["action"], event["subject"]["type"]) == ("contribution.amended", "contribution")
    assert answer.json()["next"] is None
    for query in ("limit=0", "cursor=x", "since=x", "sort=at", "whose=x"):
        assert Client().get(f"/api/v1/audit?{query}", headers=headers).status_code == 400
    assert Client().get("/api/v1/audit?whose=community", headers=headers).status_code == 403


def test_another_scope_reads_no_trail() -> None:
    secret = make_token(make_institution(), scopes=[Scope.INDICATORS_READ, Scope.INDICATORS_WRITE])
    assert Client().get("/api/v1/audit", headers={"Authorization": f"Bearer {secret}"}).status_code == 403
    assert Client().get("/api/v1/audit").status_code == 401


def test_an_administrators_session_reads_the_whole_trail_by_the_api() -> None:
    client = session(manager(administrator=True))
    act(make_institution())
    found = client.get("/api/v1/audit?whose=community&action=contribution").json()["events"]
    assert [event["details"] for event in found] == [{}]
    assert session(manager()).get("/api/v1/audit?whose=community").status_code == 403


def test_no_event_of_acts_with_values_holds_one() -> None:
    mine = make_institution()
    client = session(make_member(mine))
    form = {"text": "45.77.66.55", "tlp": "amber", "pap": "green", "threat_type": "scan", "audience": "community"}
    looked = client.post("/share", form)
    client.post("/share", {**form, "act": "share", "seen": looked.context["seen"]}, follow=True)
    withdraw(contribute(mine, "45.77.66.56"))
    client.get("/search?q=45.77.66.57")
    written = json.dumps(list(Event.objects.values()), default=str)
    assert Event.objects.filter(action="submission.received").exists()
    assert "45.77.66" not in written
