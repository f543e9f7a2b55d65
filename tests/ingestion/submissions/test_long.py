"""More than five hundred items: taken on at once, merged in parts, each item in exactly once."""

from __future__ import annotations

import gzip
import json
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings

from ingestion.submissions import working
from ingestion.submissions.models import Submission, SubmissionItem, SubmissionPart
from ingestion.submissions.parts import unpacked
from ingestion.submissions.tasks import SILENT, sweep
from ingestion.submissions.working import work_on
from iocmarket.accounts.models import Token
from iocmarket.api.spool import IN_MEMORY
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.kernel import clock
from iocmarket.publication.models import Outbox
from tests.ingestion.submissions.conftest import Sender, row_counts

pytestmark = pytest.mark.usefixtures("working")
COUNTS = ("received", "accepted", "refreshed", "refused")


def values(count: int, start: int = 0) -> list[str]:
    """So many addresses."""
    return [f"45.{n // 62500}.{n // 250 % 250}.{n % 250}" for n in range(start, start + count)]


def taken_on(answer: Any) -> dict[str, Any]:
    """The body of a 202."""
    body: dict[str, Any] = answer.json()
    assert answer.status_code == 202, body
    assert answer["Location"] == f"/api/v1/submissions/{body['id']}"
    assert body["items_url"] == f"/api/v1/submissions/{body['id']}/items"
    assert body["state"] == "queued"
    assert body["counts"] == dict.fromkeys(COUNTS, 0)
    assert body["items"] == []
    return body


def worked(body: dict[str, Any]) -> Submission:
    """The submission when the worker is through with it."""
    held = Submission.objects.get(public_id=body["id"])
    while work_on(held.pk):
        pass
    held.refresh_from_db()
    return held


def counts(held: Submission) -> dict[str, int]:
    """Its counts."""
    return {name: getattr(held, name) for name in COUNTS}


def test_a_long_table_is_taken_on_and_every_line_answered(sender: Sender) -> None:
    lines = ["value;tlp;comment", *(f"{value};GREEN;seen" for value in values(4100)), "nonsense;;", ";GREEN;"]
    body = taken_on(sender.csv("\n".join(lines)))
    assert body["expected"] == 4102
    assert not Contribution.unscoped.exists()
    held = worked(body)
    assert (held.state, counts(held)) == (
        "done", {"received": 4102, "accepted": 4100, "refreshed": 0, "refused": 2},
    )  # fmt: skip
    items = sender.items(body["items_url"])
    assert [item["index"] for item in items] == list(range(4102))
    assert [item["line"] for item in items] == list(range(2, 4104))
    assert [item["reason"] for item in items[-2:]] == ["no_indicator", "value_missing"]
    assert items[0]["value"] == "45.0.0.0"
    assert items[0]["indicator"] == str(Indicator.unscoped.get(value="45.0.0.0").public_id)
    said = Contribution.unscoped.filter(submission=held.public_id)
    assert set(said.values_list("tlp", "comment")) == {(1, "seen")}
    assert Outbox.objects.values("indicator_id").distinct().count() == 4100


def test_each_part_leaves_one_event_and_the_whole_two(sender: Sender) -> None:
    body = taken_on(sender.csv("\n".join(values(4100))))
    worked(body)
    actions = Event.objects.filter(subject_id=body["id"]).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["submission.queued", *["submission.part"] * 3, "submission.done"]


@pytest.mark.parametrize("kind", ["json", "ndjson", "csv", "text"])
def test_every_kind_of_body_may_be_long(kind: str, sender: Sender) -> None:
    many = values(501)
    sent = {
        "json": lambda: sender.json(*many, defaults={"tlp": "GREEN"}),
        "ndjson": lambda: sender.ndjson(*({"value": value} for value in many), query="?tlp=GREEN"),
        "csv": lambda: sender.csv("\n".join(many), "?tlp=GREEN"),
        "text": lambda: sender.text("\n".join(many), "?tlp=GREEN"),
    }[kind]()
    held = worked(taken_on(sent))
    assert counts(held)["accepted"] == 501
    assert set(Contribution.unscoped.values_list("tlp", flat=True)) == {1}


@pytest.mark.parametrize("kind", ["json", "ndjson", "csv", "text"])
def test_five_hundred_are_answered_at_once(kind: str, sender: Sender) -> None:
    many = values(500)
    sent = {
        "json": lambda: sender.json(*many),
        "ndjson": lambda: sender.ndjson(*many),
        "csv": lambda: sender.csv("ioc\n" + "\n".join(many)),
        "text": lambda: sender.text("\n".join(many)),
    }[kind]()
    assert sent.status_code == 201
    assert sent.json()["counts"] == {"received": 500, "accepted": 500, "refreshed": 0, "refused": 0}


def test_short_and_long_answer_item_by_item_the_same(sender: Sender, other: Sender) -> None:
    other.json("45.0.0.7")
    sender.json({"value": "45.0.0.8", "tlp": "CLEAR"})
    odd = ["evil[.]fr", "nonsense", "127.0.0.1", "bob@univ.fr:hunter2", "hxxps://evil[.]fr/x", "45.0.0.1", "10.0.0.1"]
    rows = [*values(300), *odd]
    short = other.ndjson(*rows).json()["items"]
    Contribution.unscoped.exclude(indicator__value__in=["45.0.0.7", "45.0.0.8"]).delete()
    long = Sender()
    body = taken_on(long.ndjson(*rows, *values(300, 1000)))
    worked(body)
    items = long.items(body["items_url"])
    kept = ("index", "line", "input", "type", "value", "reason", "detail", "warnings")
    assert [[item[name] for name in kept] for item in items[:307]] == [[item[name] for name in kept] for item in short]
    assert [item["index"] for item in items if item["known"]] == [7, 8]


def test_a_value_repeated_in_a_later_part_is_refreshed(sender: Sender) -> None:
    many = values(2500)
    body = taken_on(sender.csv("\n".join([*many, many[3], many[2400]])))
    held = worked(body)
    assert counts(held) == {"received": 2502, "accepted": 2500, "refreshed": 2, "refused": 0}
    last = sender.items(body["items_url"])[-2:]
    assert [(item["status"], item["warnings"], item["known"]) for item in last] == [
        ("refreshed", ["repeated"], False)
    ] * 2


def test_the_same_again_accepts_nothing_new(sender: Sender) -> None:
    text = "\n".join(values(2100))
    worked(taken_on(sender.csv(text)))
    assert counts(worked(taken_on(sender.csv(text)))) == {
        "received": 2100, "accepted": 0, "refreshed": 2100, "refused": 0,
    }  # fmt: skip
    assert Contribution.unscoped.count() == 2100


def test_a_report_is_joined_by_every_part(sender: Sender) -> None:
    worked(taken_on(sender.json(*values(2100), report={"title": "Faux CAS"})))
    assert Report.objects.get().contributions.count() == 2100


def test_a_line_that_says_something_impossible_is_refused_alone(sender: Sender) -> None:
    lines: list[dict[str, Any]] = [{"value": value} for value in values(600)]
    lines[1] |= {"tlp": "PINK"}
    lines[2] |= {"audience": "recipients", "recipients": ["Nobody"]}
    lines[3] |= {"colour": "red"}
    lines[4] |= {"audience": "recipients", "recipients": [sender.institution.name]}
    body = taken_on(sender.ndjson(*lines))
    held = worked(body)
    assert counts(held)["refused"] == 3
    items = sender.items(body["items_url"])
    assert [item["reason"] for item in items[:5]] == [None, "unknown_tlp", "unknown_recipient", "unknown_field", None]


def test_the_faults_of_a_long_document_are_told_at_once(sender: Sender) -> None:
    before = row_counts()
    answer = sender.json(*values(600), {"value": "45.1.2.3", "tlp": "PINK"}, 7, defaults={"pap": "x"})
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["errors"]] == [
        "/defaults/pap", "/indicators/600/tlp", "/indicators/601",
    ]  # fmt: skip
    assert row_counts() == before


@pytest.mark.parametrize("query", ["?tlp=PINK", "?audience=recipients&recipients=Nobody", "?colour=red"])
def test_impossible_defaults_are_told_at_once(query: str, sender: Sender) -> None:
    before = row_counts()
    assert sender.csv("\n".join(values(600)), query).status_code == 422
    assert row_counts() == before


def test_one_item_too_many_is_refused_and_nothing_kept(sender: Sender, settings: Any) -> None:
    assert django_settings.BULK_MAX_ITEMS == 100_000
    settings.BULK_MAX_ITEMS = 2500
    before = row_counts()
    for answer in (
        sender.csv("\n".join(values(2501))),
        sender.ndjson(*values(2501)),
        sender.json(*values(2501)),
        sender.text("\n".join(values(2501))),
    ):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")
    assert row_counts() == before
    assert counts(worked(taken_on(sender.csv("\n".join(values(2500))))))["accepted"] == 2500


def test_a_long_text_is_read_piece_by_piece(sender: Sender, settings: Any) -> None:
    settings.BULK_READ_AT_ONCE = 1000
    prose = "Bonjour à tous,\n\nvu hier : 45.200.1.2\nbob@univ.fr:hunter2 par courriel\n"
    body = taken_on(sender.text("\n".join(values(700)) + "\n\n" + prose))
    assert body["expected"] is None
    assert "hunter2" not in "".join(map(str, SubmissionPart.objects.values_list("body", flat=True)))
    held = worked(body)
    assert (held.state, held.expected, held.received) == ("done", held.received, held.received)
    items = sender.items(body["items_url"])
    assert [item["line"] for item in items][:700] == list(range(1, 701))
    assert (items[-2]["value"], items[-2]["line"]) == ("45.200.1.2", 704)
    assert items[-1]["reason"] == "credential"


def test_pieces_of_a_text_keep_their_line_numbers(sender: Sender, settings: Any, monkeypatch: Any) -> None:
    settings.BULK_READ_AT_ONCE = 1000
    monkeypatch.setattr("ingestion.submissions.queueing.TEXT_PIECE", 2000)
    many = values(900)
    body = taken_on(sender.text("\n".join(many[:450]) + "\n\n" + "\n".join(many[450:])))
    assert SubmissionPart.objects.filter(kind="text").count() > 2
    held = worked(body)
    assert counts(held)["accepted"] == 900
    assert [item["value"] for item in sender.items(body["items_url"])] == many
    lines = SubmissionItem.objects.filter(submission=held).order_by("index").values_list("line", flat=True)
    assert list(lines) == [*range(1, 451), *range(452, 902)]


def test_a_text_of_too_many_items_fails_and_says_so(sender: Sender, settings: Any) -> None:
    settings.BULK_READ_AT_ONCE, settings.BULK_MAX_ITEMS = 1000, 600
    body = taken_on(sender.text("\n".join(values(700))))
    assert worked(body).state == "failed"
    answer = sender.client.get(f"/api/v1/submissions/{body['id']}").json()
    assert answer["failure"]["code"] == "too_many_items"
    assert not Contribution.unscoped.exists()


def test_counts_grow_together_and_a_killed_worker_is_continued(sender: Sender) -> None:
    body = taken_on(sender.csv("\n".join(values(6000))))
    held = Submission.objects.get(public_id=body["id"])
    assert working._step(held.pk)
    halfway = sender.client.get(f"/api/v1/submissions/{body['id']}").json()
    assert (halfway["state"], halfway["counts"]["received"]) == ("running", 2000)
    assert halfway["counts"]["accepted"] == 2000
    page = sender.client.get(body["items_url"], {"limit": 2000}).json()
    assert (len(page["items"]), page["next"]) == (2000, "1999")
    assert sender.client.get(body["items_url"], {"cursor": "1999"}).json() == {"items": [], "next": "1999"}
    working._begin(held.pk)  # and then it is killed
    assert counts(worked(body))["accepted"] == 6000
    assert SubmissionItem.objects.count() == 6000


def test_a_part_that_always_fails_ends_the_submission_and_counts_nothing_of_it(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = taken_on(sender.csv("\n".join(values(4100))))
    held = Submission.objects.get(public_id=body["id"])
    assert working._step(held.pk)

    def poison(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("45.0.0.1")

    monkeypatch.setattr("ingestion.submissions.services.store_items", poison)
    held = worked(body)
    assert (held.state, held.failure, held.attempts) == ("failed", "part_failed", working.TRIES)
    assert counts(held) == {"received": 2000, "accepted": 2000, "refreshed": 0, "refused": 0}
    assert Contribution.unscoped.count() == 2000
    answer = sender.client.get(f"/api/v1/submissions/{body['id']}").json()
    assert answer["failure"]["code"] == "part_failed"
    assert Event.objects.filter(action="submission.failed", subject_id=body["id"]).count() == 1


def test_who_is_shut_out_meanwhile_shares_nothing_more(sender: Sender) -> None:
    body = taken_on(sender.csv("\n".join(values(4100))))
    held = Submission.objects.get(public_id=body["id"])
    working._step(held.pk)
    Token.objects.filter(institution=sender.institution).update(revoked_at=clock.now())
    held = worked(body)
    assert (held.state, held.failure, held.received) == ("failed", "sender_gone", 2000)


def test_the_sweeper_finds_what_no_hint_reached(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    hinted: list[int] = []
    monkeypatch.setattr("ingestion.submissions.tasks.hint", hinted.append)
    body = taken_on(sender.csv("\n".join(values(600))))
    held = Submission.objects.filter(public_id=body["id"])
    assert sweep() == 0
    held.update(created_at=clock.now() - SILENT)
    assert sweep() == 1
    assert hinted == [held.get().pk]
    worked(body)
    assert sweep() == 0


def test_items_are_for_the_own_institution(sender: Sender, other: Sender) -> None:
    body = taken_on(sender.csv("\n".join(values(600))))
    absent = f"/api/v1/submissions/{uuid4()}/items"
    assert other.client.get(body["items_url"]).status_code == 404
    assert other.client.get(body["items_url"]).content == other.client.get(absent).content


def test_items_of_a_short_submission_are_paged_too(sender: Sender) -> None:
    answer = sender.json("45.1.2.3", "nonsense", "evil.fr").json()
    url = f"/api/v1/submissions/{answer['id']}/items"
    assert sender.client.get(url, {"limit": "2"}).json() == {"items": answer["items"][:2], "next": "1"}
    assert sender.client.get(url, {"limit": "2", "cursor": "1"}).json() == {"items": answer["items"][2:], "next": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=2001", "limit=x", "cursor=-1", "cursor=9999999999", "cursor=²"])
def test_an_odd_page_is_refused(query: str, sender: Sender) -> None:
    url = sender.json("45.1.2.3").json()["items_url"]
    answer = sender.client.get(f"{url}/items?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_number")


def test_gzip_is_read(sender: Sender) -> None:
    text = "\n".join(values(600)).encode()
    halves = gzip.compress(text[:1000]) + gzip.compress(text[1000:])  # RFC 1952: members follow each other
    body = taken_on(sender.raw(halves, "text/csv", **{"Content-Encoding": "gzip"}))
    assert counts(worked(body))["accepted"] == 600


def test_a_truncated_or_broken_gzip_is_400_and_nothing_kept(sender: Sender) -> None:
    before = row_counts()
    whole = gzip.compress(json.dumps({"indicators": values(600)}).encode())
    for body, code in ((whole[:-5], "truncated_gzip"), (whole[:20], "truncated_gzip"), (b"x" * 50, "not_gzip")):
        answer = sender.raw(body, **{"Content-Encoding": "gzip"})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert row_counts() == before


def test_a_gzip_bomb_is_413(sender: Sender, settings: Any) -> None:
    settings.BULK_MAX_BYTES = 1_000_000
    before = row_counts()
    answer = sender.raw(gzip.compress(b"\n" * 1_000_001), "text/csv", **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert row_counts() == before


def test_a_body_one_byte_over_the_limit_is_413(sender: Sender, settings: Any) -> None:
    assert django_settings.BULK_MAX_BYTES == 64 * 1024 * 1024
    settings.BULK_MAX_BYTES = 10_000
    before = row_counts()
    for media_type in ("text/csv", "application/x-ndjson", "text/plain", "application/json"):
        answer = sender.raw(b" " * 10_001, media_type)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert "10000" in answer.json()["detail"]
    assert row_counts() == before


def test_french_tables_in_windows_1252_are_read_also_when_long(sender: Sender) -> None:
    remark = "vu à Mériane " * 30  # together more than is kept in memory
    text = "valeur;commentaire\r\n" + "".join(f"{value};{remark}\r\n" for value in values(3000))
    body = taken_on(sender.raw(text.encode("cp1252"), "text/csv"))
    assert (body["expected"], len(text) > IN_MEMORY) == (3000, True)
    working._step(Submission.objects.get(public_id=body["id"]).pk)
    assert set(Contribution.unscoped.values_list("comment", flat=True)) == {remark.strip()}


def test_a_suspended_institution_shares_nothing_more(sender: Sender) -> None:
    body = taken_on(sender.csv("\n".join(values(600))))
    sender.institution.state = "suspended"
    sender.institution.save(update_fields=["state"])
    assert worked(body).failure == "sender_gone"


def test_passwords_are_blanked_before_anything_is_written(sender: Sender) -> None:
    rows = [{"value": "bob@univ.fr:hunter2", "comment": "mot de passe: hunter2"}, *values(600)]
    body = taken_on(sender.ndjson(*rows))
    stored = json.dumps([unpacked(part.body) for part in SubmissionPart.objects.all()])
    assert "hunter2" not in stored
    worked(body)
    first = sender.items(body["items_url"])[0]
    assert (first["reason"], "hunter2" in first["input"]) == ("credential", False)
