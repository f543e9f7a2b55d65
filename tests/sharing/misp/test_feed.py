"""The MISP feed: what MISP's own client makes of it, what another instance of ours makes of it, and when it is sent."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.test import Client
from pymisp import MISPEvent

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.indicators.models import Contribution, Report
from iocmarket.indicators.services import withdraw
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.publisher import run_until_idle
from sharing.misp.feed_views import together
from tests.factories import contribute, make_institution, make_token, viewer_for

pytestmark = pytest.mark.django_db


class Reader:
    """Who pulls the feed with one token."""

    def __init__(self, institution: Institution, **extra: Any) -> None:
        secret = make_token(institution, scopes=[Scope.FEEDS_READ], **extra)
        run_until_idle()
        self._client = Client(headers={"Authorization": secret})

    def get(self, name: str, **headers: str) -> Any:
        return self._client.get(f"/feeds/misp/{name}", headers=headers)

    def body(self, name: str) -> bytes:
        answer = self.get(name)
        assert answer.status_code == 200, answer.content
        return b"".join(answer.streaming_content)

    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body("manifest.json"))
        return found

    def events(self) -> dict[str, Any]:
        """Every event that the manifest names, as PyMISP reads it."""
        found = {}
        for uuid in self.manifest():
            event = MISPEvent()
            event.load(self.body(f"{uuid}.json").decode())
            found[uuid] = event
        return found


@pytest.fixture
def home() -> Institution:
    return make_institution("Université A")


def report_of(institution: Institution, title: str, **extra: Any) -> Report:
    return Report.objects.create(institution=institution, title=title, **extra)


def test_pymisp_reads_what_the_manifest_names(home: Institution) -> None:
    report = report_of(home, "A campaign", tlp=TLP.GREEN)
    contribute(home, "evil.example.com", type_name="domain", report=report, tlp=TLP.GREEN, comment="page")
    contribute(home, "198.51.100.7", tlp=TLP.CLEAR)
    run_until_idle()
    reader = Reader(make_institution("Université B"))
    events = reader.events()
    by_info = {event.info: event for event in events.values()}
    told = by_info.pop("A campaign")
    assert [(one.type, one.value, one.comment) for one in told.attributes] == [("hostname", "evil.example.com", "page")]
    assert {tag.name for tag in told.attributes[0].tags} >= {"tlp:green", "PAP:GREEN"}
    (day,) = by_info.values()
    assert [one.value for one in day.attributes] == ["198.51.100.7"]
    manifest = reader.manifest()
    for uuid, event in events.items():
        entry = manifest[uuid]
        assert (entry["info"], entry["date"]) == (event.info, event.date.isoformat())
        assert entry["timestamp"] == int(event.timestamp.timestamp())
        assert entry["Orgc"]["name"] == event.orgc.name == "Université A"
        assert event.to_feed()["Event"]["uuid"] == uuid


def test_hashes_name_each_part_with_its_event(home: Institution) -> None:
    report = report_of(home, "Scans")
    contribute(home, "198.51.100.9:8080", type_name="ip-port", report=report)
    run_until_idle()
    reader = Reader(home)
    (uuid,) = reader.manifest()
    lines = set(reader.body("hashes.csv").decode().splitlines())
    assert lines == {f"{hashlib.md5(part.encode()).hexdigest()},{uuid}" for part in ("198.51.100.9", "8080")}


def test_a_feed_that_did_not_change_is_not_sent_again(home: Institution) -> None:
    contribute(home, "198.51.100.7")
    run_until_idle()
    reader = Reader(home)
    for name in ("manifest.json", "hashes.csv", next(iter(reader.manifest())) + ".json"):
        tag = reader.get(name)["ETag"]
        again = reader.get(name, **{"If-None-Match": tag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    contribute(home, "198.51.100.8")
    run_until_idle()
    assert reader.get("hashes.csv", **{"If-None-Match": tag}).status_code == 200


def test_what_is_taken_back_is_deleted_and_the_manifest_says_that_the_event_changed(home: Institution) -> None:
    report = report_of(home, "Short")
    said = contribute(home, "198.51.100.7", report=report, comment="was wrong")
    contribute(home, "198.51.100.8", report=report)
    run_until_idle()
    reader = Reader(home)
    (uuid,) = before = reader.manifest()
    withdraw(said, viewer=viewer_for(home, scopes=[Scope.INDICATORS_WRITE]))
    run_until_idle()
    assert reader.manifest()[uuid]["timestamp"] >= before[uuid]["timestamp"]
    told = {one["value"]: one for one in json.loads(reader.body(f"{uuid}.json"))["Event"]["Attribute"]}
    gone = told["198.51.100.7"]
    assert (gone["deleted"], gone["to_ids"], gone["comment"]) == (True, False, "")
    assert told["198.51.100.8"]["deleted"] is False
    assert hashlib.md5(b"198.51.100.7").hexdigest() not in reader.body("hashes.csv").decode()


def test_nobody_reads_the_event_of_others(home: Institution) -> None:
    contribute(home, "198.51.100.7", audience="own")
    contribute(home, "198.51.100.8", tlp=TLP.AMBER_STRICT, pap=PAP.RED)
    run_until_idle()
    mine = Reader(home)
    assert len(mine.manifest()) == 2
    other = Reader(make_institution("Université B"))
    (shared,) = other.manifest()
    (hidden,) = set(mine.manifest()) - {shared}
    absent = "00000000-0000-4000-8000-000000000000"
    answers = [other.get(f"{uuid}.json") for uuid in (hidden, absent, "x", "manifests")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    narrow = Reader(home, tlp_ceiling=TLP.GREEN)
    assert narrow.manifest() == {}


def sent_again(event: MISPEvent, importer: Institution) -> dict[str, Any]:
    """The event of a feed, posted to the API of another instance by PyMISP's JSON."""
    secret = make_token(importer, scopes=[Scope.INDICATORS_WRITE])
    answer = Client(headers={"Authorization": secret}).post(
        "/api/v1/submissions", event.to_json(), content_type="application/vnd.misp+json"
    )
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


VALUES = (
    ("evil.example.com", "domain", TLP.GREEN, PAP.GREEN),
    ("198.51.100.7", "ipv4", TLP.CLEAR, PAP.CLEAR),
    ("198.51.100.0/24", "cidr", TLP.CLEAR, PAP.AMBER),
    ("2001:db9::1", "ipv6", TLP.GREEN, PAP.RED),
    ("198.51.100.9:8080", "ip-port", TLP.GREEN, PAP.GREEN),
    ("https://evil.example.com/a?b=1", "url", TLP.GREEN, PAP.AMBER),
    ("a" * 64, "sha256", TLP.CLEAR, PAP.GREEN),
    ("AS64510", "asn", TLP.CLEAR, PAP.GREEN),
    ("t13d1516h2_8daaf6152771_e5627efa2ab1", "ja4", TLP.GREEN, PAP.GREEN),
    ("Your parcel", "email-subject", TLP.GREEN, PAP.GREEN),
)


def test_what_is_pulled_and_sent_again_is_the_same_set(home: Institution) -> None:
    """Values, markings and reports; below AMBER, since what is stricter stays with who imports it."""
    report = report_of(home, "A campaign", tlp=TLP.CLEAR)
    for place, (value, type_name, tlp, pap) in enumerate(VALUES):
        contribute(home, value, type_name=type_name, tlp=tlp, pap=pap, report=report if place % 2 else None)
    strict = contribute(home, "198.51.100.99", tlp=TLP.AMBER_STRICT, report=report)
    gone = contribute(home, "198.51.100.98", tlp=TLP.GREEN, report=report)
    run_until_idle()
    reader = Reader(home)
    reader.manifest()
    withdraw(gone, viewer=viewer_for(home, scopes=[Scope.INDICATORS_WRITE]))
    run_until_idle()
    importer = make_institution("Université C")
    for event in reader.events().values():
        assert sent_again(event, importer)["counts"]["refused"] == 0
    rows = Contribution.unscoped.filter(institution=importer).select_related("indicator", "report")
    said = {(row.indicator.value, row.indicator.type, TLP(row.tlp), PAP(row.pap)): row for row in rows}
    kept = said.pop(("198.51.100.99", "ipv4", TLP.AMBER_STRICT, PAP(strict.pap)))
    assert kept.audience == "own"
    assert set(said) == set(VALUES)
    assert {row.audience for row in said.values()} == {"community"}
    reports = [said[one].report for one in VALUES]
    titles = [None if report is None else report.title for report in reports]
    assert titles == [None, "A campaign"] * (len(VALUES) // 2)


def test_it_needs_a_token(home: Institution) -> None:
    assert Client().get("/feeds/misp/manifest.json").status_code == 401
    reading = Client(headers={"Authorization": make_token(home, scopes=[Scope.INDICATORS_READ])})
    assert reading.get("/feeds/misp/manifest.json").status_code == 403


def test_small_parts_are_sent_together_and_nothing_is_lost() -> None:
    parts = [b"%05d\n" % number for number in range(30_000)]
    pieces = list(together(parts))
    assert b"".join(pieces) == b"".join(parts)
    assert len(pieces) == 3
    assert list(together([])) == []
