"""Unmodified PyMISP writes: events, attributes, objects, tags, sightings; and what it is told that cannot be."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from pymisp import MISPAttribute, MISPEvent, MISPObject, MISPSighting, PyMISP
from pytest_django.live_server_helper import LiveServer

from ingestion.readers.misp_types import SUMMED_UP
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.publisher import run_until_idle
from tests.factories import contribute, make_institution, make_token
from tests.sharing.misp.wire import Machine, pymisp

pytestmark = pytest.mark.django_db
WRITES = (Scope.INDICATORS_READ, Scope.INDICATORS_WRITE, Scope.SIGHTINGS_WRITE)


@pytest.fixture
def home() -> Institution:
    return make_institution("Université A")


@pytest.fixture
def misp(home: Institution) -> Any:
    run_until_idle()
    return pymisp(make_token(home, scopes=WRITES))


@pytest.fixture
def other() -> Any:
    institution = make_institution("Université B")
    run_until_idle()
    return pymisp(make_token(institution, scopes=WRITES))


def sample() -> Any:
    event: Any = MISPEvent()
    event.info, event.distribution = "A campaign", 1
    event.add_tag("tlp:green")
    event.add_attribute("domain", "evil.example.com", comment="the page")
    event.add_attribute("ip-dst|port", "198.51.100.7|8443")
    file: Any = MISPObject("file")
    file.add_attribute("sha256", "a" * 64)
    file.add_attribute("size-in-bytes", 12)
    event.add_object(file)
    return event


def live(home: Institution) -> dict[str, Contribution]:
    rows = Contribution.unscoped.filter(institution=home, withdrawn_at__isnull=True).select_related("indicator")
    return {row.indicator.value: row for row in rows}


def test_an_event_comes_back_as_an_event(misp: Any, home: Institution) -> None:
    sent = sample()
    event = misp.add_event(sent, pythonify=True)
    assert (event.uuid, event.info, event.published) == (sent.uuid, "A campaign", True)
    told = {(one.type, one.value): one for one in event.attributes}
    assert set(told) == {
        ("hostname", "evil.example.com"), ("ip-dst|port", "198.51.100.7|8443"), ("sha256", "a" * 64),
    }  # fmt: skip
    assert told["hostname", "evil.example.com"].uuid == sent.attributes[0].uuid
    assert {tag.name for tag in event.tags} == {"tlp:green", "PAP:GREEN", SUMMED_UP}
    assert list(event.iocmarket_skipped) == ["0.1"]
    assert {row.tlp for row in live(home).values()} == {TLP.GREEN}


def test_what_was_written_is_read_under_its_own_names(misp: Any, other: Any) -> None:
    sent = sample()
    event = misp.add_event(sent, pythonify=True)
    assert isinstance(event, MISPEvent)
    run_until_idle()
    assert misp.event_exists(sent.uuid)
    read = misp.get_event(sent.uuid, pythonify=True)
    assert isinstance(read, MISPEvent)
    assert (read.id, read.uuid) == (event.id, sent.uuid)
    names = {one.uuid: one.id for one in event.attributes}
    assert {one.uuid: one.id for one in read.attributes} == names
    for query in ({"uuid": sent.uuid}, {"eventid": event.id}, {"eventid": sent.uuid}):
        (found,) = misp.search(controller="events", pythonify=True, **query)
        assert found.uuid == sent.uuid
    (one,) = misp.search(controller="attributes", uuid=sent.attributes[0].uuid, pythonify=True)
    assert (one.value, one.event_id) == ("evil.example.com", event.id)
    assert misp.get_attribute(sent.attributes[0].uuid, pythonify=True).value == "evil.example.com"
    assert not other.event_exists(sent.uuid)
    (shared,) = other.search(controller="events", pythonify=True)
    assert shared.info == "A campaign"
    assert {shared.uuid, *(each.uuid for each in shared.attributes)}.isdisjoint({sent.uuid, *names})


def test_the_same_event_again_is_refused_in_misps_shape(misp: Any) -> None:
    sent = sample()
    misp.add_event(sent)
    status, document = misp.add_event(sent)["errors"]
    assert status == 403
    assert document["saved"] is False
    assert list(document["errors"]) == ["uuid"]


def test_attributes_are_added_one_by_one_and_as_a_list(misp: Any, home: Institution) -> None:
    event = misp.add_event(sample(), pythonify=True)
    one = MISPAttribute()
    one.from_dict(type="url", value="https://evil.example.com/a")
    added = misp.add_attribute(event, one, pythonify=True)
    assert isinstance(added, MISPAttribute)
    assert (added.uuid, added.value) == (one.uuid, "https://evil.example.com/a")
    again = misp.add_attribute(event, {"type": "url", "value": "https://evil.example.com/a"})
    assert again["errors"][0] == 403
    updated = misp.add_attribute(event, {"type": "url", "value": one.value}, break_on_duplicate=False, pythonify=True)
    assert isinstance(updated, MISPAttribute)
    several: list[dict[str, Any]] = [
        {"type": "domain", "value": "two.example.com"},
        {"type": "ip-dst", "value": "not an address"},
        {"type": "domain", "value": "three.example.com"},
    ]
    told = misp.add_attribute(event, several, pythonify=True)
    assert [each.value for each in told["attributes"]] == ["two.example.com", "three.example.com"]
    assert list(told["errors"]) == ["1"]
    single = misp.add_attribute(event, [{"type": "domain", "value": "four.example.com"}], pythonify=True)
    assert [each.value for each in single["attributes"]] == ["four.example.com"]
    refused = misp.add_attribute(event, {"type": "comment", "value": "prose"})
    assert refused["errors"][0] == 403
    assert list(refused["errors"][1]["errors"]) == ["type"]
    assert {"two.example.com", "three.example.com", "four.example.com"} <= set(live(home))


def test_an_attribute_is_changed_and_taken_back(misp: Any, home: Institution) -> None:
    event = misp.add_event(sample(), pythonify=True)
    attribute = next(one for one in event.attributes if one.type == "hostname")
    attribute.comment = "another page"
    changed = misp.update_attribute(attribute, pythonify=True)
    assert (changed.comment, changed.uuid) == ("another page", attribute.uuid)
    attribute.value = "worse.example.com"
    replaced = misp.update_attribute(attribute, pythonify=True)
    assert (replaced.value, replaced.uuid) == ("worse.example.com", attribute.uuid)
    assert set(live(home)) == {"worse.example.com", "198.51.100.7:8443", "a" * 64}
    assert misp.delete_attribute(attribute) == {"message": "Attribute deleted."}
    assert "worse.example.com" not in live(home)
    assert misp.delete_attribute(attribute)["errors"][0] == 404


def test_an_event_is_changed_and_taken_back(misp: Any, home: Institution) -> None:
    event = misp.add_event(sample(), pythonify=True)
    event.info = "A longer campaign"
    event.add_attribute("domain", "new.example.com")
    event.attributes[0].comment = "changed"
    event.add_tag("PAP:AMBER")
    changed = misp.update_event(event, pythonify=True)
    assert isinstance(changed, MISPEvent)
    assert (changed.uuid, changed.info, len(changed.attributes)) == (event.uuid, "A longer campaign", 4)
    assert {row.pap for row in live(home).values()} == {PAP.AMBER}
    assert "changed" in {row.comment for row in live(home).values()}
    assert misp.publish(event)["saved"] is True
    assert misp.unpublish(event)["errors"][0] == 403
    assert misp.delete_event(event)["saved"] is True
    assert live(home) == {}
    assert misp.delete_event(event)["errors"][0] == 404


def test_objects_are_taken_apart_and_named_again(misp: Any, home: Institution) -> None:
    event = misp.add_event(sample(), pythonify=True)
    thing = MISPObject("domain-ip")
    thing.add_attribute("domain", "pair.example.com")
    thing.add_attribute("ip", "198.51.100.44")
    added = misp.add_object(event, thing, pythonify=True)
    assert isinstance(added, MISPObject)
    assert (added.uuid, sorted(one.value for one in added.attributes)) == (
        thing.uuid, ["198.51.100.44", "pair.example.com"],
    )  # fmt: skip
    assert misp.delete_object(thing)["saved"] is True
    assert {"pair.example.com", "198.51.100.44"}.isdisjoint(live(home))
    empty = MISPObject("file")
    empty.add_attribute("size-in-bytes", 3)
    assert misp.add_object(event, empty)["errors"][0] == 403


def test_tags_are_attached_and_removed(misp: Any, home: Institution) -> None:
    event = misp.add_event(sample(), pythonify=True)
    attribute = next(one for one in event.attributes if one.type == "hostname")
    assert misp.tag(attribute, "tlp:amber")["saved"] is True
    assert misp.tag(attribute, 'misp-galaxy:ransomware="LockBit"')["saved"] is True
    assert misp.tag(event, "operation-x")["saved"] is True
    said = live(home)["evil.example.com"]
    assert (said.tlp, said.threat_type) == (TLP.AMBER, "ransomware")
    assert all("operation-x" in row.tags for row in live(home).values())
    assert misp.untag(event, "operation-x")["saved"] is True
    assert misp.untag(event, "operation-x")["errors"][0] == 403
    assert misp.untag(attribute, "tlp:amber")["errors"][1]["errors"]["tag"]
    assert misp.tag(attribute, "tlp:red")["errors"][0] == 403
    assert misp.tag(attribute, "mine", local=True)["errors"][0] == 403


def test_sightings_are_reported_by_value_and_by_attribute(misp: Any, home: Institution) -> None:
    event = misp.add_event(sample(), pythonify=True)
    by_value = misp.add_sighting({"value": "evil.example.com", "source": "NDR"}, pythonify=True)
    assert isinstance(by_value, MISPSighting)
    run_until_idle()
    attribute = next(one for one in event.attributes if one.type == "hostname")
    contested = MISPSighting()
    contested.from_dict(type="1")
    told = misp.add_sighting(contested, attribute, pythonify=True)
    assert (told.type, int(told.attribute_id), int(told.event_id)) == ("1", attribute.id, event.id)
    kinds = Sighting.unscoped.filter(institution=home).values_list("kind", "source")
    assert set(kinds) == {("seen", "NDR"), ("false-positive", "")}
    assert misp.delete_sighting(told)["saved"] is True
    assert misp.add_sighting({"value": "unknown.example.com"})["errors"][0] == 403
    several = misp.add_sighting({"values": ["evil.example.com", "unknown.example.com"], "type": "2"})
    assert list(several["errors"]) == ["unknown.example.com"]
    assert misp.add_sighting({"value": "evil.example.com", "type": "9"})["errors"][0] == 403


def test_a_text_is_imported(misp: Any, home: Institution) -> None:
    event = misp.add_event(sample(), pythonify=True)
    could = misp.freetext(event, "hxxp://text[.]example[.]com/x", returnMetaAttributes=True)
    assert [(one["default_type"], one["value"]) for one in could] == [("url", "http://text.example.com/x")]
    found = misp.freetext(event, "hxxp://text[.]example[.]com/x", pythonify=True)
    assert [(one.type, one.value) for one in found] == [("url", "http://text.example.com/x")]
    assert live(home)["http://text.example.com/x"].report_id == live(home)["evil.example.com"].report_id


def test_what_others_wrote_is_as_absent_for_every_act(misp: Any, other: Any, home: Institution) -> None:
    event = misp.add_event(sample(), pythonify=True)
    run_until_idle()
    (told,) = other.search(controller="events", pythonify=True)
    hidden = contribute(make_institution(), "198.51.100.200", audience="own")
    acts = [
        (f"{kind}/{act}/{{}}", {"info": "x", "value": "x", "type": "domain"})
        for kind, acts in (
            ("events", ("edit", "delete", "publish", "alert", "unpublish", "freeTextImport")),
            ("attributes", ("add", "edit", "delete")),
            ("objects", ("add", "edit", "delete")),
        )
        for act in acts
    ]
    acts += [(f"tags/{act}/{{}}/x", {}) for act in ("attachTagToObject", "removeTagFromObject")]
    for path, body in acts:
        answers = []
        for name in (event.uuid, told.uuid, told.attributes[0].uuid, hidden.public_id, uuid4()):
            answer = other._prepare_request("POST", path.format(name), data=body)
            answers.append((answer.status_code, answer.json()["message"]))
        assert set(answers) == {(404, "Not Found")}, path
    assert len(live(home)) == 3


def test_a_sighting_of_a_hidden_value_is_as_of_none(misp: Any) -> None:
    contribute(make_institution(), "198.51.100.200", audience="own")
    run_until_idle()
    hidden = misp.add_sighting({"value": "198.51.100.200"})
    absent = misp.add_sighting({"value": "198.51.100.201"})
    assert str(hidden).replace(".200", "") == str(absent).replace(".201", "")


def test_it_needs_the_right_to_write(home: Institution) -> None:
    reads = Machine(make_token(home, scopes=[Scope.INDICATORS_READ]))
    for path in ("events/add", "attributes/add/1", "tags/attachTagToObject", "sightings/add", "objects/add/1"):
        answer = reads.post(f"/{path}", "{}")
        assert answer.status_code == 403, path
        assert "scope" in answer.json()["message"]
    assert Machine("x" * 40).post("/events/add", "{}").status_code == 401


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '"x"', '{"Event": []}', '{"info": ""}', '{"info": "x", "Attribute": [1, {"value": 2}]}']
)
def test_bodies_that_are_no_events_are_answered_in_json(home: Institution, body: str) -> None:
    machine = Machine(make_token(home, scopes=WRITES))
    answer = machine.post("/events/add", body)
    assert answer.status_code in {200, 400, 403}
    assert answer.json()


@pytest.mark.django_db(transaction=True)
def test_the_same_over_http(live_server: LiveServer, home: Institution) -> None:
    run_until_idle()
    misp: Any = PyMISP(live_server.url, make_token(home, scopes=WRITES))
    sent = sample()
    assert misp.add_event(sent, pythonify=True).uuid == sent.uuid
    run_until_idle()
    assert misp.event_exists(sent.uuid)
    assert [one["value"] for one in misp.search(controller="attributes", value="evil.example.com")["Attribute"]]
    assert misp.add_event(sent)["errors"][0] == 403
    assert misp.delete_event(sent)["saved"] is True
    assert live(home) == {}


def test_proposals_are_refused_in_misps_shape(home: Institution) -> None:
    answer = Machine(make_token(home, scopes=WRITES)).post("/shadowAttributes/add/1", "{}")
    assert (answer.status_code, answer.json()["saved"]) == (403, False)
