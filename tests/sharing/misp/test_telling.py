"""Who is told what, when, and under which names: views, withdrawal, circles, anonymity, PAP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Report
from iocmarket.kernel.marking import PAP, TLP
from sharing.feeds.policies import set_policy
from sharing.feeds.policy import Policy
from tests.factories import Reader, contribute, make_institution, make_reader, make_token, publish, report, withdraw
from tests.sharing.misp.wire import Machine
from tests.statements import statements_of

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def travel(db: None) -> Iterator[Any]:
    """A clock that goes on when it is told to."""
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def attributes(machine: Machine, **asked: Any) -> dict[str, dict[str, Any]]:
    """By value."""
    found = machine.found("/attributes/restSearch", asked)["Attribute"]
    return {one["value"]: one for one in found}


def events(machine: Machine, **asked: Any) -> list[dict[str, Any]]:
    """Whole."""
    return [one["Event"] for one in machine.found("/events/restSearch", asked)]


def test_what_is_withdrawn_is_told_to_those_who_could_read_it_alone(
    travel: Any, author: Institution, machine: Machine
) -> None:
    said = contribute(author, "185.9.9.1", comment="secret", tags=["x"])
    publish()
    before = attributes(machine)["185.9.9.1"]
    travel.shift(timedelta(hours=1))
    withdraw(said)
    publish()
    travel.shift(timedelta(hours=1))
    newcomer = make_reader("Nouvelle")
    publish()
    told = attributes(machine, timestamp=before["timestamp"])["185.9.9.1"]
    assert (told["uuid"], told["id"], told["event_id"]) == (before["uuid"], before["id"], before["event_id"])
    assert (told["to_ids"], told["comment"], told["deleted"]) == (False, "", False)
    assert [tag["name"] for tag in told["Tag"]] == ["tlp:amber", "PAP:GREEN"]
    assert int(told["timestamp"]) > int(before["timestamp"])
    assert author.name not in str(told)
    [event] = events(machine)
    assert author.name not in str(event)
    late = Machine(newcomer.secret)
    assert attributes(late) == {}
    assert events(late) == []


def test_what_is_shared_again_is_the_same_attribute(travel: Any, author: Institution, machine: Machine) -> None:
    first = contribute(author, "185.9.9.2")
    other = contribute(make_institution(), "185.9.9.2")
    publish()
    ids = {one["id"] for one in machine.found("/attributes/restSearch", {})["Attribute"]}
    assert len(ids) == 2
    travel.shift(timedelta(hours=1))
    withdraw(first)
    publish()
    found = machine.found("/attributes/restSearch", {})["Attribute"]
    assert {one["id"] for one in found} == ids
    assert sorted(one["to_ids"] for one in found) == [False, True]
    assert other.withdrawn_at is None


def test_a_circle_that_one_joins_sorts_behind_what_was_read(
    travel: Any, author: Institution, reader: Reader, machine: Machine
) -> None:
    circle = create_circle(name="Ensemble", founder=author, actor=PLATFORM)
    contribute(author, "185.9.9.3", audience="circle", circle=circle)
    travel.shift(timedelta(days=1))
    contribute(author, "185.9.9.4")
    publish()
    last = attributes(machine)["185.9.9.4"]["timestamp"]
    travel.shift(timedelta(days=1))
    join_circle(circle, reader.institution, actor=PLATFORM)
    publish()
    found = attributes(machine, timestamp=str(int(last) + 1))
    assert list(found) == ["185.9.9.3"]
    assert int(found["185.9.9.3"]["timestamp"]) == int((START + timedelta(days=2)).timestamp())
    [event] = events(machine, timestamp=str(int(last) + 1))
    assert event["distribution"] == "4"
    assert event["SharingGroup"]["name"] == "Ensemble"


def test_what_another_view_says_of_a_value_changes_what_is_told_of_it_everywhere(
    travel: Any, author: Institution, reader: Reader, machine: Machine
) -> None:
    """PAP over all views of the institution decides whether it may be blocked."""
    contribute(author, "185.9.9.5")
    publish()
    before = attributes(machine)["185.9.9.5"]
    assert before["to_ids"] is True
    travel.shift(timedelta(hours=1))
    other = make_institution()
    contribute(other, "185.9.9.5", pap=PAP.RED, audience="recipients", recipients=[reader.institution])
    publish()
    changed = machine.found("/attributes/restSearch", {"timestamp": str(int(before["timestamp"]) + 1)})["Attribute"]
    assert [one["to_ids"] for one in changed] == [False, False]
    assert before["uuid"] in {one["uuid"] for one in changed}
    told = events(machine, timestamp=str(int(before["timestamp"]) + 1))
    assert before["Event"]["uuid"] in {event["uuid"] for event in told}


def test_anonymous_ones_are_pooled_under_the_community(author: Institution, machine: Machine) -> None:
    story = Report.objects.create(institution=author, title="Une histoire")
    contribute(author, "185.9.9.6", anonymous=True, report=story)
    contribute(make_institution("Autre maison"), "185.9.9.7", anonymous=True)
    publish()
    [event] = events(machine)
    assert event["Orgc"]["name"] not in {author.name, "Autre maison"}
    assert {one["value"] for one in event["Attribute"]} == {"185.9.9.6", "185.9.9.7"}
    text = str(event)
    assert author.name not in text
    assert "Une histoire" not in text


def test_a_report_is_an_event_with_its_own_labels(author: Institution, machine: Machine) -> None:
    story = Report.objects.create(institution=author, title="Campagne", tlp=TLP.GREEN)
    contribute(author, "185.9.9.8", report=story, tlp=TLP.CLEAR, pap=PAP.CLEAR)
    contribute(author, "185.9.9.9", tlp=TLP.CLEAR, pap=PAP.CLEAR)
    publish()
    by_info = {event["info"]: event for event in events(machine)}
    told = by_info["Campagne"]
    assert [tag["name"] for tag in told["Tag"]][:2] == ["tlp:green", "PAP:GREEN"]
    assert (told["Orgc"]["name"], told["analysis"]) == (author.name, "2")
    assert by_info[f"Indicators shared by {author.name} on 2026-11-20"]["analysis"] == "1"


def test_a_machine_that_only_detects_is_told_to_detect(author: Institution, reader: Reader) -> None:
    contribute(author, "185.9.10.1", pap=PAP.AMBER)
    contested = contribute(author, "185.9.10.2")
    report(reader.institution, contested, "false-positive")
    publish()
    found = attributes(Machine(make_token(reader.institution, tool="misp-detect")))
    assert {value: one["to_ids"] for value, one in found.items()} == {"185.9.10.1": True, "185.9.10.2": False}


def test_the_feed_policy_of_the_institution_holds_here_too(
    author: Institution, reader: Reader, machine: Machine
) -> None:
    policy = Policy.read({"matrix": {"scan": {"ipv4": "detect"}, "spam": {"ipv4": "ignore"}}})
    set_policy(reader.institution, policy, actor=PLATFORM)
    for number, threat in enumerate(("scan", "spam", "c2")):
        contribute(author, f"185.9.12.{number}", threat_type=threat)
    publish()
    expected = {"185.9.12.0": (False, True), "185.9.12.1": (False, False), "185.9.12.2": (True, True)}
    silent = attributes(Machine(make_token(reader.institution, tool="misp-detect")))
    told = attributes(machine)
    assert {value: (told[value]["to_ids"], silent[value]["to_ids"]) for value in told} == expected


def test_a_narrow_token_reads_no_more_than_its_ceiling(author: Institution, reader: Reader, machine: Machine) -> None:
    contribute(author, "185.9.10.3", tlp=TLP.GREEN)
    contribute(author, "185.9.10.4", tlp=TLP.AMBER)
    narrow = Machine(make_token(reader.institution, tlp_ceiling=TLP.GREEN))
    publish()
    assert set(attributes(narrow)) == {"185.9.10.3"}
    assert set(attributes(machine)) == {"185.9.10.3", "185.9.10.4"}
    own, wide = attributes(narrow)["185.9.10.3"], attributes(machine)["185.9.10.3"]
    assert own["uuid"] != wide["uuid"]  # two views are two audiences


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"value": "185[.]9.11.1"}, {"185.9.11.1"}),
        ({"value": "185.9.11.%"}, {"185.9.11.1", "185.9.11.2"}),
        ({"value": ["185.9.11.1", "mechant-site.fr"]}, {"185.9.11.1", "mechant-site.fr"}),
        ({"value": "!185.9.11.1"}, {"185.9.11.2", "mechant-site.fr", "a" * 32}),
        ({"type": "md5"}, {"a" * 32}),
        ({"type": ["domain", "hostname"]}, {"mechant-site.fr"}),
        ({"type": {"OR": ["ip-src", "ip-dst"], "NOT": ["ip-src"]}}, {"185.9.11.2"}),
        ({"category": "Payload delivery"}, {"a" * 32}),
        ({"tags": "tool:x"}, {"185.9.11.2"}),
        ({"tags": ["!tlp:amber"]}, {"a" * 32}),
        ({"tags": {"AND": ["tlp:amber", "tool:%"]}}, {"185.9.11.2"}),
        ({"org": "Nobody"}, set()),
        ({"searchall": "SSH"}, {"185.9.11.1"}),
        ({"last": "1h"}, {"185.9.11.1", "185.9.11.2", "mechant-site.fr", "a" * 32}),
        ({"timestamp": "nonsense"}, set()),
        ({"from": "2026-11-20"}, {"185.9.11.1", "185.9.11.2", "mechant-site.fr", "a" * 32}),
        ({"to": "2026-11-19"}, set()),
        ({"published": "0"}, set()),
        ({"deleted": [0, 1]}, {"185.9.11.1", "185.9.11.2", "mechant-site.fr", "a" * 32}),
        ({"eventinfo": "%Alizés%"}, {"185.9.11.1", "185.9.11.2", "mechant-site.fr", "a" * 32}),
    ],
    ids=lambda given: str(given)[:40] if isinstance(given, dict) else "",  # (the order of a set is not kept)
)
def test_filters(author: Institution, machine: Machine, asked: dict[str, Any], wanted: set[str]) -> None:
    contribute(author, "185.9.11.1", comment="SSH", threat_type="scan")
    contribute(author, "185.9.11.2", tags=["tool:x"], threat_type="c2")
    contribute(author, "mechant-site.fr", type_name="domain")
    contribute(author, "a" * 32, type_name="md5", tlp=TLP.CLEAR)
    publish()
    assert set(attributes(machine, **asked)) == wanted


def test_a_deep_page_asks_what_the_first_one_asks(author: Institution, machine: Machine) -> None:
    for _ in range(12):
        contribute(author)
    publish()
    machine.found("/attributes/restSearch", {})
    asked = [{"limit": 3, "page": page} for page in (1, 2, 3, 4)]
    counts = [len(statements_of(partial(machine.found, "/attributes/restSearch", body))) for body in asked]
    assert len(set(counts)) == 1
    assert counts[0] < 20


@pytest.mark.parametrize("form", ["suricata", "rpz", "stix2", "text", "csv", "hosts"])
def test_formats_carry_what_their_mode_permits(author: Institution, machine: Machine, form: str) -> None:
    contribute(author, "mechant-site.fr", type_name="domain")
    contribute(author, "discret-site.fr", type_name="domain", pap=PAP.RED)
    publish()
    answer = machine.post("/attributes/restSearch", {"returnFormat": form})
    text = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
    assert "mechant-site.fr" in text
    assert ("discret-site.fr" in text) is (form in {"suricata", "stix2", "csv"})
