"""Where an act came from: taken from the request in one place, forgotten without breaking the chain."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from iocmarket.audit.models import Event
from iocmarket.audit.origin import OriginOfActs, current_origin
from iocmarket.audit.sealing import seal_all
from iocmarket.audit.services import PLATFORM, record
from iocmarket.audit.verifying import verify
from tests.iocmarket.audit.test_chain import as_owner_of_the_database

pytestmark = pytest.mark.django_db
FORGET = "UPDATE audit_event SET address = NULL, client = '', salt = NULL"


def act_by_request(address: str = "192.0.2.7", client: str = "curl/8.0", **headers: Any) -> Event:
    """An event that a request caused."""

    def answer(_request: object) -> HttpResponse:
        with transaction.atomic():
            record("test.done", actor=PLATFORM, subject_type="test", details={})
        return HttpResponse()

    OriginOfActs(answer)(RequestFactory().get("/", REMOTE_ADDR=address, HTTP_USER_AGENT=client, **headers))
    return Event.objects.latest("pk")


def test_an_event_says_from_where() -> None:
    event = act_by_request()
    assert (event.address, event.client) == ("192.0.2.7", "curl/8.0")
    assert current_origin() is None


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [((), "192.0.2.7"), (("192.0.2.7",), "203.0.113.9"), (("192.0.2.7", "203.0.113.9"), "198.51.100.4")],
)
def test_behind_proxies_the_address_is_that_of_the_last_hop_that_is_not_ours(
    settings: Settings, trusted: tuple[str, ...], expected: str
) -> None:
    settings.TRUSTED_PROXIES = trusted
    event = act_by_request(HTTP_X_FORWARDED_FOR="198.51.100.4, 203.0.113.9")
    assert (event.address, event.client) == (expected, "curl/8.0")


def test_a_task_comes_from_nowhere() -> None:
    with transaction.atomic():
        record("test.done", actor=PLATFORM, subject_type="test", details={})
    event = Event.objects.get()
    assert (event.address, event.client, event.salt, event.origin) == (None, "", None, None)


def test_a_client_with_a_long_or_unprintable_name_is_cut() -> None:
    assert act_by_request(client="a\x1b[31m" + "b" * 500).client == "a [31m" + "b" * 194


def test_the_origin_can_be_forgotten_and_the_chain_holds() -> None:
    act_by_request()
    seal_all()
    assert verify().holds
    with connection.cursor() as cursor:
        cursor.execute(FORGET)
    assert Event.objects.get().address is None
    assert verify().holds


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_event SET address = '192.0.2.8'",
        "UPDATE audit_event SET address = NULL",
        "UPDATE audit_event SET client = ''",
        "UPDATE audit_event SET salt = NULL",
        f"{FORGET}, action = 'nothing'",
        f"{FORGET}, origin = NULL",
    ],
)
def test_nothing_less_and_nothing_more_can_be_changed(sql: str) -> None:
    act_by_request()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("sql", ["address = '192.0.2.8'", "client = 'x'", "salt = NULL"])
def test_another_origin_is_found(sql: str) -> None:
    act_by_request()
    seal_all()
    with as_owner_of_the_database() as cursor:
        cursor.execute(f"UPDATE audit_event SET {sql}")
    assert verify().breaks == {"origin": 1}
