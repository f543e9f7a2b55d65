"""`POST /api/v1/sightings` and taking back: what is read, what is answered, what is refused and where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.indicators.models import Sighting
from iocmarket.kernel.marking import TLP
from tests.factories import contribute, make_institution, make_token, report

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def author() -> Institution:
    return make_institution("INP Mériane")


@pytest.fixture
def me() -> Institution:
    return make_institution("Université de Valbrune")


@pytest.fixture
def sensor(me: Institution) -> Client:
    token = make_token(me, scopes=[Scope.SIGHTINGS_WRITE, Scope.INDICATORS_READ])
    return Client(headers={"Authorization": f"Bearer {token}"})


def send(sensor: Client, body: Any, path: str = "/api/v1/sightings") -> Any:
    return sensor.post(path, body, content_type="application/json")


def test_each_item_is_answered_in_order(sensor: Client, author: Institution) -> None:
    said = contribute(author, "45.3.3.3").indicator
    contribute(author, "mechant.fr", type_name="domain", audience="own")
    items = [
        {"value": "45.3.3[.]3", "kind": "seen", "count": 12, "seen_at": "2026-11-20T09:00:00Z", "source": "IDS"},
        {"indicator": str(said.public_id), "kind": "FALSE-POSITIVE"},
        {"value": "mechant[.]fr", "kind": "seen"},
        {"value": "jamais-vu.fr", "kind": "seen"},
        {"value": "bonjour", "kind": "seen"},
        {"value": "45.3.3.3", "type": "ipv4", "kind": "seen", "seen_at": "2026-11-20T10:29:00+01:00"},
    ]
    with time_machine.travel(NOW, tick=False):
        answer = send(sensor, {"sightings": items})
    assert answer.status_code == 200
    body = answer.json()
    assert body["counts"] == {"received": 6, "accepted": 2, "refreshed": 1, "refused": 3}
    assert [(x["status"], x["reason"]) for x in body["items"]] == [
        ("accepted", None), ("accepted", None), ("refused", "unknown"), ("refused", "unknown"),
        ("refused", "no_indicator"), ("refreshed", None),
    ]  # fmt: skip
    first, again = body["items"][0], body["items"][5]
    assert (first["type"], first["value"], first["indicator"]) == ("ipv4", "45.3.3.3", str(said.public_id))
    assert first["sighting"] == again["sighting"]
    row = Sighting.unscoped.get(public_id=first["sighting"])
    assert (row.count, row.source, row.seen_at) == (13, "IDS", datetime(2026, 11, 20, 9, 29, tzinfo=UTC))


def test_a_hidden_and_an_unknown_value_are_answered_alike(sensor: Client, author: Institution) -> None:
    contribute(author, "cache.fr", type_name="domain", audience="own")
    contribute(author, "rouge.fr", type_name="domain", tlp=TLP.RED)
    answers = [
        send(sensor, {"sightings": [{"value": value, "kind": "seen"}]}).json()["items"][0]
        for value in ("cache.fr", "rouge.fr", "jamais.fr")
    ]
    assert [{**answer, "input": "", "value": ""} for answer in answers].count(
        {**answers[0], "input": "", "value": ""}
    ) == 3
    assert answers[0]["indicator"] is None


FAULTS: list[tuple[Any, str, str]] = [
    ([], "not_an_object", "/"),
    ({}, "not_a_list", "/sightings"),
    ({"sightings": [], "more": 1}, "unknown_field", "/more"),
    ({"sightings": ["45.1.1.1"]}, "not_an_object", "/sightings/0"),
    ({"sightings": [{"kind": "seen"}]}, "value_missing", "/sightings/0/value"),
    ({"sightings": [{"value": "45.1.1.1"}]}, "unknown_kind", "/sightings/0/kind"),
    ({"sightings": [{"value": "45.1.1.1", "kind": 3}]}, "not_text", "/sightings/0/kind"),
    ({"sightings": [{"value": "45.1.1.1", "kind": "seen", "colour": 1}]}, "unknown_field", "/sightings/0/colour"),
    ({"sightings": [{"value": "45.1.1.1", "kind": "seen", "count": "3"}]}, "bad_count", "/sightings/0/count"),
    ({"sightings": [{"value": "45.1.1.1", "kind": "seen", "count": True}]}, "bad_count", "/sightings/0/count"),
    ({"sightings": [{"value": "45.1.1.1", "kind": "seen", "count": 0}]}, "bad_count", "/sightings/0/count"),
    ({"sightings": [{"value": "45.1.1.1", "kind": "seen", "seen_at": "hier"}]}, "bad_date", "/sightings/0/seen_at"),
    (
        {"sightings": [{"value": "45.1.1.1", "kind": "seen", "seen_at": "0001-01-01T00:00:00+14:00"}]},
        "bad_date",
        "/sightings/0/seen_at",
    ),
    (
        {"sightings": [{"value": "45.1.1.1", "kind": "seen", "seen_at": "2099-01-01T00:00:00Z"}]},
        "in_the_future",
        "/sightings/0/seen_at",
    ),
    ({"sightings": [{"value": "45.1.1.1", "kind": "seen", "source": "x" * 201}]}, "too_long", "/sightings/0/source"),
    ({"sightings": [{"indicator": "7", "kind": "seen"}]}, "bad_id", "/sightings/0/indicator"),
    (
        {"sightings": [{"indicator": str(uuid4()), "value": "45.1.1.1", "kind": "seen"}]},
        "named_twice",
        "/sightings/0/value",
    ),
]


@pytest.mark.parametrize(("body", "code", "where"), FAULTS)
def test_what_cannot_be_taken_names_its_place(sensor: Client, body: Any, code: str, where: str) -> None:
    answer = send(sensor, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["where"]) == (422, code, where)
    assert answer["Content-Type"] == "application/problem+json"


def test_every_fault_is_listed_and_nothing_is_stored(sensor: Client, author: Institution) -> None:
    contribute(author, "45.3.3.4")
    items = [{"value": "45.3.3.4", "kind": "seen"}, {"value": "45.3.3.4", "kind": "no"}, {"kind": "seen"}]
    errors = send(sensor, {"sightings": items}).json()["errors"]
    assert [error["where"] for error in errors] == ["/sightings/1/kind", "/sightings/2/value"]
    assert not Sighting.unscoped.exists()


def test_a_request_is_bounded(sensor: Client) -> None:
    assert send(sensor, {"sightings": [{"value": "45.1.1.1", "kind": "seen"}] * 1000}).status_code == 200
    answer = send(sensor, {"sightings": [{"value": "45.1.1.1", "kind": "seen"}] * 1001})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")


def test_no_password_is_kept(sensor: Client, author: Institution) -> None:
    contribute(author, "45.3.3.5")
    items = [
        {"value": "45.3.3.5", "kind": "seen", "source": "proxy, Password: hunter2"},
        {"value": "bob@univ.fr:hunter2", "kind": "seen"},
    ]
    answer = send(sensor, {"sightings": items})
    assert answer.json()["items"][1]["reason"] == "credential"
    assert "hunter2" not in answer.content.decode()
    assert "hunter2" not in Sighting.unscoped.get().source


def test_it_needs_its_scope(me: Institution, author: Institution) -> None:
    reader = Client(headers={"Authorization": make_token(me, scopes=[Scope.INDICATORS_READ, Scope.INDICATORS_WRITE])})
    assert send(reader, {"sightings": []}).status_code == 403
    assert reader.delete(f"/api/v1/sightings/{uuid4()}").status_code == 403


def test_a_report_is_taken_back_by_its_institution_alone(sensor: Client, me: Institution, author: Institution) -> None:
    said = contribute(author)
    mine, theirs = report(me, said), report(author, said)
    assert sensor.delete(f"/api/v1/sightings/{theirs.public_id}").status_code == 404
    assert sensor.delete(f"/api/v1/sightings/{uuid4()}").status_code == 404
    assert sensor.delete(f"/api/v1/sightings/{mine.public_id}").status_code == 204
    assert sensor.delete(f"/api/v1/sightings/{mine.public_id}").status_code == 404
    theirs.refresh_from_db()
    assert theirs.withdrawn_at is None
