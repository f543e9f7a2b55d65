"""Idempotency-Key: the same request again is the same answer and no second act; another one is a conflict."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest

from ingestion.submissions import api, idempotency, services
from ingestion.submissions.models import KeptAnswer, Submission
from ingestion.submissions.tasks import forget
from iocmarket.audit.models import Event
from iocmarket.kernel import clock
from tests.ingestion.submissions.conftest import Sender, row_counts
from tests.ingestion.submissions.test_races import at_once


def keyed(sender: Sender, value: str = "45.1.2.3", *, key: str = "once", query: str = "") -> Any:
    """Send one value under a key."""
    body = json.dumps({"indicators": [value, "nonsense"]}).encode()
    return sender.raw(body, query=query, **{"Idempotency-Key": key})


def test_the_same_again_is_the_same_answer_and_no_second_act(sender: Sender) -> None:
    first = keyed(sender)
    before = row_counts()
    again = keyed(sender)
    assert (again.status_code, again.content, again["Location"]) == (201, first.content, first["Location"])
    assert row_counts() == before
    assert Event.objects.filter(action="submission.received").count() == 1


@pytest.mark.usefixtures("working")
def test_a_long_submission_is_taken_on_once(sender: Sender) -> None:
    text = "\n".join(f"45.1.{n // 250}.{n % 250}" for n in range(501))
    first, again = (sender.csv(text, **{"Idempotency-Key": "long"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert Submission.objects.count() == 1


def test_another_body_address_or_media_type_is_a_conflict(sender: Sender) -> None:
    keyed(sender)
    before = row_counts()
    for other in (
        keyed(sender, "45.1.2.4"),
        sender.raw(b"45.1.2.3", "text/plain", "?tlp=GREEN", **{"Idempotency-Key": "once"}),
        sender.raw(b'"45.1.2.3"', "application/x-ndjson", **{"Idempotency-Key": "once"}),
    ):
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert row_counts() == before


def test_keys_of_two_senders_do_not_meet(sender: Sender, other: Sender) -> None:
    colleague = Sender(sender.institution)
    ids = {keyed(who).json()["id"] for who in (sender, other, colleague)}
    assert len(ids) == 3


def test_what_was_refused_is_not_kept(sender: Sender) -> None:
    bad = sender.raw(b'{"indicators":[7]}', **{"Idempotency-Key": "once"})
    assert bad.status_code == 422
    assert not KeptAnswer.objects.exists()
    assert keyed(sender).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_an_impossible_key_is_refused(key: str, sender: Sender) -> None:
    answer = keyed(sender, key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


def test_a_key_is_forgotten_after_a_day(sender: Sender) -> None:
    first = keyed(sender)
    KeptAnswer.objects.update(created_at=clock.now() - idempotency.KEPT - timedelta(seconds=1))
    second = keyed(sender, "45.1.2.9")
    assert (first.status_code, second.status_code) == (201, 201)
    assert KeptAnswer.objects.count() == 1
    KeptAnswer.objects.update(created_at=clock.now() - idempotency.KEPT - timedelta(seconds=1))
    assert forget() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_request_at_the_same_moment_is_done_once() -> None:
    sender = Sender()
    answers = at_once(*[lambda: keyed(sender)] * 4)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Submission.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_the_first_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", 1)
    sender, held, told = Sender(), threading.Event(), threading.Event()
    real = services.submit

    def slow(*args: Any, **kwargs: Any) -> Any:
        held.set()
        told.wait(20)
        return real(*args, **kwargs)

    monkeypatch.setattr(api, "submit", slow)

    def second() -> Any:
        held.wait(20)
        answer = keyed(sender)
        told.set()
        return answer

    first, late = at_once(lambda: keyed(sender), second)
    assert first.status_code == 201
    assert (late.status_code, late.json()["code"], late["Retry-After"]) == (409, "idempotency_in_progress", "5")
