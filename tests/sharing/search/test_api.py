"""Reading by API: lists, one value, look-ups; and that a hidden value is answered exactly like one never seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingestion.enrichment.models import Enrichment
from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel.ids import public_id_of
from iocmarket.kernel.marking import PAP, TLP
from sharing.search.listing import WORDS_REACH
from tests.factories import (
    Reader,
    contribute,
    make_institution,
    make_member,
    make_reader,
    make_token,
    publish,
    withdraw,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


@pytest.fixture
def meriane() -> Institution:
    return make_institution("INP Mériane")


def get(client: Client, reader: Reader, path: str = "", **query: Any) -> Any:
    return client.get(f"/api/v1/indicators{path}?{urlencode(query)}", headers=reader.headers)


def listed(client: Client, reader: Reader, **query: Any) -> list[str]:
    answer = get(client, reader, **query)
    assert answer.status_code == 200, answer.content
    return [row["value"] for row in answer.json()["indicators"]]


def look_up(client: Client, reader: Reader, *values: object) -> Any:
    return client.post(
        "/api/v1/lookup", {"values": list(values)}, content_type="application/json", headers=reader.headers
    )


# --- lists


def test_a_list_has_the_newest_first_and_every_value_once(client: Client, reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.9.20.1")
    contribute(meriane, "45.9.20.2")
    publish()
    contribute(
        make_institution(), "45.9.20.1", audience="recipients", recipients=[reader.institution], tlp=TLP.AMBER_STRICT
    )
    publish()
    answer = get(client, reader).json()
    assert [row["value"] for row in answer["indicators"]] == ["45.9.20.1", "45.9.20.2"]
    assert answer["indicators"][0]["tlp"] == "AMBER+STRICT"  # the strictest of what is visible
    assert answer["next"] is None


def test_pages_join_without_a_gap_or_a_repetition(client: Client, reader: Reader, meriane: Institution) -> None:
    for number in range(7):
        contribute(meriane, f"45.9.20.{number + 1}")
        if number % 2:
            contribute(reader.institution, f"45.9.20.{number + 1}", audience="own")
    publish()
    found: list[str] = []
    cursor = ""
    for _ in range(10):
        page = get(client, reader, limit=2, **({"cursor": cursor} if cursor else {})).json()
        found += [row["value"] for row in page["indicators"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(found) == len(set(found)) == 7
    assert found == listed(client, reader)


def test_the_statements_of_a_page_do_not_follow_its_size(client: Client, reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.9.20.1")
    publish()
    get(client, reader)
    with CaptureQueriesContext(connection) as one:
        get(client, reader)
    for number in range(20):
        contribute(meriane, f"45.9.21.{number}")
    publish()
    with CaptureQueriesContext(connection) as many:
        assert len(listed(client, reader)) == 21
    assert len(one) == len(many)


def test_every_filter_narrows_the_list(client: Client, reader: Reader, meriane: Institution) -> None:
    ago = timezone.now() - timedelta(days=10)
    contribute(
        meriane, "evil-cas.fr", type_name="domain", threat_type="phishing", tlp=TLP.GREEN, tags=["T1566"],
        comment="Faux portail", confidence=90,
    )  # fmt: skip
    contribute(reader.institution, "45.9.20.7", threat_type="scan", seen=ago, confidence=40)
    contribute(make_institution("Haute-Ardoise"), "45.9.20.8", threat_type="scan", anonymous=True)
    publish()
    between = timezone.now()
    contribute(meriane, "45.9.20.9", valid_until=timezone.now() - timedelta(minutes=1), threat_type="c2")
    publish()
    everything = {"evil-cas.fr", "45.9.20.7", "45.9.20.8", "45.9.20.9"}
    for query, expected in [
        ({}, everything),
        ({"type": "domain"}, {"evil-cas.fr"}),
        ({"type": "domain,ipv4"}, everything),
        ({"threat_type": "scan"}, {"45.9.20.7", "45.9.20.8"}),
        ({"tlp": "GREEN"}, {"evil-cas.fr"}),
        ({"tlp": "AMBER,TLP:GREEN"}, everything),
        ({"institution": "INP Mériane"}, {"evil-cas.fr", "45.9.20.9"}),
        ({"institution": str(meriane.public_id)}, {"evil-cas.fr", "45.9.20.9"}),
        ({"institution": "haute-ardoise"}, set()),
        ({"institution": "Nobody"}, set()),
        ({"tag": "T1566"}, {"evil-cas.fr"}),
        ({"since": between.isoformat()}, {"45.9.20.9"}),
        ({"updated_since": between.isoformat()}, {"45.9.20.9"}),
        ({"since": "2001-01-01"}, everything),
        ({"score_min": "80"}, {"evil-cas.fr"}),
        ({"state": "expired"}, {"45.9.20.9"}),
        ({"state": "live"}, everything - {"45.9.20.9"}),
        ({"mine": "1"}, {"45.9.20.7"}),
        ({"q": "portail"}, {"evil-cas.fr"}),
        ({"q": "9.20"}, everything - {"evil-cas.fr"}),
        ({"q": "T1566"}, {"evil-cas.fr"}),
        ({"q": "%"}, set()),
        ({"value": "evil-cas[.]fr"}, {"evil-cas.fr"}),
        ({"value": "45.9.20.7", "mine": "0"}, {"45.9.20.7"}),
    ]:
        assert set(listed(client, reader, **query)) == expected, query


def test_a_network_finds_its_addresses_and_an_address_its_networks(
    client: Client, reader: Reader, meriane: Institution
) -> None:
    contribute(meriane, "45.9.20.0/24", type_name="cidr")
    contribute(meriane, "45.9.0.0/16", type_name="cidr")
    contribute(meriane, "45.9.20.7")
    contribute(meriane, "45.9.21.7")
    publish()
    assert set(listed(client, reader, value="45.9.20.7")) == {"45.9.20.7", "45.9.20.0/24", "45.9.0.0/16"}
    assert set(listed(client, reader, value="45.9.20.0/24")) == {"45.9.20.7", "45.9.20.0/24", "45.9.0.0/16"}
    assert set(listed(client, reader, value="45.9.21.0/25")) == {"45.9.21.7", "45.9.0.0/16"}


def test_a_suffix_finds_the_name_itself_and_everything_under_it(client: Client, reader: Reader) -> None:
    submit(client, reader, "evil-cas.fr", "www.evil-cas.fr", "https://www.evil-cas.fr/login", "xevil-cas.fr")
    publish()
    expected = {"evil-cas.fr", "www.evil-cas.fr", "https://www.evil-cas.fr/login"}
    assert set(listed(client, reader, value=".evil-cas.fr")) == expected


def submit(client: Client, reader: Reader, *values: str) -> None:
    """Through the API, as members' machines do."""
    secret = make_token(reader.institution, scopes=[Scope.INDICATORS_WRITE])
    body = {"indicators": [{"value": value} for value in values]}
    answer = client.post(
        "/api/v1/submissions", body, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"vlaue": "x"}, "vlaue"),
        ({"value": "not a value"}, "value"),
        ({"type": "dragon"}, "type"),
        ({"threat_type": "rain"}, "threat_type"),
        ({"tlp": "BLUE"}, "tlp"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-13-45"}, "since"),
        ({"score_min": "-1"}, "score_min"),
        ({"state": "withdrawn"}, "state"),
        ({"mine": "perhaps"}, "mine"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"cursor": "99999999999999999999-x"}, "cursor"),
        ({"cursor": "999999999999999999-" + "0" * 32}, "cursor"),
        ({"q": "x" * 201}, "q"),
        ({"q": "a\0b"}, "q"),
    ],
)
def test_a_parameter_that_is_not_understood_is_refused_and_never_ignored(
    client: Client, reader: Reader, query: dict[str, str], where: str
) -> None:
    answer = get(client, reader, **query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["where"] == where


def test_reading_needs_its_scope(client: Client) -> None:
    feeder = make_reader(scopes=[Scope.FEEDS_READ])
    assert client.get("/api/v1/indicators").status_code == 401
    assert get(client, feeder).status_code == 403
    assert look_up(client, feeder, "45.9.20.7").status_code == 403


def test_free_words_reach_back_a_bounded_way(
    client: Client, reader: Reader, meriane: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert WORDS_REACH >= 10_000
    monkeypatch.setattr("sharing.search.listing.WORDS_REACH", 2)
    for number in range(4):
        contribute(meriane, f"45.9.20.{number + 1}", comment="vague de scans")
    publish()
    assert len(listed(client, reader, q="scans")) == 3


# --- one value


def test_one_value_is_told_with_its_statements_and_why_they_are_seen(
    client: Client, reader: Reader, meriane: Institution
) -> None:
    contribute(meriane, "45.9.20.7", comment="Vu sur le VPN", threat_type="brute-force", tags=["T1110"], tlp=TLP.GREEN)
    contribute(
        make_institution(), "45.9.20.7", audience="recipients", recipients=[reader.institution], pap=PAP.RED,
        anonymous=True,
    )  # fmt: skip
    publish()
    indicator = Contribution.unscoped.values_list("indicator_id", flat=True).earliest("pk")
    Enrichment.objects.create(
        indicator_id=indicator, enricher="ip-context", data={"country": "FR"}, dataset_version="1"
    )
    row = get(client, reader).json()["indicators"][0]
    told = get(client, reader, f"/{row['id']}").json()
    assert (told["value"], told["defanged"]) == ("45.9.20.7", "45.9.20[.]7")
    assert (told["tlp"], told["pap"], told["state"]) == ("AMBER", "RED", "live")
    assert told["institutions"] == 2
    assert told["score"] == row["score"] > 0
    assert {why["reason"] for why in told["why"]} == {"community", "recipient"}
    assert all(why["sentence"] for why in told["why"])
    by_comment = {said["comment"]: said for said in told["contributions"]}
    assert by_comment["Vu sur le VPN"]["institution"]["name"] == "INP Mériane"
    assert by_comment["Vu sur le VPN"]["tags"] == ["T1110"]
    assert by_comment[""]["institution"] is None
    assert told["enrichment"] == {"ip-context": {"country": "FR"}}


def test_why_a_value_is_seen_is_said_of_every_audience(client: Client, meriane: Institution) -> None:
    reader = make_member(make_institution())
    assert reader.institution is not None
    circle = create_circle(name="Veille", founder=reader.institution, actor=PLATFORM)
    red: dict[str, Any] = {"tlp": TLP.RED, "audience": "recipients"}
    contribute(meriane, "45.1.2.3", audience="circle", circle=circle)
    contribute(meriane, "45.1.2.3", **red, named_members=[reader.pk], author=make_member(meriane))
    contribute(reader.institution, "45.1.2.3", **red, named_members=[make_member(meriane).pk], author=reader)
    client.force_login(reader)
    public_id = public_id_of("ipv4", "45.1.2.3", key=settings.INDICATOR_ID_KEY.encode())
    told = {why["reason"]: why["sentence"] for why in client.get(f"/api/v1/indicators/{public_id}").json()["why"]}
    assert sorted(told) == ["author", "circle", "named"]
    assert len(set(told.values())) == len(told)
    assert (
        "1 statement is shared in a circle"
        in client.get(f"/i/{public_id}", headers={"Accept-Language": "en"}).content.decode()
    )


def test_an_anonymous_statement_cannot_be_told_apart_by_counting(client: Client, meriane: Institution) -> None:
    counts = []
    for author in (meriane, make_institution()):
        reader = make_reader()
        value = "45.9.20.7" if author is meriane else "45.9.20.8"
        contribute(meriane, value)
        report = Report.objects.create(institution=author, title=f"Campagne {value}")
        contribute(author, value, anonymous=True, report=report)
        publish()
        row = next(row for row in get(client, reader).json()["indicators"] if row["value"] == value)
        told = get(client, reader, f"/{row['id']}").json()
        [answer] = look_up(client, reader, value).json()["results"]
        counts.append((row["institutions"], told["institutions"], answer["institutions"], row["score"]))
    assert counts[0] == counts[1]


def test_a_report_is_named_only_to_those_who_may_see_it(client: Client, reader: Reader, meriane: Institution) -> None:
    secret = Report.objects.create(institution=meriane, title="Enquête interne", audience="own")
    contribute(meriane, "45.9.20.7", report=secret)
    publish()
    [row] = get(client, reader).json()["indicators"]
    assert get(client, reader, f"/{row['id']}").json()["contributions"][0]["report"] is None


# --- look-ups


def test_each_value_that_is_looked_up_gets_its_answer_in_order(
    client: Client, reader: Reader, meriane: Institution
) -> None:
    contribute(meriane, "evil-cas.fr", type_name="domain", threat_type="phishing", tlp=TLP.GREEN)
    publish()
    results = look_up(client, reader, "hxxps://nowhere[.]fr/x", "EVIL-CAS[.]fr", "no value", 7, "x" * 5000, "").json()
    told = results["results"]
    assert [answer["known"] for answer in told] == [False, True, False, False, False, False]
    assert told[0]["canonical"] == "https://nowhere.fr/x"
    assert told[1]["type"] == "domain"
    assert told[1]["threat_types"] == ["phishing"]
    assert (told[1]["tlp"], told[1]["institutions"]) == ("GREEN", 1)
    assert told[1]["score"] > 0
    assert all(answer["reason"] for answer in told[2:])
    assert get(client, reader, f"/{told[1]['indicator']}").status_code == 200


@pytest.mark.parametrize("body", ['{"values": "x"}', "[]", "{}", '{"values": [], "more": 1}', '"x"'])
def test_a_look_up_of_another_shape_is_refused(client: Client, reader: Reader, body: str) -> None:
    answer = client.post("/api/v1/lookup", body, content_type="application/json", headers=reader.headers)
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_body"


def test_ten_thousand_values_are_answered_and_no_more(client: Client, reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.9.20.7")
    publish()
    many = ["45.9.20.7", *(f"45.{n >> 8}.{n & 255}.1" for n in range(9_999))]
    with CaptureQueriesContext(connection) as statements:
        answer = look_up(client, reader, *many)
    assert [result["known"] for result in answer.json()["results"]].count(True) == 1
    assert len(statements) <= 6
    over = look_up(client, reader, *many, "45.9.20.8")
    assert (over.status_code, over.json()["code"]) == (422, "too_many")


def test_looked_up_values_enter_no_log_and_no_audit(
    client: Client, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    events = Event.objects.count()
    with caplog.at_level(logging.DEBUG):
        look_up(client, reader, "https://secret-lookup-value.fr/x", "not-a-value-secret")
        get(client, reader, value="secret-lookup-value.fr")
    ours = [record for record in caplog.records if not record.name.startswith("django.db")]
    assert "secret" not in "\n".join(record.getMessage() for record in ours)
    assert Event.objects.count() == events


# --- hidden and unknown


def hide(reader: Reader, value: str, how: str) -> None:
    """Make the value exist for others, or for nobody any more."""
    stranger = make_institution()
    if how == "own":
        contribute(stranger, value, audience="own")
    elif how == "recipients":
        contribute(stranger, value, audience="recipients", recipients=[make_institution()])
    elif how == "red":
        contribute(stranger, value, tlp=TLP.RED)
    else:
        withdraw(contribute(stranger, value))
    publish()


EXITS: dict[str, Callable[[Client, Reader, str], Any]] = {
    "list": lambda client, reader, value: get(client, reader, value=value),
    "network": lambda client, reader, value: get(client, reader, value=f"{value.rpartition('.')[0]}.0/24"),
    "words": lambda client, reader, value: get(client, reader, q=value),
    "detail": lambda client, reader, value: get(
        client, reader, f"/{public_id_of('ipv4', value, key=settings.INDICATOR_ID_KEY.encode())}"
    ),
    "lookup": look_up,
    "rpz": lambda client, reader, value: client.get("/feeds/rpz", headers=reader.headers),
    "stix": lambda client, reader, value: client.get("/feeds/stix", headers=reader.headers),
    "explain": lambda client, reader, value: client.get("/feeds/text?explain=1", headers=reader.headers),
}


@pytest.mark.parametrize("how", ["own", "recipients", "red", "withdrawn"])
@pytest.mark.parametrize("door", EXITS)
def test_a_hidden_value_is_answered_like_one_never_seen(client: Client, reader: Reader, door: str, how: str) -> None:
    publish()
    leave = EXITS[door]
    leave(client, reader, "45.9.20.7")  # whatever a first request writes (last use, feed state) is written now
    with CaptureQueriesContext(connection) as unknown:
        before = leave(client, reader, "45.9.20.7")
    hide(reader, "45.9.20.7", how)
    if door in {"rpz", "stix", "explain"}:
        leave(client, reader, "45.9.20.7")  # a publication in a view of the reader makes the feed look again, once
    with CaptureQueriesContext(connection) as hidden:
        after = leave(client, reader, "45.9.20.7")
    if (door, how) != ("stix", "withdrawn"):  # readers of objects must be told to drop what they may have read
        assert after.content == before.content
    assert after.status_code == before.status_code
    assert kinds(hidden) == kinds(unknown)


def kinds(captured: CaptureQueriesContext) -> list[str]:
    """What each statement does, without its parameters."""
    return [entry["sql"].partition(" WHERE ")[0] for entry in captured.captured_queries]


def test_an_id_that_never_was_is_a_404_like_a_hidden_one(client: Client, reader: Reader) -> None:
    hide(reader, "45.9.20.7", "own")
    hidden = get(client, reader, f"/{public_id_of('ipv4', '45.9.20.7', key=settings.INDICATOR_ID_KEY.encode())}")
    absent = get(client, reader, f"/{uuid4()}")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content
