"""The MISP feed of a saved feed: what is in it, what leaves it, who opens it, what its page tells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pymisp import MISPEvent

from iocmarket.accounts import feed_keys
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Role, Scope
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Report
from iocmarket.kernel.marking import TLP
from sharing.feeds.policies import set_policy
from sharing.feeds.policy import Policy
from sharing.profiles.models import FeedProfile, FeedPull
from sharing.profiles.services import change_profile, create_profile
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
START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def travel(db: None) -> Iterator[Any]:
    """A clock that goes on when it is told to."""
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def author() -> Institution:
    return make_institution("Université des Alizés")


@pytest.fixture
def reader(author: Institution) -> Reader:
    return make_reader("Lectrice")


class Folder:
    """A saved MISP feed, as a MISP reads it: the manifest, then the events that are newer than what it has."""

    def __init__(self, reader: Reader, *, secret: str = "", **options: str) -> None:
        self.profile = create_profile(
            reader.institution, name="pour-misp", format="misp", options=options, actor=PLATFORM
        )
        self._client = Client(headers={"Authorization": secret or reader.secret})
        self.held: dict[str, dict[str, Any]] = {}
        self._moments: dict[str, int] = {}

    def get(self, name: str, **headers: str) -> Any:
        return self._client.get(f"/feeds/p/pour-misp/{name}", headers=headers)

    def body(self, name: str) -> bytes:
        answer = self.get(name)
        assert answer.status_code == 200, answer.content
        return b"".join(answer.streaming_content) if answer.streaming else answer.content

    def pull(self) -> dict[str, dict[str, Any]]:
        """What a MISP holds afterwards, by value: it takes what is newer, event by event, attribute by attribute."""
        for uuid, entry in json.loads(self.body("manifest.json")).items():
            if entry["timestamp"] <= self._moments.get(uuid, -1):
                continue
            self._moments[uuid] = entry["timestamp"]
            event = json.loads(self.body(f"{uuid}.json"))["Event"]
            assert int(event["timestamp"]) == entry["timestamp"]
            for one in event["Attribute"]:
                known = self.held.get(one["value"])
                if known is None or int(one["timestamp"]) > int(known["timestamp"]):
                    self.held[one["value"]] = {**one, "info": event["info"]}
        return self.held

    def acted_on(self) -> set[str]:
        """What that MISP would make block lists of."""
        return {value for value, one in self.pull().items() if one["to_ids"] and not one["deleted"]}


def test_it_holds_what_its_options_and_the_policy_let_in(author: Institution, reader: Reader) -> None:
    report = Report.objects.create(institution=author, title="Une campagne", tlp=TLP.AMBER)
    contribute(author, "45.9.20.1", threat_type="c2", tlp=TLP.GREEN, report=report, comment="beacon")
    contribute(author, "45.9.20.2", threat_type="c2", tlp=TLP.AMBER, report=report)
    contribute(author, "45.9.20.3", threat_type="spam", tlp=TLP.GREEN)
    contribute(author, "45.9.20.4", threat_type="scan", tlp=TLP.GREEN)
    contribute(author, "evil-cas.fr", type_name="domain", threat_type="c2", tlp=TLP.GREEN)
    publish()
    set_policy(
        reader.institution, Policy.read({"matrix": {"spam": {"ipv4": "ignore"}, "scan": {"ipv4": "detect"}}}),
        actor=PLATFORM,
    )  # fmt: skip
    folder = Folder(reader, type="ipv4", tlp_max="GREEN")
    held = folder.pull()
    assert {value: one["to_ids"] for value, one in held.items()} == {
        "45.9.20.1": True,
        "45.9.20.3": False,  # as every feed that says farewell does: the consumer may hold it from before the policy
        "45.9.20.4": False,
    }
    assert held["45.9.20.1"]["comment"] == "beacon"
    assert "Une campagne" not in held["45.9.20.1"]["info"], "the report is stricter than the feed"
    manifest = json.loads(folder.body("manifest.json"))
    assert {tag["name"] for entry in manifest.values() for tag in entry["Tag"]} >= {"tlp:green"}
    assert "tlp:amber" not in str(manifest)
    hashes = {line.split(",")[0] for line in folder.body("hashes.csv").decode().splitlines()}
    assert hashes == {hashlib.md5(value.encode()).hexdigest() for value in ("45.9.20.1", "45.9.20.4")}
    for uuid in manifest:
        event = MISPEvent()
        event.load(folder.body(f"{uuid}.json").decode())
        assert event.to_feed()["Event"]["uuid"] == uuid
    answer = folder.get("manifest.json?explain=1")
    assert answer.json()["count"] == 2


def test_what_leaves_it_stays_with_a_new_moment_and_returns_with_another(
    author: Institution, reader: Reader, travel: Any
) -> None:
    contribute(author, "45.9.20.1", threat_type="c2", comment="said")
    weak = contribute(author, "45.9.20.2", threat_type="scan")
    publish()
    folder = Folder(reader)
    assert folder.acted_on() == {"45.9.20.1", "45.9.20.2"}
    travel.shift(timedelta(minutes=5))
    change_profile(folder.profile, options={"threat_type": "scan"}, actor=PLATFORM)
    assert folder.acted_on() == {"45.9.20.2"}
    assert folder.held["45.9.20.1"]["comment"] == ""
    travel.shift(timedelta(minutes=5))
    change_profile(folder.profile, options={}, actor=PLATFORM)
    assert folder.acted_on() == {"45.9.20.1", "45.9.20.2"}
    assert folder.held["45.9.20.1"]["comment"] == "said"
    travel.shift(timedelta(minutes=5))
    withdraw(weak)
    publish()
    assert folder.acted_on() == {"45.9.20.1"}
    assert folder.held["45.9.20.2"]["deleted"] is True


def test_the_score_sinks_and_the_value_leaves_without_any_publication(
    author: Institution, reader: Reader, travel: Any
) -> None:
    contribute(author, "45.9.20.1", threat_type="c2", confidence=60)
    publish()
    folder = Folder(reader, score_min="40")
    assert folder.acted_on() == {"45.9.20.1"}
    before = folder.held["45.9.20.1"]["timestamp"]
    travel.shift(timedelta(days=25))
    assert folder.acted_on() == set()
    assert int(folder.held["45.9.20.1"]["timestamp"]) > int(before)


def test_a_file_that_did_not_change_is_not_sent_again(author: Institution, reader: Reader) -> None:
    contribute(author, "45.9.20.1")
    publish()
    folder = Folder(reader)
    first = folder.get("manifest.json")
    for name in ("manifest.json", "hashes.csv", f"{next(iter(json.loads(first.content)))}.json"):
        tag = folder.get(name)["ETag"]
        assert folder.get(name, **{"If-None-Match": tag}).status_code == 304
    contribute(author, "45.9.20.2")
    publish()
    assert folder.get("manifest.json", **{"If-None-Match": first["ETag"]}).status_code == 200
    pull = FeedPull.objects.get()
    assert (pull.count, pull.status) == (2, 200)


def test_it_is_nobody_elses_and_no_other_file_is_there(author: Institution, reader: Reader) -> None:
    contribute(author, "45.9.20.1")
    other = make_reader("Autre")
    publish()
    folder = Folder(reader)
    (uuid,) = json.loads(folder.body("manifest.json"))
    for name in ("manifest.json", f"{uuid}.json"):
        assert Client(headers=other.headers).get(f"/feeds/p/pour-misp/{name}").status_code == 404
    hidden = ("x.json", f"{uuid}.csv", "feeds.json", "00000000-0000-4000-8000-000000000000.json", uuid.upper() + ".js")
    assert {folder.get(name).status_code for name in hidden} == {404}
    create_profile(reader.institution, name="texte", format="text", actor=PLATFORM)
    client = Client(headers=reader.headers)
    paths = (
        "/feeds/p/texte/manifest.json",
        "/feeds/p/pour-misp",
        "/feeds/p/pour-misp.json",
        "/feeds/p/pour-misp/changes?after=1",
    )
    assert {client.get(path).status_code for path in paths} == {404}


def test_a_feed_key_opens_the_folder_and_nothing_else(author: Institution, reader: Reader) -> None:
    contribute(author, "45.9.20.1")
    publish()
    Folder(reader)
    feed_keys.switch(on=True, actor=PLATFORM)
    key = make_token(reader.institution, scopes=[Scope.FEEDS_READ], feed="p/pour-misp")
    found = feed_keys.feeds.named("p/pour-misp", reader.institution.pk)
    assert found is not None
    assert found.address(key).endswith(f"/feeds/k/{key}/p/pour-misp")
    manifest = Client().get(f"/feeds/k/{key}/p/pour-misp/manifest.json")
    (uuid,) = manifest.json()
    assert Client().get(f"/feeds/k/{key}/p/pour-misp/{uuid}.json").status_code == 200
    create_profile(reader.institution, name="autre", format="misp", actor=PLATFORM)
    assert Client().get(f"/feeds/k/{key}/p/autre/manifest.json").status_code == 404
    assert Client().get(f"/feeds/k/{key}/p/pour-misp.json").status_code == 404


def test_its_page_has_the_lines_to_paste_and_tries_it(author: Institution, reader: Reader) -> None:
    contribute(author, "45.9.20.1")
    publish()
    manager = Client()
    manager.force_login(make_member(reader.institution, role=Role.MANAGER))
    made = manager.post("/tools/new?tool=MISP&format=misp", {"name": "notre-misp", "type": "ipv4"})
    assert made.status_code == 302, made.content.decode()
    assert FeedProfile.objects.get().options == {"type": "ipv4"}
    page = manager.get("/tools/feeds/notre-misp").content.decode()
    assert "/feeds/p/notre-misp" in page
    assert "Source Format: MISP Feed" in page
    came = manager.post("/tools/feeds/notre-misp/try").content.decode()
    assert "threat_level_id" in came
    assert "MISP" in manager.get("/tools").content.decode()
