"""`/feeds/<format>` over HTTP: who gets it, when it changed, what it says when something is wrong."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import http_date

from iocmarket.accounts.models import Asset
from iocmarket.accounts.roles import Scope
from iocmarket.kernel.marking import PAP
from iocmarket.publication.models import View
from sharing.feeds.formats.base import formats
from sharing.feeds.models import FeedState
from sharing.feeds.state import KEPT
from tests.factories import (
    Reader,
    contribute,
    make_institution,
    make_member,
    make_reader,
    publish,
    withdraw,
)

pytestmark = pytest.mark.django_db

EVERY = ["csv", "rpz", "stix", "suricata", "text"]


@pytest.fixture
def reader() -> Reader:
    made = make_reader("Université de Valbrune")
    publish()
    return made


def get(client: Client, reader: Reader, path: str, **headers: str) -> Any:
    return client.get(path, headers={**reader.headers, **headers})


@pytest.mark.parametrize("fmt", EVERY)
def test_a_feed_is_served_with_all_that_its_consumers_look_at(client: Client, reader: Reader, fmt: str) -> None:
    contribute(reader.institution, "45.9.20.7")
    publish()
    answer = get(client, reader, f"/feeds/{fmt}")
    assert answer.status_code == 200
    assert b"45.9.20.7" in answer.content or b"7.20.9.45.rpz-ip" in answer.content
    assert answer["ETag"].startswith('"')
    assert parsedate_to_datetime(answer["Last-Modified"]) <= timezone.now()
    assert int(answer["X-IOC-Count"]) >= 1
    assert answer["X-IOC-Skipped"] == "0"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer["Cache-Control"]


@pytest.mark.parametrize("fmt", EVERY)
def test_an_empty_feed_is_a_feed(client: Client, reader: Reader, fmt: str) -> None:
    answer = get(client, reader, f"/feeds/{fmt}")
    assert answer.status_code == 200
    if fmt != "stix":
        assert answer["X-IOC-Count"] == "0"


@pytest.mark.parametrize("fmt", EVERY)
def test_a_slash_at_the_end_and_any_accept_header_change_nothing(client: Client, reader: Reader, fmt: str) -> None:
    plain = get(client, reader, f"/feeds/{fmt}")
    for path, accept in ((f"/feeds/{fmt}/", "*/*"), (f"/feeds/{fmt}", "text/html"), (f"/feeds/{fmt}", "image/png")):
        assert get(client, reader, path, accept=accept).content == plain.content


def test_a_feed_needs_its_scope_and_a_token_or_a_session(client: Client, reader: Reader) -> None:
    assert client.get("/feeds/rpz").status_code == 401
    narrow = make_reader(scopes=[Scope.INDICATORS_READ])
    publish()
    assert get(client, narrow, "/feeds/rpz").status_code == 403
    client.force_login(make_member(reader.institution))
    assert client.get("/feeds/rpz").status_code == 200


def test_head_answers_like_get_without_a_body(client: Client, reader: Reader) -> None:
    contribute(reader.institution, "45.9.20.7")
    publish()
    full = get(client, reader, "/feeds/text")
    head = client.head("/feeds/text", headers=reader.headers)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length", "X-IOC-Count"):
        assert head[name] == full[name]


def test_an_unknown_format_is_a_404_that_names_the_known_ones(client: Client, reader: Reader) -> None:
    answer = get(client, reader, "/feeds/nagios")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert ", ".join(fmt.name for fmt in formats) in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("typ=ipv4", "typ"),
        ("type=dragon", "type"),
        ("type=sha256", "type"),
        ("threat_type=rain", "threat_type"),
        ("score_min=101", "score_min"),
        ("score_min=x", "score_min"),
        ("age=-1", "age"),
        ("age=0", "age"),
        ("limit=0", "limit"),
        ("limit=٣", "limit"),
        ("tlp_max=BLUE", "tlp_max"),
        ("action=explode", "action"),
        ("limit=1&limit=2", "limit"),
        ("comments=no", "comments"),
    ],
)
def test_an_option_that_is_not_understood_is_refused_and_never_ignored(
    client: Client, reader: Reader, query: str, where: str
) -> None:
    answer = get(client, reader, f"/feeds/rpz?{query}")
    assert answer.status_code == 400
    assert answer.json()["where"] == where


def test_views_that_are_being_filled_answer_503_with_retry_after(client: Client, reader: Reader) -> None:
    View.objects.filter(institution=reader.institution).update(filled_to=0)
    answer = get(client, reader, "/feeds/rpz")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("fmt", EVERY)
def test_an_unchanged_feed_is_304_by_tag_and_by_date(client: Client, reader: Reader, fmt: str) -> None:
    contribute(reader.institution, "45.9.20.7")
    publish()
    with time_machine.travel(datetime(2031, 5, 5, 10, 20, tzinfo=UTC), tick=False):
        contribute(reader.institution, "45.9.20.9")
        publish()
        first = get(client, reader, f"/feeds/{fmt}")
    with time_machine.travel(datetime(2031, 5, 5, 10, 30, tzinfo=UTC), tick=False):
        for header in ({"if-none-match": first["ETag"]}, {"if-modified-since": first["Last-Modified"]}):
            again = get(client, reader, f"/feeds/{fmt}", **header)
            assert again.status_code == 304
            assert again.content == b""
            assert again["ETag"] == first["ETag"]
        assert get(client, reader, f"/feeds/{fmt}", **{"if-none-match": "*"}).status_code == 304
        assert get(client, reader, f"/feeds/{fmt}", **{"if-none-match": '"other"'}).status_code == 200


def test_a_304_is_answered_without_building_the_feed(client: Client, reader: Reader) -> None:
    for number in range(5):
        contribute(reader.institution, f"45.9.20.{number + 1}")
    publish()
    first = get(client, reader, "/feeds/rpz")
    with CaptureQueriesContext(connection) as statements:
        assert get(client, reader, "/feeds/rpz", **{"if-none-match": first["ETag"]}).status_code == 304
    told = "\n".join(entry["sql"] for entry in statements.captured_queries)
    assert "publication_entry" not in told
    assert len(statements) == 2, "the token, and what the feed follows from"


def history(client: Client, reader: Reader, path: str, *steps: Any) -> list[tuple[str, bytes]]:
    """The (tag, body) pairs before and after each step, every one asked for twice."""
    told = []
    for step in (lambda: None, *steps):
        step()
        publish()
        for _ in range(2):
            answer = get(client, reader, path)
            told.append((answer["ETag"], answer.content))
    return told


@pytest.mark.parametrize("fmt", EVERY)
def test_equal_tags_mean_equal_bodies_and_every_change_gets_a_new_tag(client: Client, reader: Reader, fmt: str) -> None:
    other = make_institution()
    statement = contribute(other, "45.9.20.7", pap=PAP.CLEAR)
    stricter = []

    def asset_of_other() -> None:
        Asset.objects.create(institution=other, kind="network", value="45.9.20.0/24", verified_at=timezone.now())

    told = history(
        client,
        reader,
        f"/feeds/{fmt}",
        lambda: contribute(other, "45.9.21.1"),
        asset_of_other,
        lambda: Asset.objects.all().delete(),
        lambda: stricter.append(contribute(make_institution(), "45.9.20.7", pap=PAP.RED)),
        lambda: withdraw(stricter[0]),
        lambda: withdraw(statement),
    )
    bodies: dict[str, bytes] = {}
    for tag, body in told:
        assert bodies.setdefault(tag, body) == body
    for (tag, body), (next_tag, next_body) in pairwise(told):
        assert (tag == next_tag) == (body == next_body)


def test_another_institutions_affairs_leave_the_tag_alone(client: Client, reader: Reader) -> None:
    contribute(reader.institution, "45.9.20.7")
    publish()
    before = get(client, reader, "/feeds/rpz")
    stranger = make_institution()
    contribute(stranger, "45.9.22.1", audience="own")
    Asset.objects.create(institution=stranger, kind="domain", value="elsewhere.fr", verified_at=timezone.now())
    publish()
    after = get(client, reader, "/feeds/rpz")
    assert (after["ETag"], after["Last-Modified"]) == (before["ETag"], before["Last-Modified"])
    assert after.content == before.content


def serial_of(body: bytes) -> int:
    [soa] = [line for line in body.decode().splitlines() if " SOA " in line]
    return int(soa.split()[5])


def test_the_serial_rises_at_every_change_also_within_one_second(client: Client, reader: Reader) -> None:
    serials, dates = [], []
    with time_machine.travel(datetime(2031, 5, 5, 10, 20, tzinfo=UTC), tick=False):
        for number in range(4):
            contribute(reader.institution, f"45.9.20.{number + 1}")
            publish()
            answer = get(client, reader, "/feeds/rpz")
            serials.append(serial_of(answer.content))
            dates.append(answer["Last-Modified"])
    assert serials == sorted(set(serials))
    assert set(dates) == {http_date(datetime(2031, 5, 5, 10, 20, tzinfo=UTC).timestamp())}


def test_a_change_within_the_second_of_the_last_one_is_not_missed_by_date(client: Client, reader: Reader) -> None:
    with time_machine.travel(datetime(2031, 5, 5, 10, 20, tzinfo=UTC), tick=False):
        contribute(reader.institution, "45.9.20.1")
        publish()
        first = get(client, reader, "/feeds/text")
        contribute(reader.institution, "45.9.20.2")
        publish()
        header = {"if-modified-since": first["Last-Modified"]}
        assert b"45.9.20.2" in get(client, reader, "/feeds/text", **header).content


def test_a_score_that_sinks_below_the_threshold_leaves_the_feed_with_the_hour(client: Client, reader: Reader) -> None:
    start = datetime(2031, 5, 5, 10, 20, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        contribute(reader.institution, "45.9.20.1", confidence=40, seen=start)
        publish()
        first = get(client, reader, "/feeds/rpz?score_min=39.9")
        assert first["X-IOC-Count"] == "1"
    with time_machine.travel(start + timedelta(days=3), tick=False):
        later = get(client, reader, "/feeds/rpz?score_min=39.9", **{"if-none-match": first["ETag"]})
        assert later.status_code == 200
        assert later["X-IOC-Count"] == "0"
        assert serial_of(later.content) > serial_of(first.content)


def test_gzip_is_used_when_it_is_accepted_and_has_a_tag_of_its_own(client: Client, reader: Reader) -> None:
    plain = get(client, reader, "/feeds/csv")
    packed = get(client, reader, "/feeds/csv", **{"accept-encoding": "br, gzip;q=0.8"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert packed["ETag"] != plain["ETag"]
    assert "Accept-Encoding" in packed["Vary"]
    assert "Content-Encoding" not in get(client, reader, "/feeds/csv", **{"accept-encoding": "gzip;q=0"})
    for tag in (plain["ETag"], packed["ETag"]):
        assert get(client, reader, "/feeds/csv", **{"if-none-match": tag}).status_code == 304


def test_explain_tells_what_was_left_out_and_why(client: Client, reader: Reader) -> None:
    contribute(reader.institution, "45.9.20.7", pap=PAP.RED)
    contribute(reader.institution, "10.1.2.3")
    contribute(reader.institution, "45.9.20.8")
    publish()
    assert get(client, reader, "/feeds/rpz")["X-IOC-Skipped"] == "2"
    told = get(client, reader, "/feeds/rpz?explain=1").json()
    assert (told["count"], told["skipped"], told["mode"]) == (1, 2, "block")
    assert {reason["reason"]: reason["count"] for reason in told["reasons"]} == {"pap": 1, "private_address": 1}
    assert all(reason["sentence"] for reason in told["reasons"])
    assert {(value["value"], value["reason"]) for value in told["values"]} == {
        ("45.9.20.7", "pap"),
        ("10.1.2.3", "private_address"),
    }


def test_stix_carries_markings_identity_and_the_withdrawal(client: Client, reader: Reader) -> None:
    kept = contribute(reader.institution, "45.9.20.7")
    contribute(reader.institution, "45.9.20.8", audience="own")
    publish()
    withdraw(kept)
    publish()
    bundle = json.loads(get(client, reader, "/feeds/stix").content)
    kinds = [thing["type"] for thing in bundle["objects"]]
    assert kinds.count("identity") == 1
    assert kinds.count("marking-definition") == len({t["id"] for t in bundle["objects"]}) - kinds.count("indicator") - 1
    labels = [label for thing in bundle["objects"] for label in thing.get("labels", [])]
    assert "iocmarket:withdrawn" in labels
    narrowed = json.loads(get(client, reader, "/feeds/stix?limit=1&score_min=10&age=2d").content)
    assert [thing["type"] for thing in narrowed["objects"]].count("indicator") == 2


def test_a_feed_never_tells_of_a_statement_that_the_reader_may_not_see(client: Client, reader: Reader) -> None:
    stranger = make_institution()
    before = {fmt: get(client, reader, f"/feeds/{fmt}") for fmt in EVERY}
    contribute(stranger, "45.9.20.7", audience="own")
    contribute(stranger, "45.9.20.8", audience="recipients", recipients=[make_institution()])
    publish()
    for fmt in EVERY:
        after = get(client, reader, f"/feeds/{fmt}")
        assert after.content == before[fmt].content
        assert after.headers == before[fmt].headers


def test_the_memory_of_feeds_is_bounded(client: Client, reader: Reader) -> None:
    states = [
        FeedState(institution=reader.institution, feed=number.to_bytes(32, "big"), serial=number)
        for number in range(KEPT + 20)
    ]
    FeedState.objects.bulk_create(states)
    get(client, reader, "/feeds/rpz")
    assert FeedState.objects.filter(institution=reader.institution).count() <= KEPT
    serial = serial_of(get(client, reader, "/feeds/rpz").content)
    assert FeedState.objects.filter(serial=serial).exists()
