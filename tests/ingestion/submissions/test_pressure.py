"""Back-pressure: 429 with Retry-After before too much waits; short submissions go on for as long as they can."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.submissions.models import Submission
from iocmarket.publication.models import Outbox
from iocmarket.web import throttles
from tests.factories import make_institution
from tests.ingestion.submissions.conftest import Sender, row_counts

LONG = "\n".join(f"45.1.{n // 250}.{n % 250}" for n in range(600))


def later(answer: Any, code: str) -> None:
    """A 429 that says when to come back."""
    assert (answer.status_code, answer.json()["code"]) == (429, code)
    assert int(answer["Retry-After"]) >= 5


def test_without_a_worker_long_ones_wait_and_short_ones_do_not(sender: Sender) -> None:
    before = row_counts()
    later(sender.csv(LONG), "worker_absent")
    assert row_counts() == before
    assert sender.json("45.1.2.3").status_code == 201


@pytest.mark.usefixtures("working")
def test_an_institution_has_only_so_much_waiting(sender: Sender, other: Sender, settings: Any) -> None:
    settings.BULK_WAITING_PER_INSTITUTION = 1000
    assert sender.csv(LONG).status_code == 202
    before = row_counts()
    later(sender.csv(LONG), "too_much_waiting")
    assert row_counts() == before
    assert other.csv(LONG).status_code == 202
    Submission.objects.filter(institution=sender.institution).update(state="done")
    assert sender.csv(LONG).status_code == 202


@pytest.mark.usefixtures("working")
def test_all_together_have_only_so_much_waiting(sender: Sender, other: Sender, settings: Any) -> None:
    settings.BULK_WAITING = 1000
    assert sender.csv(LONG).status_code == 202
    later(other.csv(LONG), "queue_full")
    assert other.json("45.1.2.3").status_code == 201


def test_before_a_publisher_that_is_far_behind_everything_waits(sender: Sender, settings: Any) -> None:
    settings.OUTBOX_WAITING = 3
    sender.json("45.1.2.3", "45.1.2.4", "45.1.2.5", "45.1.2.6")
    later(sender.json("45.1.2.7"), "publication_behind")
    assert sender.json("45.1.2.7", query="?dry_run=1").status_code == 200
    Outbox.objects.all().delete()
    assert sender.json("45.1.2.7").status_code == 201


def test_values_are_counted_per_sender_and_per_institution(sender: Sender, settings: Any) -> None:
    for key in throttles._bucket().registered_client.scan_iter("limit:*_values:*"):
        throttles._bucket().registered_client.delete(key)  # of another test, whose institution had the same number
    settings.LIMITS = {"*": "0", "LIMIT_SENDER_VALUES": "3/3600", "LIMIT_INSTITUTION_VALUES": "5/3600"}
    assert sender.text("45.1.2.3\n45.1.2.4").status_code == 201
    assert sender.text("45.1.2.5", "?dry_run=1").status_code == 200
    assert sender.text("45.1.2.5\n45.1.2.6\n45.1.2.7").status_code == 201, "taken while there is room for one"
    later(sender.text("45.1.2.8"), "too_many_values")
    colleague = Sender(sender.institution)
    assert colleague.text("45.1.2.8").status_code == 429, "the institution has sent its five"
    assert Sender(make_institution()).text("45.1.2.8").status_code == 201
