"""The requests of other programs, as they send them, and what they do with the answers (misp-surface: 2.4).

Elastic's ti_misp, misp2sentinel, pdnssoc-cli, misp42splunk, timesketch, suricata-update and firewalls.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import PAP, TLP
from tests.factories import Reader, contribute, publish, report, withdraw
from tests.sharing.misp.wire import Machine, pymisp

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def travel(db: None) -> Iterator[Any]:
    """A clock that goes on when it is told to."""
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def later(clock: Any, **time: int) -> None:
    """Time passes."""
    clock.shift(timedelta(**time))


def share(author: Institution, clock: Any, count: int, **said: Any) -> list[Contribution]:
    """Statements, a minute apart."""
    made = []
    for _ in range(count):
        later(clock, minutes=1)
        made.append(contribute(author, **said))
        publish()
    return made


# — Elastic, ti_misp: threat_attributes and threat —


class Elastic:
    """The integration's two streams: the same moment on every page, the last element's moment as the next cursor."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.cursor = str(int((START - timedelta(hours=120)).timestamp()))

    def poll(self) -> list[dict[str, Any]]:
        """All pages of one interval, until an empty one."""
        found: list[dict[str, Any]] = []
        page = 1
        while True:
            body = {
                "includeDecayScore": "true", "limit": "10", "order": "timestamp", "page": str(page),
                "returnFormat": "json", "timestamp": self.cursor,
            }  # fmt: skip
            # A missing array stops the integration.
            listed = self._machine.found("/attributes/restSearch", body)["Attribute"]
            if not listed:
                break
            found += listed
            page += 1
        if found:
            self.cursor = found[-1]["timestamp"]
        return found

    def events(self) -> list[dict[str, Any]]:
        """The other stream, in pages of ten."""
        body = {"limit": "10", "page": "1", "returnFormat": "json", "timestamp": self.cursor}
        found: list[dict[str, Any]] = self._machine.found("/events/restSearch", body)
        return found


def test_elastic_reads_everything_once_and_then_what_changed(
    travel: Any, author: Institution, machine: Machine
) -> None:
    made = share(author, travel, 23)
    elastic = Elastic(machine)
    first = elastic.poll()
    assert [one["value"] for one in first] == [one.indicator.value for one in made]
    stamps = [int(one["timestamp"]) for one in first]
    assert stamps == sorted(stamps)
    assert all(one["decay_score"][0]["decayed"] is False and one["Event"]["uuid"] and one["Tag"] for one in first)
    later(travel, minutes=10)
    again = {one["value"] for one in elastic.poll()}
    assert again == {made[-1].indicator.value}  # its cursor is inclusive
    withdraw(made[3])
    publish()
    [told] = [one for one in elastic.poll() if one["value"] == made[3].indicator.value]
    assert told["to_ids"] is False
    assert told["decay_score"][0]["decayed"] is True
    assert told["uuid"] == first[3]["uuid"]
    assert int(told["timestamp"]) > stamps[-1]


def test_elastic_misses_nothing_that_changes_while_it_reads(travel: Any, author: Institution, machine: Machine) -> None:
    made = share(author, travel, 15)
    body = {"limit": "5", "timestamp": "0"}
    first = machine.found("/attributes/restSearch", {**body, "page": "1"})["Attribute"]
    later(travel, minutes=1)
    withdraw(made[0])  # it moves to the end: pages by offset would now leave out the sixth
    publish()
    rest: list[dict[str, Any]] = []
    for page in ("2", "3", "4", "5"):
        rest += machine.found("/attributes/restSearch", {**body, "page": page})["Attribute"]
    values = [one["value"] for one in [*first, *rest]]
    assert values == [*(one.indicator.value for one in made), made[0].indicator.value]


def test_elastic_splits_events(travel: Any, author: Institution, machine: Machine) -> None:
    share(author, travel, 2)
    [event] = [one["Event"] for one in Elastic(machine).events()]
    for name in ("Attribute", "Object", "RelatedEvent", "Galaxy", "ShadowAttribute", "EventReport"):
        assert isinstance(event[name], list)
    assert len(event["Attribute"]) == 2
    assert all(isinstance(event[name], str) for name in ("id", "org_id", "orgc_id", "timestamp", "attribute_count"))
    assert "event_creator_email" not in event


# — misp2sentinel —


def test_misp2sentinel_reads_events_and_takes_back_what_is_withdrawn(
    travel: Any, author: Institution, reader: Reader
) -> None:
    made = share(author, travel, 5)
    misp = pymisp(reader.secret)
    found, page = [], 1
    while result := misp.search(
        controller="events", return_format="json", published=True, publish_timestamp="14d", limit=2, page=page
    ):
        found += [attribute for one in result for attribute in one["Event"]["Attribute"] if attribute["to_ids"]]
        page += 1
    assert {one["value"] for one in found} == {one.indicator.value for one in made}
    later(travel, hours=2)
    withdraw(made[1])
    report(author, made[2], "false-positive")
    publish()
    revoked = misp.search(controller="attributes", to_ids=0, timestamp="1h", type=["ip-src", "ip-dst"])["Attribute"]
    assert {one["value"] for one in revoked} == {made[1].indicator.value, made[2].indicator.value}


# — pdnssoc-cli —


def test_pdnssoc_finds_names_and_addresses_of_a_label_and_enriches_them(
    travel: Any, author: Institution, reader: Reader
) -> None:
    contribute(author, "mechant-site.fr", type_name="domain", tlp=TLP.CLEAR)
    contribute(author, "185.3.3.3", tlp=TLP.CLEAR)
    contribute(author, "185.3.3.4", tlp=TLP.AMBER)
    contribute(author, "f" * 64, type_name="sha256", tlp=TLP.CLEAR)
    publish()
    misp = pymisp(reader.secret)
    types = ["domain", "domain|ip", "hostname", "hostname|port", "ip-src", "ip-src|port", "ip-dst", "ip-dst|port"]
    found = misp.search(
        controller="attributes", type_attribute=types, to_ids=1, tags=[["tlp:clear"]],
        timestamp=int((START - timedelta(days=30)).timestamp()), enforce_warninglist=True, pythonify=True,
    )  # fmt: skip
    assert sorted(one.value for one in found) == ["185.3.3.3", "mechant-site.fr"]
    assert misp.values_in_warninglist([one.value for one in found]) == []
    [one] = misp.search(
        controller="attributes", value="mechant-site.fr", include_context=True, include_event_tags=True, pythonify=True
    )
    assert one.Event.Orgc.name == author.name
    assert one.Event.date.isoformat() == "2026-11-20"
    assert {tag.name: tag.colour for tag in one.tags}["tlp:clear"] == "#ffffff"


# — misp42splunk, timesketch —


def test_misp42splunk_reads_ten_thousand_at_once_and_converts_numbers(
    travel: Any, author: Institution, machine: Machine
) -> None:
    share(author, travel, 3, threat_type="c2")
    share(author, travel, 1, pap=PAP.AMBER)
    body = {
        "returnFormat": "json", "withAttachments": False, "deleted": False, "last": "3d", "to_ids": True,
        "published": True, "includeEventTags": True, "type": {"OR": ["ip-src", "ip-dst"]},
        "tags": {"OR": ["tlp:amber"], "NOT": ["tlp:red"]}, "page": 1, "limit": 10000,
    }  # fmt: skip
    found = machine.found("/attributes/restSearch", body)["Attribute"]
    assert len(found) == 3  # fewer than the limit: it stops here
    for one in found:
        for name in ("id", "event_id", "object_id", "timestamp"):
            assert int(one[name]) >= 0
        assert int(one["Event"]["orgc_id"]) > 0
        assert {tag["name"] for tag in one["Tag"]} >= {"tlp:amber", "PAP:GREEN"}


def test_timesketch_asks_with_slashes_too_many(author: Institution, machine: Machine, reader: Reader) -> None:
    contribute(author, "BonDeCommande.vbs", type_name="filename")
    publish()
    body = {"returnFormat": "json", "value": ["BonDeCommande.vbs", "absent.exe"], "type": "filename"}
    for path in ("//attributes/restSearch/", "/misp//attributes/restSearch.json", "/misp/attributes/restSearch/"):
        found = machine.found(path, body)["Attribute"]
        assert [one["value"] for one in found] == ["BonDeCommande.vbs"]


# — GET: suricata-update, firewalls —


def test_a_firewall_reads_a_list_with_basic_credentials(author: Institution, machine: Machine, reader: Reader) -> None:
    contribute(author, "185.5.5.5", threat_type="c2")
    contribute(author, "185.5.5.6", pap=PAP.AMBER, threat_type="c2")
    contribute(author, "mechant-site.fr", type_name="domain")
    publish()
    pair = base64.b64encode(f"edl:{reader.secret}".encode()).decode()
    answer = machine.get(
        "/attributes/restSearch/returnFormat:text/type:ip-dst", headers={"Authorization": f"Basic {pair}"}
    )
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert b"".join(answer.streaming_content) == b"185.5.5.5\n"


@pytest.mark.parametrize(
    ("header", "status"), [({"X-MISP-AUTH": "{}"}, 200), ({"Authorization": "Bearer {}"}, 200), ({}, 401)]
)
def test_tokens_come_in_every_spelling(reader: Reader, header: dict[str, str], status: int) -> None:
    headers = {name: text.format(reader.secret) for name, text in header.items()}
    answer = Machine(reader.secret).get("/servers/getVersion", headers=headers or {"X-Nothing": "1"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/events/view/12", 404), ("/events/nothing", 404), ("/misp/feeds/index", 404), ("/attributes/x/y.json", 404)],
)
def test_errors_are_json_in_misps_shape(machine: Machine, path: str, status: int) -> None:
    answer = machine.get(path)
    assert answer.status_code == status
    assert answer.json() == {"name": "Not Found", "message": "Not Found", "url": path}
    assert machine.post("/attributes/restSearch", {"returnFormat": "xls"}).status_code == 400
