"""Raw input is kept for thirty days, then its hash; what was shared and why something was not stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from ingestion.submissions import retention
from ingestion.submissions.models import Submission, SubmissionItem, SubmissionPart
from ingestion.submissions.parts import unpacked
from ingestion.submissions.retention import Purge
from ingestion.submissions.working import work_on
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from tests.ingestion.submissions.conftest import Sender
from tests.ingestion.submissions.test_long import taken_on, values, worked

TEXT = "45.1.2.3\nevil-one.fr\n300.1.2.3\n"


def purge() -> int:
    """Of how many submissions the raw input went."""
    return retention.purge().submissions


@contextmanager
def after(**passed: float) -> Iterator[None]:
    """The same platform, later."""
    with time_machine.travel(clock.now() + timedelta(**passed), tick=False):
        yield


def events() -> list[dict[str, Any]]:
    """What the record says of purges."""
    return list(Event.objects.filter(action="submission.raw_purged").values_list("details", flat=True))


def test_the_text_goes_after_thirty_days_and_leaves_its_hash(sender: Sender) -> None:
    answer = sender.text(TEXT)
    held = Submission.objects.get()
    assert held.raw == TEXT
    with after(days=29, hours=23):
        assert purge() == 0
    held.refresh_from_db()
    assert (held.raw, held.raw_digest, held.raw_purged_at) == (TEXT, None, None)
    with after(days=30):
        assert purge() == 1
        moment = clock.now()
    held.refresh_from_db()
    assert (held.raw, held.raw_purged_at) == ("", moment)
    assert held.raw_digest is not None
    assert bytes(held.raw_digest) == hashlib.sha256(TEXT.encode()).digest()
    assert answer.json()["counts"] == {name: getattr(held, name) for name in answer.json()["counts"]}


def test_refused_lines_keep_their_reason_and_lose_their_words(sender: Sender) -> None:
    answer = sender.text(TEXT).json()
    with after(days=31):
        purge()
    again = sender.client.get(answer["items_url"]).json()
    for before, now in zip(answer["items"], again["items"], strict=True):
        if before["status"] == "refused":
            assert now == {**before, "input": "", "detail": None}
        else:
            assert now == before
    assert [item["reason"] for item in again["items"]][2] == "octet_too_large"
    assert Contribution.unscoped.count() == 2


def test_every_purge_is_in_the_record_with_its_figures_and_nothing_is_purged_twice(sender: Sender) -> None:
    sender.text(TEXT)
    sender.json("45.1.2.4")
    with after(days=31):
        assert purge() == 2
        assert purge() == 0
    assert events() == [{"older_than_days": 30, "submissions": 2, "parts": 0, "lines": 1}]


def test_a_document_leaves_no_hash_because_no_text_was_kept(sender: Sender) -> None:
    sender.json("45.1.2.4")
    with after(days=31):
        purge()
    held = Submission.objects.get()
    assert (held.raw_digest, held.raw_purged_at is not None) == (None, True)


@pytest.mark.usefixtures("working")
def test_the_parts_of_a_long_one_go_and_leave_their_hash(sender: Sender) -> None:
    body = taken_on(sender.text("\n".join([*values(2600), "300.1.2.3"])))
    held = worked(body)
    parts = SubmissionPart.objects.order_by("kind", "number")
    assert [len(unpacked(part.body)) for part in parts] == [2000, 601]
    before = sender.items(body["items_url"])
    with after(days=31):
        assert retention.due() == Purge(submissions=1, parts=2, lines=1)
        assert purge() == 1
    held.refresh_from_db()
    assert held.raw_digest is not None
    assert not SubmissionPart.objects.exists()
    assert sender.items(body["items_url"])[:-1] == before[:-1]
    assert (held.state, held.received, held.accepted) == ("done", 2601, 2600)


@pytest.mark.usefixtures("working")
def test_what_is_still_at_work_is_not_touched_however_old(sender: Sender) -> None:
    body = taken_on(sender.text("\n".join(values(2600))))
    with after(days=31):
        assert purge() == 0
    held = Submission.objects.get(public_id=body["id"])
    while work_on(held.pk):
        pass
    held.refresh_from_db()
    assert held.accepted == 2600


def test_the_days_are_a_setting_and_work_is_done_in_batches(
    sender: Sender, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RAW_INPUT_DAYS = 2
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        sender.text(f"45.1.2.{number}")
    with after(days=2):
        assert retention.purge() == Purge(submissions=5)
    assert [said["submissions"] for said in events()] == [2, 2, 1]
    assert not Submission.objects.exclude(raw="").exists()


def test_counting_changes_nothing(sender: Sender) -> None:
    sender.text(TEXT)
    with after(days=31):
        assert retention.due() == Purge(submissions=1, parts=0, lines=1)
        assert Submission.objects.exclude(raw="").count() == 1
        assert SubmissionItem.objects.exclude(input="").count() == 3
        assert purge() == 1
        assert retention.due() == Purge()
    assert events() == [{"older_than_days": 30, "submissions": 1, "parts": 0, "lines": 1}]
