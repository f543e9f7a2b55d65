"""`/healthz` is the process, `/readyz` the platform; what is missing is told on loopback alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client

from iocmarket.api import health
from iocmarket.api.tasks import heartbeat
from iocmarket.audit.models import Event
from iocmarket.audit.sealing import seal_all
from iocmarket.kernel import clock
from iocmarket.publication.models import Outbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _heartbeats() -> Iterator[None]:
    """Worker, publisher and sealer live."""
    heartbeat()
    cache.set("heartbeat:publisher", 1)
    cache.set("heartbeat:sealer", 1)
    yield
    cache.clear()


def ready(**extra: str) -> Any:
    """The probe."""
    return Client().get("/readyz", **extra)  # type: ignore[arg-type]


def test_the_process_answers() -> None:
    assert Client().get("/healthz").content == b"ok\n"


def test_a_platform_that_works_is_ready() -> None:
    answer = ready()
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "checks": dict.fromkeys(health.CHECKS, True)}


@pytest.mark.parametrize("who", ["worker", "publisher", "sealer"])
def test_without_a_sign_of_life_it_is_not_ready(who: str) -> None:
    cache.delete(f"heartbeat:{who}")
    assert ready().status_code == 503


def test_changes_that_wait_too_long_mean_not_ready() -> None:
    Outbox.objects.create(indicator_id=1, audiences=[], created_at=clock.now() - health.OUTBOX_PATIENCE)
    answer = ready()
    assert answer.status_code == 503
    assert answer.json()["checks"]["publication"] is False
    Outbox.objects.update(created_at=clock.now() - health.OUTBOX_PATIENCE + timedelta(seconds=20))
    assert ready().status_code == 200


def test_an_act_that_waits_too_long_for_its_seal_means_not_ready() -> None:
    event = Event(action="test.done", subject_type="test", at=clock.now() - health.SEAL_PATIENCE)
    event.save()
    assert ready().json()["checks"]["sealer"] is False
    seal_all()
    assert ready().status_code == 200


@pytest.mark.parametrize("error", [DatabaseError("secret host"), redis.ConnectionError("secret host")])
def test_a_service_that_is_away_is_no_error(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> bool:
        raise error

    monkeypatch.setitem(health.CHECKS, "database", fail)
    answer = ready()
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] is False
    assert b"secret" not in answer.content


@pytest.mark.parametrize("extra", [{"REMOTE_ADDR": "192.0.2.1"}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}])
def test_others_learn_yes_or_no(extra: dict[str, str]) -> None:
    assert ready(**extra).content == b"yes\n"
    cache.delete("heartbeat:worker")
    answer = ready(**extra)
    assert (answer.status_code, answer.content) == (503, b"no\n")
