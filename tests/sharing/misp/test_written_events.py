"""Events that clients write, at the services: what becomes of each part, and what is told of what was not taken."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from pymisp import MISPEvent, MISPObject

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP
from sharing.misp.writing.changing import OwnAttribute, delete_attribute, edit_attribute
from sharing.misp.writing.events import Own, add_attributes, add_event, delete_event
from sharing.misp.writing.incoming import piece_of, pieces_of
from sharing.misp.writing.models import WrittenAttribute, WrittenEvent
from sharing.misp.writing.tagging import attach, attach_to_event, detach, detach_from_event
from sharing.misp.writing.texts import import_text, wish_in
from tests.factories import make_institution, viewer_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> Institution:
    return make_institution("Université A")


@pytest.fixture
def viewer(home: Institution) -> Viewer:
    return viewer_for(home, scopes=[Scope.INDICATORS_READ, Scope.INDICATORS_WRITE, Scope.SIGHTINGS_WRITE])


def event(info: str = "A campaign", *tags: str, **extra: Any) -> Any:
    made: Any = MISPEvent()
    made.from_dict(info=info, **extra)
    for tag in tags:
        made.add_tag(tag)
    return made


def fields(made: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made.to_json())
    return found


def added(viewer: Viewer, made: Any) -> Own:
    own, taken = add_event(fields(made), viewer=viewer)
    assert taken.refused == {}
    return own


def live(own: Own) -> dict[str, Contribution]:
    rows = Contribution.unscoped.filter(report=own.report, withdrawn_at__isnull=True).select_related("indicator")
    return {row.indicator.value: row for row in rows}


def attribute(viewer: Viewer, uuid: str) -> OwnAttribute:
    rows = WrittenAttribute.objects.filter(institution_id=viewer.institution_id, sent=uuid).order_by("pk")
    said = [row.contribution for row in rows.select_related("contribution__indicator", "contribution__circle")]
    return OwnAttribute(tuple(said), rows[0].sent)


def test_an_event_becomes_a_report_and_its_attributes_statements(viewer: Viewer) -> None:
    made = event("A campaign", "tlp:green", "PAP:AMBER", 'rsit:fraud="phishing"')
    first = made.add_attribute("domain", "evil.example.com", comment="the page")
    made.add_attribute("domain|ip", "worse.example.com|198.51.100.7")
    file: Any = MISPObject("file")
    file.add_attribute("sha256", "a" * 64)
    file.add_attribute("size-in-bytes", 12)
    made.add_object(file)
    own, taken = add_event(fields(made), viewer=viewer)
    found = live(own)
    assert set(found) == {"evil.example.com", "worse.example.com", "198.51.100.7", "a" * 64}
    said = found["evil.example.com"]
    assert (said.tlp, said.pap, said.audience) == (TLP.GREEN, PAP.AMBER, "community")
    assert (said.threat_type, said.comment) == ("phishing", "the page")
    assert 'rsit:fraud="phishing"' in said.tags
    assert (own.report.title, own.report.tlp) == ("A campaign", TLP.GREEN)
    assert own.written is not None
    assert str(own.written.uuid) == made.uuid
    assert WrittenAttribute.objects.get(uuid=first.uuid).contribution == said
    assert taken.refused == {}
    assert list(taken.skipped) == ["0.1"]


def test_an_event_without_attributes_is_kept(viewer: Viewer) -> None:
    own = added(viewer, event("Empty for now", "tlp:clear"))
    assert own.report.tlp == TLP.CLEAR
    assert live(own) == {}


def test_what_is_refused_is_told_by_its_place_and_the_rest_is_taken(viewer: Viewer) -> None:
    made = event()
    made.add_attribute("domain", "good.example.com")
    made.add_attribute("ip-dst", "198.51.100.9")
    told = fields(made)
    told["Attribute"][1]["value"] = "not an address"
    own, taken = add_event(told, viewer=viewer)
    assert set(live(own)) == {"good.example.com"}
    assert list(taken.refused) == ["1"]
    assert list(taken.refused["1"]) == ["value"]


def test_the_same_uuid_twice_is_refused_and_another_institution_may_use_it(viewer: Viewer) -> None:
    made = event()
    added(viewer, made)
    with pytest.raises(Refusal, match="event_exists"):
        add_event(fields(made), viewer=viewer)
    other = viewer_for(make_institution(), scopes=viewer.scopes)
    assert added(other, made).report.institution_id == other.institution_id


def test_two_events_of_one_title_stay_two(viewer: Viewer) -> None:
    first, second = added(viewer, event("Daily list")), added(viewer, event("Daily list"))
    assert (first.report.title, second.report.title) == ("Daily list", "Daily list (2)")


def test_a_deleted_event_may_be_written_again(viewer: Viewer) -> None:
    made = event("Again", "tlp:amber")
    made.add_attribute("domain", "again.example.com")
    own = added(viewer, made)
    assert delete_event(own, viewer=viewer) == 1
    assert live(own) == {}
    once_more = event("Again", "tlp:clear", uuid=made.uuid)
    once_more.add_attribute("domain", "again.example.com", uuid=made.attributes[0].uuid)
    back = added(viewer, once_more)
    assert (back.report.pk, back.report.tlp) == (own.report.pk, TLP.CLEAR)
    assert live(back)["again.example.com"].tlp == TLP.CLEAR


def test_distribution_says_who_reads_it(viewer: Viewer) -> None:
    made = event("Mine", distribution=0)
    made.add_attribute("domain", "mine.example.com")
    assert live(added(viewer, made))["mine.example.com"].audience == "own"
    group = fields(event("Whose?"))
    with pytest.raises(Refusal, match="sharing_group_unknown"):
        add_event({**group, "distribution": "4", "sharing_group_id": "7"}, viewer=viewer)


@pytest.mark.parametrize("tags", [["tlp:red"], ["tlp:green", "tlp:amber"], ["tlp:purple"]])
def test_a_marking_that_cannot_be_refuses_the_event(viewer: Viewer, tags: list[str]) -> None:
    with pytest.raises(Refusal):
        add_event(fields(event("x", *tags)), viewer=viewer)
    assert not Report.objects.exists()


def test_more_attributes_than_one_submission_takes(viewer: Viewer) -> None:
    made = fields(event("Long"))
    made["Attribute"] = [{"type": "domain", "value": f"n{number}.example.com"} for number in range(260)]
    own, _taken = add_event(made, viewer=viewer)
    assert len(live(own)) == 260


def test_an_added_attribute_is_never_looser_than_its_event(viewer: Viewer) -> None:
    own = added(viewer, event("Held", "tlp:amber", "PAP:GREEN", "botnet"))
    piece = piece_of({"type": "domain", "value": "late.example.com", "Tag": [{"name": "tlp:clear"}]})
    taken = add_attributes(own, [piece], viewer=viewer, once=True)
    said = taken.said[piece.uuid][0]
    assert (said.tlp, said.tags, said.report_id) == (TLP.AMBER, ["botnet"], own.report.pk)
    with pytest.raises(Refusal, match="attribute_exists"):
        add_attributes(own, [piece_of({"type": "hostname", "value": "late.example.com"})], viewer=viewer, once=True)


def test_an_attribute_is_edited_replaced_and_taken_back(viewer: Viewer) -> None:
    made = event("Edited", "tlp:green")
    sent = made.add_attribute("domain", "old.example.com", comment="old")
    own = added(viewer, made)
    held = attribute(viewer, sent.uuid)
    changed = edit_attribute(own, held, {"comment": "new", "to_ids": False}, viewer=viewer)
    assert changed.amended == 1
    said = live(own)["old.example.com"]
    assert (said.comment, said.confidence, said.tlp) == ("new", 30, TLP.GREEN)
    same = {"type": "domain", "value": "old[.]example.com", "comment": "new"}
    assert edit_attribute(own, attribute(viewer, sent.uuid), same, viewer=viewer).amended == 0
    other = {"type": "domain", "value": "new.example.com"}
    assert edit_attribute(own, attribute(viewer, sent.uuid), other, viewer=viewer).replaced
    assert live(own) == {}


def test_a_value_that_two_attributes_say_stays_until_both_are_gone(viewer: Viewer) -> None:
    made = event()
    first = made.add_attribute("ip-src", "198.51.100.20")
    second = made.add_attribute("ip-dst", "198.51.100.20")
    own = added(viewer, made)
    delete_attribute(attribute(viewer, first.uuid), viewer=viewer)
    assert "198.51.100.20" in live(own)
    delete_attribute(attribute(viewer, second.uuid), viewer=viewer)
    assert live(own) == {}


def test_tags_change_marking_and_threat_and_the_rest_is_kept(viewer: Viewer) -> None:
    made = event("Tagged", "tlp:amber")
    sent = made.add_attribute("domain", "tagged.example.com")
    added(viewer, made)

    def held() -> Contribution:
        return attribute(viewer, sent.uuid).statements[0]

    attach([held()], "tlp:amber+strict", viewer=viewer)
    assert held().tlp == TLP.AMBER_STRICT
    attach([held()], "tlp:green", viewer=viewer)
    attach([held()], 'misp-galaxy:ransomware="LockBit"', viewer=viewer)
    attach([held()], "seen-in-lyon", viewer=viewer)
    assert (held().tlp, held().threat_type) == (TLP.GREEN, "ransomware")
    assert {"seen-in-lyon", 'misp-galaxy:ransomware="LockBit"'} <= set(held().tags)
    assert detach([held()], 'misp-galaxy:ransomware="LockBit"', viewer=viewer)
    assert held().threat_type == "other"
    assert not detach([held()], "never-there", viewer=viewer)
    for tag, code in (("tlp:green", "marking_stays"), ("a,b", "bad_tag"), ("", "bad_tag")):
        with pytest.raises(Refusal, match=code):
            detach([held()], tag, viewer=viewer)
    with pytest.raises(Refusal, match="red_names_persons"):
        attach([held()], "tlp:red", viewer=viewer)


def test_a_tag_of_an_event_holds_for_what_it_says(viewer: Viewer) -> None:
    made = event("Whole", "tlp:green")
    made.add_attribute("domain", "as-the-event.example.com")
    strict = made.add_attribute("domain", "stricter.example.com")
    strict.add_tag("tlp:amber+strict")
    own = added(viewer, made)
    attach_to_event(own, "tlp:amber", viewer=viewer)
    attach_to_event(own, "operation-x", viewer=viewer)
    found = live(own)
    assert found["as-the-event.example.com"].tlp == TLP.AMBER
    assert found["stricter.example.com"].tlp == TLP.AMBER_STRICT
    assert all("operation-x" in row.tags for row in found.values())
    own = Own(Report.objects.get(pk=own.report.pk), WrittenEvent.objects.get())
    assert (own.report.tlp, own.tags) == (TLP.AMBER, ["operation-x"])
    assert detach_from_event(own, "operation-x", viewer=viewer)
    assert not any("operation-x" in row.tags for row in live(own).values())


def test_a_text_goes_into_the_event(viewer: Viewer) -> None:
    own = added(viewer, event("Notes", "tlp:amber"))
    text = "see hxxps://evil[.]example[.]com/a and 8.8.8.8\nTLP:CLEAR open.example.com"
    wish = wish_in({"value": text, "adhereToWarninglists": True})
    taken = import_text(own, wish, viewer=viewer)
    found = live(own)
    assert "https://evil.example.com/a" in found
    assert "8.8.8.8" not in found
    assert len(taken.skipped) == 1
    assert all(row.tlp == TLP.AMBER for row in found.values())


def test_uuids_are_uuids(viewer: Viewer) -> None:
    with pytest.raises(Refusal, match="bad_uuid"):
        pieces_of({"Attribute": [{"uuid": "x", "type": "domain", "value": "a.example.com"}]})
    piece = piece_of({"uuid": str(uuid4()).upper(), "type": "domain", "value": "a.example.com"})
    assert piece.uuid
