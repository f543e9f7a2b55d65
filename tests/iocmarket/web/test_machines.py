"""The short way of machines: the same answers, without what only pages have."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.utils import ConnectionHandler
from django.test import Client, override_settings

from iocmarket.web.middleware import machines
from tests.factories import make_member, make_reader, publish

pytestmark = pytest.mark.django_db

POLLED = ["/feeds/text", "/feeds/stix", "/taxii2/api/collections/"]
LONG = "iocmarket.web.middleware.machines.MachineLane"


def test_other_paths_are_not_compared_twice() -> None:
    assert machines._words("iocmarket.urls") == {"feeds", "public", "taxii2"}


def test_what_machines_poll_says_that_it_is_no_page(client: Client) -> None:
    reader = make_reader()
    publish()
    for path in POLLED:
        answer = client.get(path, headers=reader.headers)
        assert answer.status_code == 200
        assert answer["Content-Security-Policy"] == machines.POLICY
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Length"] == str(len(answer.content))
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert not answer.cookies


def test_unchanged_tells_no_length_that_the_whole_would_not_have(client: Client) -> None:
    """RFC 9110 section 8.6."""
    reader = make_reader()
    publish()
    tag = client.get("/feeds/text", headers=reader.headers)["ETag"]
    answer = client.get("/feeds/text", headers={**reader.headers, "If-None-Match": tag})
    assert answer.status_code == 304
    assert "Content-Length" not in answer


@pytest.mark.parametrize("path", [*POLLED, "/feeds/nothing", "/feeds/text?unknown=1", "/taxii2/api/nowhere/"])
@pytest.mark.parametrize("known", [True, False])
def test_both_ways_give_one_answer(client: Client, settings: Any, path: str, known: bool) -> None:
    headers = make_reader().headers if known else {"Authorization": "Bearer nothing"}
    publish()
    short = client.get(path, headers=headers)
    with override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != LONG]):
        long = Client().get(path, headers=headers)
    assert (short.status_code, short.content) == (long.status_code, long.content)
    assert short["Content-Security-Policy"] != long["Content-Security-Policy"]
    kept = {"ETag", "Content-Type", "Content-Length", "Cache-Control", "WWW-Authenticate", "X-IOC-Serial"}
    assert {name: short.get(name) for name in kept} == {name: long.get(name) for name in kept}


def test_whoever_has_a_session_goes_the_long_way(client: Client) -> None:
    member = make_member(make_reader().institution)
    client.force_login(member)
    publish()
    answer = client.get("/feeds/text")
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] != machines.POLICY


def test_what_writes_and_what_no_machine_polls_goes_the_long_way(client: Client) -> None:
    reader = make_reader()
    for answer in (client.post("/feeds/text", headers=reader.headers), client.get("/status"), client.get("/nowhere")):
        assert answer["Content-Security-Policy"] != machines.POLICY


def test_a_name_that_is_not_ours_is_refused_on_the_short_way_too(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["ioc.example.org"]
    reader = make_reader()
    publish()
    asked = [client.get("/feeds/text", headers={**reader.headers, "Host": name}) for name in ("ioc.example.org", "b.c")]
    assert [answer.status_code for answer in asked] == [200, 400]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_has_gone_meanwhile_is_made_anew(client: Client) -> None:
    reader = make_reader()
    publish()
    assert client.get("/feeds/text", headers=reader.headers).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = ConnectionHandler({"default": connection.settings_dict})["default"]
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    assert client.get("/feeds/text", headers=reader.headers).status_code == 200


def test_any_other_trouble_with_the_database_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OperationalError("the disk is full")

    reader = make_reader()
    publish()
    monkeypatch.setattr("sharing.feeds.services.look", fail)
    with pytest.raises(OperationalError, match="disk"):
        client.get("/feeds/text", headers=reader.headers)
