"""Unmodified PyMISP reads what members share."""

from __future__ import annotations

from typing import Any

import pytest
from pymisp import MISPAttribute, MISPEvent

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Report
from iocmarket.kernel.marking import PAP, TLP
from tests.factories import Reader, contribute, make_institution, make_reader, publish
from tests.sharing.misp.wire import Wire, pymisp


@pytest.fixture
def author(db: None) -> Institution:
    """Who shares."""
    return make_institution("Université des Alizés")


@pytest.fixture
def reader(author: Institution) -> Reader:
    """Who reads what four statements say, two of them in a report."""
    report = Report.objects.create(institution=author, title="Hameçonnage au nom de la bibliothèque")
    contribute(author, "185.7.7.7", threat_type="scan", comment="SSH")
    contribute(author, "185.7.7.8", threat_type="c2", tlp=TLP.GREEN, tags=["tool:x"])
    contribute(author, "a" * 32, type_name="md5", report=report, subtree=False)
    contribute(author, "mechant-site.fr", type_name="domain", report=report, threat_type="phishing", subtree=True)
    publish()
    return make_reader("Lectrice")


@pytest.fixture
def misp(reader: Reader) -> Any:
    """Connected."""
    publish()
    return pymisp(reader.secret)


def test_it_constructs_without_any_complaint(reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    publish()
    wire = Wire()
    misp = pymisp(reader.secret, wire)
    assert [path for _method, path in wire.asked] == [
        "/servers/getVersion", "/users/view/me", "/attributes/describeTypes.json",
    ]  # fmt: skip
    assert misp.describe_types["sane_defaults"]["ip-dst"] == {"default_category": "Network activity", "to_ids": 1}
    assert not caplog.records


def test_attributes_are_found_with_their_event(misp: Any) -> None:
    found = misp.search(controller="attributes", return_format="json", pythonify=True)
    by_value = {one.value: one for one in found if isinstance(one, MISPAttribute)}
    assert {one.type for one in by_value.values()} == {"ip-src", "ip-dst", "domain", "md5"}
    scan = by_value["185.7.7.7"]
    assert (scan.comment, scan.to_ids, scan.category) == ("SSH", True, "Network activity")
    assert [tag.name for tag in scan.tags] == [
        "tlp:amber", "PAP:GREEN", 'rsit:information-gathering="scanner"', 'iocmarket:threat="scan"',
    ]  # fmt: skip
    assert by_value["mechant-site.fr"].Event.info == "Hameçonnage au nom de la bibliothèque"


@pytest.mark.parametrize("limit", [1, 2])
def test_pages_hold_everything_once(misp: Any, limit: int) -> None:
    seen, page = [], 1
    while found := misp.search(controller="attributes", limit=limit, page=page)["Attribute"]:
        assert len(found) <= limit
        seen += [one["value"] for one in found]
        page += 1
    assert sorted(seen) == ["185.7.7.7", "185.7.7.8", "a" * 32, "mechant-site.fr"]


def test_events_are_found_and_read_again(misp: Any) -> None:
    events = misp.search(controller="events", pythonify=True)
    assert sorted(len(event.attributes) for event in events) == [2, 2]
    for event in events:
        again = misp.get_event(event.uuid, pythonify=True)
        assert isinstance(again, MISPEvent)
        assert again.to_dict() == event.to_dict() == misp.get_event(event.id, pythonify=True).to_dict()
        assert misp.event_exists(event.uuid)
        for attribute in event.attributes:
            assert misp.get_attribute(attribute.uuid)["Attribute"]["value"] == attribute.value


def test_what_is_hidden_is_as_absent(misp: Any, author: Institution) -> None:
    contribute(author, "185.7.7.9", audience="own")
    contribute(author, "185.7.7.10", tlp=TLP.RED)
    publish()
    assert misp.search(controller="attributes", value="185.7.7.9")["Attribute"] == []
    assert misp.search(controller="attributes", value="185.7.7.10")["Attribute"] == []
    assert not misp.event_exists("7")
    assert misp.get_event("5f1c1ee7-0000-4000-8000-000000000000")["errors"][0] == 404


def test_labels_decide_whether_it_may_be_blocked(misp: Any, author: Institution) -> None:
    contribute(author, "185.7.8.1", pap=PAP.AMBER)
    publish()
    [found] = misp.search(controller="attributes", value="185.7.8.1")["Attribute"]
    assert found["to_ids"] is False
    assert "185.7.8.1" not in misp.search(controller="attributes", return_format="text")


@pytest.mark.parametrize("form", ["text", "csv", "cache"])
def test_other_formats_are_sent_as_they_are(misp: Any, form: str) -> None:
    assert isinstance(misp.search(controller="attributes", return_format=form), str)


def test_the_rest_is_there(misp: Any, author: Institution) -> None:
    assert "tlp:amber" in {one["name"] for one in misp.tags()["Tag"]} if isinstance(misp.tags(), dict) else misp.tags()
    assert [one["Tag"]["name"] for one in misp.search_tags("tlp:amber", strict_tagname=True)] == ["tlp:amber"]
    assert author.name in {one["Organisation"]["name"] for one in misp.organisations()}
    assert misp.get_organisation(str(author.public_id))["Organisation"]["name"] == author.name
    assert {one["Taxonomy"]["namespace"] for one in misp.taxonomies()} == {"tlp", "PAP", "rsit"}
    assert misp.warninglists()
    assert "8.8.8.8" in misp.values_in_warninglist(["8.8.8.8", "45.1.2.3"])
    assert misp.values_in_warninglist(["45.1.2.3"]) == []
    assert misp.sightings() == []
    assert {event["info"] for event in misp.search_index()} >= {"Hameçonnage au nom de la bibliothèque"}
