"""The contract's answer: its keys, its counts, item by item; a preview that says the same and stores nothing."""

from __future__ import annotations

import string
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.submissions.models import Submission, SubmissionItem
from iocmarket.accounts.roles import Scope
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution, Indicator, Report
from tests.factories import contribute, make_token
from tests.ingestion.submissions.conftest import Sender, row_counts

KEYS = {"id", "state", "counts", "items", "lines_without_indicator", "items_url"}
ITEM_KEYS = {
    "index", "line", "input", "type", "value", "status", "reason", "detail", "indicator", "known", "warnings", "lists",
}  # fmt: skip
MESSAGE = """Bonjour à tous,

Vu cette nuit sur le VPN : 45.1.2.3 puis 45.1.2.4
La page est hxxps://evil[.]fr/login?x=1
Cordialement
"""


def statuses(answer: Any) -> list[str]:
    """What became of each item."""
    return [item["status"] for item in answer.json()["items"]]


def test_the_answer_has_the_keys_of_the_contract(sender: Sender) -> None:
    answer = sender.json("45.1.2.3", {"value": "evil[.]fr"}, "nonsense")
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == KEYS
    assert body["state"] == "done"
    assert body["counts"] == {"received": 3, "accepted": 2, "refreshed": 0, "refused": 1}
    assert answer["Location"] == body["items_url"] == f"/api/v1/submissions/{UUID(body['id'])}"
    assert [set(item) for item in body["items"]] == [ITEM_KEYS] * 3
    assert [item["index"] for item in body["items"]] == [0, 1, 2]


def test_an_accepted_item_tells_what_it_was_read_as(sender: Sender) -> None:
    item = sender.json("hxxps://EVIL[.]fr/Login").json()["items"][0]
    assert item["input"] == "hxxps://EVIL[.]fr/Login"
    assert (item["type"], item["value"]) == ("url", "https://evil.fr/Login")
    assert (item["status"], item["reason"], item["detail"], item["known"]) == ("accepted", None, None, False)
    assert Indicator.unscoped.get(public_id=item["indicator"]).value == "https://evil.fr/Login"


def test_a_refused_item_tells_why_and_points_at_nothing(sender: Sender) -> None:
    item = sender.json({"value": "999.1.1.1", "type": "ipv4"}).json()["items"][0]
    assert item["status"] == "refused"
    assert item["reason"] == "octet_too_large"
    assert "255" in item["detail"]
    assert (item["value"], item["indicator"]) == (None, None)


def test_a_message_is_read_as_prose(sender: Sender) -> None:
    body = sender.text(MESSAGE).json()
    assert [(item["line"], item["value"]) for item in body["items"]] == [
        (3, "45.1.2.3"),
        (3, "45.1.2.4"),
        (4, "https://evil.fr/login?x=1"),
    ]
    assert body["lines_without_indicator"] == [1, 5]


def test_a_list_answers_each_line(sender: Sender) -> None:
    body = sender.text("# comment\n45.1.2.3\nnot an indicator at all here\nevil[.]fr\n45.1.2.400\n").json()
    assert [(item["line"], item["status"]) for item in body["items"]] == [
        (2, "accepted"),
        (3, "refused"),
        (4, "accepted"),
        (5, "refused"),
    ]


def test_json_may_carry_text_beside_values(sender: Sender) -> None:
    body = sender.json("45.1.2.9", text=MESSAGE).json()
    assert [item["index"] for item in body["items"]] == [0, 1, 2, 3]
    assert [item["value"] for item in body["items"]][:2] == ["45.1.2.9", "45.1.2.3"]
    assert body["lines_without_indicator"] == [1, 5]


def test_query_parameters_are_the_defaults_of_text(sender: Sender) -> None:
    query = "?tlp=amber%2Bstrict&pap=RED&threat_type=phishing&confidence=80&audience=own&tags=cas&tags=t1566"
    assert sender.text("45.1.2.3", query).status_code == 201
    row = Contribution.unscoped.get()
    assert str(row.marking) == "TLP:AMBER+STRICT PAP:RED"
    assert (row.threat_type, row.confidence, row.audience) == ("phishing", 80, "own")
    assert row.tags == ["cas", "t1566"]


line = st.one_of(
    st.sampled_from(
        [
            "45.1.2.3",
            "45[.]1[.]2[.]3",
            "evil[.]fr",
            "hxxp://evil[.]fr/x",
            "a@evil.fr",
            "d41d8cd98f00b204e9800998ecf8427e",
        ]
    ),
    st.sampled_from(["", "   ", "# comment", "Bonjour,", "vu hier", "999.1.1.1", "10.0.0.0/33", "bob@evil.fr:secret"]),
    st.text(string.printable, max_size=40),
    st.text(max_size=30),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(line, min_size=2, max_size=15))
def test_whatever_is_pasted_the_counts_add_up_and_every_line_is_answered(sender: Sender, lines: list[str]) -> None:
    text = "\n".join(line.replace("\r", " ") for line in lines)
    answer = sender.raw(text.encode("utf-8", "replace"), "text/plain")
    if answer.status_code == 400:
        assert answer.json()["code"] == "nul_character"
        return
    body = answer.json()
    counts = body["counts"]
    assert counts["received"] == len(body["items"]) == counts["accepted"] + counts["refreshed"] + counts["refused"]
    for name in ("accepted", "refreshed", "refused"):
        assert counts[name] == [item["status"] for item in body["items"]].count(name)
    answered = {item["line"] for item in body["items"]} | set(body["lines_without_indicator"])
    assert answered == {number for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    for item in body["items"]:
        assert (item["status"] == "refused") == (item["indicator"] is None) == (item["reason"] is not None)


def test_a_value_repeated_in_a_batch_is_refreshed_with_a_warning(sender: Sender) -> None:
    body = sender.json("45.1.2.3", "45[.]1.2.3", "evil.fr", {"value": "45.1.2.3", "comment": "twice"}).json()
    assert [item["status"] for item in body["items"]] == ["accepted", "refreshed", "accepted", "refreshed"]
    assert [item["warnings"] for item in body["items"]] == [[], ["repeated"], [], ["repeated"]]
    assert Contribution.unscoped.filter(indicator__value="45.1.2.3").get().comment == "twice"


def test_the_same_submission_again_accepts_nothing_new(sender: Sender) -> None:
    assert sender.text(MESSAGE).json()["counts"]["accepted"] == 3
    again = sender.text(MESSAGE).json()
    assert again["counts"] == {"received": 3, "accepted": 0, "refreshed": 3, "refused": 0}
    assert Contribution.unscoped.count() == 3
    assert Indicator.unscoped.count() == 3
    assert Submission.objects.count() == 2


def test_a_value_in_a_report_is_another_statement(sender: Sender) -> None:
    sender.json("45.1.2.3")
    report = {"title": "Faux CAS", "description": "vu en octobre"}
    assert statuses(sender.json("45.1.2.3", report=report)) == ["accepted"]
    assert statuses(sender.json("45.1.2.3", report=report)) == ["refreshed"]
    assert Contribution.unscoped.count() == 2
    assert Report.objects.get().description == "vu en octobre"


def test_the_report_of_another_institution_is_another_report(sender: Sender, other: Sender) -> None:
    report = {"title": "Faux CAS"}
    other.json("45.1.2.3", report=report)
    assert statuses(sender.json("45.1.2.3", report=report)) == ["accepted"]
    assert Report.objects.count() == 2


def test_sharing_again_what_was_withdrawn_is_a_new_statement(sender: Sender) -> None:
    sender.json("45.1.2.3")
    assert sender.delete(Contribution.unscoped.get().public_id).status_code == 204
    assert statuses(sender.json("45.1.2.3")) == ["accepted"]
    assert Contribution.unscoped.filter(withdrawn_at=None).count() == 1


def test_what_others_share_appears_as_known_and_nothing_more(sender: Sender, other: Sender) -> None:
    other.json("45.1.2.3", {"value": "45.1.2.4", "audience": "own"})
    items = sender.json("45.1.2.3", "45.1.2.4").json()["items"]
    assert [(item["status"], item["known"]) for item in items] == [("accepted", True), ("accepted", False)]


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """A document without some of its members."""
    return {name: value for name, value in body.items() if name not in names}


def same(dry: Any, real: Any) -> None:
    """A preview answers what the submission answers, but for what exists only once it is stored."""
    assert (dry.status_code, real.status_code) == (200, 201)
    before, after = dry.json(), real.json()
    assert before["dry_run"] is True
    assert before["id"] is None
    assert without(before, "id", "dry_run", "items") == without(after, "id", "items_url", "items")
    assert [without(item, "indicator") for item in before["items"]] == [
        without(item, "indicator") for item in after["items"]
    ]


def test_a_dry_run_answers_the_same_and_stores_nothing(sender: Sender, other: Sender) -> None:
    other.json("45.1.2.3", {"value": "evil.fr", "audience": "own"})
    sender.json({"value": "45.1.2.4", "tlp": "GREEN"}, {"value": "45.1.2.5", "audience": "own"})
    batch = ("45.1.2.3", "evil.fr", "45.1.2.4", "45.1.2.5", "45.1.2.6", "45.1.2.6", "nonsense", {"value": "10.0.0.1"})
    before = row_counts()
    dry = sender.json(*batch, query="?dry_run=1")
    assert row_counts() == before
    same(dry, sender.json(*batch))


def test_a_dry_run_into_a_report(sender: Sender) -> None:
    report = {"title": "Faux CAS"}
    same(sender.json("45.1.2.3", report=report, query="?dry_run=1"), sender.json("45.1.2.3", report=report))
    same(sender.json("45.1.2.3", report=report, query="?dry_run=1"), sender.json("45.1.2.3", report=report))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(line.filter(lambda text: "\x00" not in text), min_size=2, max_size=8))
def test_a_dry_run_of_any_text_answers_the_same(sender: Sender, lines: list[str]) -> None:
    text = "\n".join(lines).encode("utf-8", "replace")
    before = row_counts()
    dry = sender.raw(text, "text/plain", "?dry_run=1")
    assert row_counts() == before
    same(dry, sender.raw(text, "text/plain"))


@pytest.mark.parametrize("flag", ["0", "false", ""])
def test_a_dry_run_that_is_denied_is_none(flag: str, sender: Sender) -> None:
    assert sender.json("45.1.2.3", query=f"?dry_run={flag}").status_code == 201


def test_an_answer_can_be_read_again(sender: Sender, other: Sender) -> None:
    other.json("45.1.2.3")
    first = sender.json("45.1.2.3", "45.1.2.3", "nonsense", text="Bonjour,\nvu 45.1.2.4 hier").json()
    again = sender.client.get(first["items_url"])
    assert again.status_code == 200
    assert again.json() == first


def test_the_answer_of_another_institution_is_like_none(sender: Sender, other: Sender) -> None:
    theirs = other.json("45.1.2.3").json()["items_url"]
    absent = f"/api/v1/submissions/{uuid4()}"
    assert sender.client.get(theirs).status_code == sender.client.get(absent).status_code == 404
    assert sender.client.get(theirs).content == sender.client.get(absent).content


def test_a_submission_leaves_one_event_without_values(sender: Sender) -> None:
    body = sender.json("45.1.2.3", "nonsense").json()
    event = Event.objects.get(action="submission.received")
    assert str(event.subject_id) == body["id"]
    assert event.details == {"channel": "api", **body["counts"]}
    assert event.token is not None
    assert event.institution == sender.institution


def test_who_may_only_read_sends_nothing(sender: Sender) -> None:
    reader = make_token(sender.institution, scopes=[Scope.INDICATORS_READ, Scope.FEEDS_READ])
    before = row_counts()
    sender.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {reader}"
    assert sender.json("45.1.2.3").status_code == 403
    assert row_counts() == before


def test_withdrawing_is_for_the_author_alone(sender: Sender, other: Sender) -> None:
    statement = contribute(other.institution, "45.1.2.3")
    assert sender.delete(statement.public_id).status_code == 404
    assert sender.delete(statement.public_id).content == sender.delete(uuid4()).content
    statement.refresh_from_db()
    assert statement.withdrawn_at is None
    assert other.delete(statement.public_id).status_code == 204
    assert other.delete(statement.public_id).status_code == 404


def test_items_keep_their_order_and_their_lines_in_the_database(sender: Sender) -> None:
    sender.text("45.1.2.3\n\nevil.fr\nnonsense of words\n45.1.2.3")
    stored = SubmissionItem.objects.order_by("index").values_list("line", "status")
    assert list(stored) == [(1, "accepted"), (3, "accepted"), (4, "refused"), (5, "refreshed")]
