"""Asking for enrichment is a hint: whatever the broker does, the submission stands and answers soon."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import TestCase

from ingestion.enrichment.models import Enrichment
from ingestion.enrichment.tasks import sweep
from iocmarket.celery import app
from iocmarket.indicators.models import Contribution
from tests.ingestion.submissions.conftest import Sender

# Seconds within which a sender is answered whatever the broker does; without a limit it would wait for ever. Wide,
# because the machine that runs the tests does other things too.
PATIENCE = 15.0


@pytest.fixture
def broker(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A broker that is away, or one that takes the connection and never says a word."""
    where = tmp_path / "broker.sock"
    listener = socket.socket(socket.AF_UNIX)
    if request.param == "silent":
        listener.bind(str(where))
        listener.listen(8)
    monkeypatch.setattr(app.conf, "broker_write_url", f"redis+socket://{where}?virtual_host=0")
    monkeypatch.setattr(app.amqp, "_producer_pool", None)  # it keeps the connections of the tests before
    yield
    listener.close()


@pytest.mark.parametrize("broker", ["away", "silent"], indirect=True)
def test_a_broker_that_does_not_answer_costs_nothing_but_the_hint(
    broker: None, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Any] = []
    begun = time.monotonic()
    with TestCase.captureOnCommitCallbacks(execute=True):
        answers.append(sender.json("45.1.2.3"))
    assert time.monotonic() - begun < PATIENCE
    assert answers[0].status_code == 201
    assert Contribution.unscoped.count() == 1
    assert "the broker does not answer" in caplog.text
    assert "45.1.2.3" not in caplog.text
    sweep()
    assert Enrichment.objects.exists()


def test_a_broker_that_answers_gets_the_hint(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = app.conf.task_default_queue
    monkeypatch.setattr(app.amqp, "_producer_pool", None)  # it may hold a connection that an earlier test broke
    with app.connection_for_write() as connection:
        broker = connection.default_channel.client
        broker.delete(queue)
        with TestCase.captureOnCommitCallbacks(execute=True):
            sender.json("45.1.2.3", "45.1.2.4")
        assert broker.llen(queue) == 1
        assert b"45.1.2.3" not in broker.lindex(queue, 0)
        broker.delete(queue)


def test_a_preview_asks_for_nothing(sender: Sender) -> None:
    with TestCase.captureOnCommitCallbacks() as callbacks:
        sender.json("45.1.2.3", query="?dry_run=1")
    assert callbacks == []
