"""Limits: who is counted as whom, what the answer says, and what holds while the counter is away."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from iocmarket.settings.env import PROJECT
from iocmarket.web import throttles
from iocmarket.web.middleware.limits import TooManyRequests
from iocmarket.web.throttles import LIMITS, Limit, TooManyError, hold, limited, read_limit
from tests.factories import make_reader

OPERATIONS = Path(PROJECT) / "docs" / "operations.md"


@pytest.fixture(autouse=True)
def empty_counters(settings: Settings) -> Iterator[None]:
    store = redis.Redis.from_url(settings.REDIS_URL)
    yield
    for key in store.scan_iter("limit:*"):
        store.delete(key)
    store.close()


def test_the_whole_allowance_at_once_and_then_one_at_a_time(settings: Settings) -> None:
    settings.LIMITS = {"LIMIT_TRIAL": "5/10"}
    limit = Limit("trial", 1, 1)
    assert [limit.wait("a") for _ in range(5)] == [0.0] * 5
    assert 0 < limit.wait("a") <= 2.0
    assert limit.wait("b") == 0.0, "another sender is counted apart"


def test_an_allowance_beyond_what_the_clock_can_tell_apart_is_counted_too(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LIMITS = {"LIMIT_TRIAL": "1000000000/60"}
    assert [Limit("trial", 1, 1).wait("a") for _ in range(3)] == [0.0] * 3
    assert not caplog.records, "the counter answered"


def test_waiting_as_long_as_was_said_is_enough(settings: Settings) -> None:
    settings.LIMITS = {"LIMIT_TRIAL": "10/1"}
    limit = Limit("trial", 1, 1)
    waits = [limit.wait("c") for _ in range(11)]
    assert waits[-1] > 0
    time.sleep(waits[-1] + 0.01)
    assert limit.wait("c") == 0.0


def test_a_refused_request_does_not_prolong_the_wait(settings: Settings) -> None:
    settings.LIMITS = {"LIMIT_TRIAL": "1/60"}
    limit = Limit("trial", 1, 1)
    assert limit.wait("d") == 0.0
    assert limit.wait("d") >= max(limit.wait("d") for _ in range(20))


def test_a_counter_leaves_nothing_behind(settings: Settings) -> None:
    settings.LIMITS = {"LIMIT_TRIAL": "5/10"}
    Limit("trial", 1, 1).wait("e")
    store = redis.Redis.from_url(settings.REDIS_URL)
    assert 0 < store.pttl("limit:trial:e") <= 2000
    store.close()


def test_zero_means_no_limit(settings: Settings) -> None:
    settings.LIMITS = {"LIMIT_TRIAL": "0"}
    assert {Limit("trial", 1, 60).wait("f") for _ in range(5)} == {0.0}


@pytest.mark.parametrize("text", ["", "5", "5/0", "-1/5", "a/b", "5/", "1.5/60"])
def test_a_limit_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        read_limit(text)


@pytest.mark.django_db
def test_a_machine_that_asks_too_often_is_told_how_long_to_wait(client: Client, settings: Settings) -> None:
    settings.LIMITS = {"LIMIT_TOKEN": "2/60"}
    reader, other = make_reader(), make_reader()
    for path in ("/api/v1/indicators", "/api/v1/changes"):
        assert client.get(path, headers=reader.headers).status_code == 200
    answer = client.get("/api/v1/indicators", headers=reader.headers)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 30
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "throttled"
    for path in ("/taxii2/", "/feeds/text"):
        assert client.get(path, headers=reader.headers).status_code == 429
    assert client.get("/api/v1/indicators", headers=other.headers).status_code == 200


@pytest.mark.django_db
def test_a_stranger_is_counted_by_address_and_cannot_choose_it(client: Client, settings: Settings) -> None:
    settings.LIMITS = {"LIMIT_ANONYMOUS": "2/60"}
    settings.TRUSTED_PROXIES = ()
    forged = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(3)]
    assert [client.get("/api/v1/schema", headers=headers).status_code for headers in forged] == [200, 200, 429]
    assert client.get("/api/v1/schema", REMOTE_ADDR="192.0.2.99").status_code == 200


@pytest.mark.django_db
def test_a_page_that_is_asked_too_often_answers_a_page_with_the_time_to_wait(
    client: Client, settings: Settings
) -> None:
    settings.LIMITS = {"LIMIT_APPLICATION": "1/60"}

    @limited("application")
    def apply(request: HttpRequest) -> HttpResponse:
        return HttpResponse("done")

    request = RequestFactory().post("/apply", REMOTE_ADDR="192.0.2.50")
    assert apply(request).status_code == 200
    assert apply(RequestFactory().get("/apply", REMOTE_ADDR="192.0.2.50")).status_code == 200, "reading is not counted"
    with pytest.raises(TooManyError) as caught:
        apply(request)
    answer: Any = TooManyRequests(apply).process_exception(client.get("/accounts/login").wsgi_request, caught.value)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert b"<html" in answer.content


def test_while_the_counter_is_away_guards_close_and_everything_else_opens(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**kwargs: object) -> object:
        raise redis.ConnectionError("away")

    settings.LIMITS = {}
    monkeypatch.setattr(throttles, "_bucket", lambda: away)
    assert LIMITS["token"].wait("g") == LIMITS["anonymous"].wait("g") == 0.0
    with pytest.raises(TooManyError):
        hold("application", "g")


def test_the_operators_table_says_what_the_code_does() -> None:
    rows = re.findall(r"^\| `LIMIT_([A-Z_]+)` \| `(\d+)/(\d+)` \| .*?( \*)? \|$", OPERATIONS.read_text(), re.MULTILINE)
    written = {(name.lower(), int(count), int(seconds), bool(guard)) for name, count, seconds, guard in rows}
    assert written == {(limit.name, limit.count, limit.seconds, limit.guard) for limit in LIMITS.values()}
