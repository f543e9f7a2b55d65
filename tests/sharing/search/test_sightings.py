"""The sightings of a value, in the API and on its page: sums, names, and nothing that the reader may not see."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Role
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Contribution, Sighting
from sharing.search import sightings as read
from tests.factories import Reader, contribute, make_institution, make_member, make_reader, publish, report
from tests.statements import statements_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> Institution:
    return make_institution("INP Mériane")


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


@pytest.fixture
def said(author: Institution, reader: Reader) -> Contribution:
    made = contribute(author, "45.2.2.2", confidence=90, seen=timezone.now() - timedelta(days=4))
    publish()
    return made


def told(client: Client, reader: Reader, said: Contribution) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/indicators/{said.indicator.public_id}", headers=reader.headers).json()
    return found


def page(client: Client, institution: Institution, said: Contribution, role: str = Role.CONTRIBUTOR) -> str:
    client.force_login(make_member(institution, role=Role(role)))
    return client.get(f"/i/{said.indicator.public_id}").content.decode()


def test_sums_by_kind_and_institution(client: Client, reader: Reader, author: Institution, said: Contribution) -> None:
    for hours in (1, 2, 3):
        report(author, said, "seen", count=10, seen_at=timezone.now() - timedelta(hours=hours), source="IDS")
    report(reader.institution, said, source="c'est notre relais")
    found = told(client, reader, said)["sightings"]
    assert found["counts"] == {"seen": 30, "false-positive": 1, "expired": 0}
    first, second = found["reporters"]
    assert (first["institution"]["name"], first["mine"], first["count"], first["source"]) == (
        "INP Mériane", False, 30, "",
    )  # fmt: skip
    assert (second["mine"], second["source"]) == (True, "c'est notre relais")
    assert [row["kind"] for row in found["mine"]] == ["false-positive"]


def test_seen_is_the_last_seen_everywhere(
    client: Client, reader: Reader, author: Institution, said: Contribution
) -> None:
    made = report(author, said, "seen")
    publish()
    latest = made.seen_at.isoformat().replace("+00:00", "Z")
    assert told(client, reader, said)["last_seen"] == latest
    listed = client.get("/api/v1/indicators", headers=reader.headers).json()["indicators"][0]
    assert listed["last_seen"] == latest
    looked_up = client.post(
        "/api/v1/lookup", {"values": ["45.2.2.2"]}, content_type="application/json", headers=reader.headers
    )
    assert looked_up.json()["results"][0]["last_seen"] == latest


def test_anonymous_reporters_are_one_without_a_name(client: Client, reader: Reader, said: Contribution) -> None:
    for name in ("Secret Un", "Secret Deux"):
        institution = make_institution(name)
        contribute(institution, "45.2.2.2", anonymous=True)
        report(institution, said, "seen", count=2)
    answer = told(client, reader, said)
    (only,) = answer["sightings"]["reporters"]
    assert (only["institution"], only["mine"], only["count"]) == (None, False, 4)
    assert "Secret" not in str(answer) + page(client, reader.institution, said)


def words(html: str) -> str:
    """What is read of a page, without its tags."""
    return re.sub(r"<[^>]*>", " ", html)


def test_a_sighting_in_a_circle_is_for_the_circle(client: Client, reader: Reader, author: Institution) -> None:
    """The value is visible to both; the report of one who knows it from a circle alone is not."""
    friend = make_institution("Ami")
    circle = create_circle(name="Cercle", founder=author, actor=PLATFORM)
    join_circle(circle, friend, actor=PLATFORM)
    shared = contribute(author, "45.2.2.3", audience="circle", circle=circle)
    report(friend, shared, "seen", count=77)
    report(friend, shared)
    contribute(author, "45.2.2.3", audience="recipients", recipients=[reader.institution],
               report=author.reports.create(title="Pour Valbrune"))  # fmt: skip
    publish()
    found = told(client, reader, shared)
    assert found["sightings"] == {"counts": {"seen": 0, "false-positive": 0, "expired": 0}, "reporters": [], "mine": []}
    insider = page(client, friend, shared)
    assert re.search(r"\b77\b", words(insider))
    assert not re.search(r"\b77\b", words(page(client, reader.institution, shared)))


def test_the_page_says_why_no_feed_blocks(client: Client, reader: Reader, said: Contribution) -> None:
    report(reader.institution, said)
    text = page(client, reader.institution, said)
    assert "faux positif" in text
    assert "Vos flux de blocage le portent" not in text


def test_whoever_only_reads_has_no_buttons_and_may_not_press_them(
    client: Client, reader: Reader, said: Contribution
) -> None:
    path = f"/i/{said.indicator.public_id}/sightings"
    assert path not in page(client, reader.institution, said, Role.READER)
    assert client.post(path, {"kind": "seen"}).status_code == 403
    assert path in page(client, reader.institution, said)
    assert client.post(path, {"kind": "noise"}).status_code == 404
    assert client.get(path).status_code == 405
    assert not Sighting.unscoped.exists()


def test_what_stands_can_be_taken_back_however_busy_a_sensor_is(
    client: Client, reader: Reader, said: Contribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "MINE_SHOWN", 3)
    contesting = report(reader.institution, said, seen_at=timezone.now() - timedelta(days=9))
    for hours in range(5):
        report(reader.institution, said, "seen", seen_at=timezone.now() - timedelta(hours=hours))
    mine = told(client, reader, said)["sightings"]["mine"]
    assert [row["kind"] for row in mine] == ["false-positive", "seen", "seen"]
    text = page(client, reader.institution, said)
    assert f"/sightings/{contesting.public_id}/retract" in text


def test_sightings_cost_no_statement_each(client: Client, reader: Reader, author: Institution) -> None:
    few, many = contribute(author), contribute(author)
    for institution in (author, reader.institution, make_institution()):
        for kind in Sighting.Kind.values:
            report(institution, many, kind)
    publish()
    asked = [statements_of(lambda one=one: told(client, reader, one)) for one in (few, few, many)]  # type: ignore[misc]
    assert asked[1] == asked[2]
