"""Many senders at once: one live statement for each institution, nobody fails, nothing is lost."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count

from ingestion.submissions.models import Submission
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.kernel.marking import TLP
from iocmarket.publication.models import Entry, Outbox
from tests.factories import publish
from tests.ingestion.submissions.conftest import Sender

pytestmark = pytest.mark.django_db(transaction=True)
VALUES = [f"45.7.{n // 100}.{n % 100}" for n in range(200)]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts at the same moment, each with a connection of its own; what each returned. Raises what one raised."""
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)
    failures: list[BaseException] = []

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            results[number] = act()
        except BaseException as failure:  # noqa: BLE001 (told by the main thread)
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    if failures:
        raise failures[0]
    return results


def sending(sender: Sender, values: list[str], **document: Any) -> Callable[[], Any]:
    """An act that sends the values in an order of its own."""
    shuffled = random.sample(values, len(values))
    return lambda: sender.json(*shuffled, **document)


def sums(answers: list[Any]) -> Counter[str]:
    """The counts over all answers."""
    assert {answer.status_code for answer in answers} == {201}
    total: Counter[str] = Counter()
    for answer in answers:
        total.update(answer.json()["counts"])
    return total


def one_live_statement_each() -> None:
    """No institution says the same twice."""
    live = Contribution.unscoped.filter(withdrawn_at=None)
    said = live.values("indicator", "institution", "report").annotate(times=Count("pk"))
    assert {row["times"] for row in said} == {1}


def test_two_institutions_share_the_same_values_at_once() -> None:
    first, second = Sender(), Sender()
    total = sums(at_once(sending(first, VALUES), sending(second, VALUES)))
    assert total["accepted"] == 400
    assert Indicator.unscoped.count() == 200
    assert Contribution.unscoped.count() == 400
    one_live_statement_each()


def test_one_institution_shares_the_same_values_twice_at_once() -> None:
    sender, colleague = Sender(), Sender()
    colleague.institution = sender.institution
    colleague.client = type(colleague.client)(headers=sender.headers)
    total = sums(at_once(sending(sender, VALUES), sending(colleague, VALUES)))
    assert (total["accepted"], total["refreshed"]) == (200, 200)
    assert Contribution.unscoped.count() == 200
    assert Submission.objects.count() == 2
    one_live_statement_each()


def test_four_senders_of_two_institutions_with_reports_and_overlapping_values() -> None:
    first, second = Sender(), Sender()
    report = {"title": "Faux CAS"}
    acts = [
        sending(sender, VALUES[start : start + 120], report=report) for sender in (first, second) for start in (0, 80)
    ]
    total = sums(at_once(*acts))
    assert total["received"] == 480
    assert total["accepted"] == Contribution.unscoped.count() == 400
    assert Report.objects.count() == 2
    one_live_statement_each()


def test_sharing_withdrawing_and_sharing_again_at_once() -> None:
    sender, other = Sender(), Sender()
    sender.json(*VALUES[:50])
    ids = list(Contribution.unscoped.values_list("public_id", flat=True))

    def take_back() -> set[int]:
        return {sender.delete(public_id).status_code for public_id in ids}

    answers = at_once(sending(sender, VALUES[:50]), take_back, sending(other, VALUES[:50]))
    assert answers[0].status_code == 201
    assert answers[1] == {204}
    one_live_statement_each()
    live = Contribution.unscoped.filter(withdrawn_at=None, institution=sender.institution).count()
    assert live == answers[0].json()["counts"]["accepted"]


def test_racing_refreshes_keep_the_strictest_marking() -> None:
    sender = Sender()
    sender.json({"value": VALUES[0], "tlp": "CLEAR"})
    levels = ("GREEN", "AMBER", "AMBER+STRICT", "CLEAR")
    at_once(*(lambda tlp=tlp: sender.json({"value": VALUES[0], "tlp": tlp}) for tlp in levels))
    assert Contribution.unscoped.get().tlp == TLP.AMBER_STRICT


def test_what_raced_is_announced_and_audited_completely() -> None:
    first, second = Sender(), Sender()
    at_once(sending(first, VALUES), sending(second, VALUES), publish, publish)
    publish()
    assert not Outbox.objects.exists()
    assert Entry.objects.filter(indicator__isnull=False, state=Entry.State.LIVE).count() == 200
    assert Event.objects.filter(action="submission.received").count() == 2
