"""Reports and sightings as objects of a view: what they tell, to whom, and what they never give away."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import stix2
import stix2validator
from django.test import Client

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Contribution, Report
from iocmarket.indicators.sightings import retract
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication import report_objects
from iocmarket.publication.audiences import COMMUNITY, inbox
from iocmarket.publication.models import Entry, View
from tests.factories import (
    contribute,
    make_institution,
    make_reader,
    make_token,
    publish,
    report,
    tell,
    viewer_for,
    withdraw,
)

pytestmark = pytest.mark.django_db
SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA", "../shared/data"))


def story(author: Institution, **fields: Any) -> Report:
    """A report for the community."""
    told = {"title": "Wave of March", "description": "It began with a mail.", "tlp": TLP.GREEN, "pap": PAP.GREEN}
    return Report.objects.create(institution=author, **told | fields)


def objects(kind: str, audience: str = COMMUNITY, tlp: int = TLP.AMBER_STRICT) -> list[dict[str, Any]]:
    """The objects of a kind in a view, oldest first; their bodies and their rows say the same."""
    rows = Entry.objects.filter(view__audience=audience, view__ceiling_tlp=tlp, stix_type=kind).order_by("date_added")
    found = []
    for row in rows:
        body: dict[str, Any] = orjson.loads(bytes(row.body))
        assert body["id"] == f"{kind}--{row.stix_id}"
        assert body["spec_version"] == "2.1"
        assert (row.state == Entry.State.WITHDRAWN) is ("iocmarket:withdrawn" in body["labels"])
        found.append(body)
    return found


def ref(said: Contribution, audience: str = COMMUNITY) -> str:
    """The STIX id of a value in a view."""
    entry = Entry.objects.get(view__audience=audience, view__ceiling_tlp=TLP.AMBER_STRICT, indicator=said.indicator)
    return f"indicator--{entry.stix_id}"


def test_a_report_tells_its_story_and_names_the_entries_of_its_statements() -> None:
    author = make_institution()
    told = story(author)
    said = [contribute(author, report=told) for _ in range(3)]
    contribute(author)
    publish()
    (found,) = objects("report")
    assert found["name"] == "Wave of March"
    assert found["description"] == "It began with a mail."
    assert found["published"] == found["created"]
    assert set(found["object_refs"]) == {ref(one) for one in said}
    assert found["object_marking_refs"] == [
        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
    ]
    tell(said[0])
    assert publish() == 0, "what says the same is no new version"


def test_a_report_of_which_a_view_holds_nothing_is_not_told_there() -> None:
    author, named = make_institution(), make_institution()
    told = story(author)
    contribute(author, audience="recipients", recipients=[named], report=told)
    publish()
    assert objects("report") == []
    assert objects("report", inbox(named.pk)) == [], "its own audience is the community, not the inbox"


def test_a_report_stricter_than_the_ceiling_is_not_told_however_loose_its_values() -> None:
    author = make_institution()
    make_token(author, operated_by="provider")
    contribute(author, tlp=TLP.GREEN, report=story(author, tlp=TLP.AMBER_STRICT))
    publish()
    assert len(objects("report")) == 1
    assert objects("report", tlp=TLP.AMBER) == []
    assert len(objects("indicator", tlp=TLP.AMBER)) == 1


def test_a_report_names_in_a_narrow_view_only_what_that_view_holds() -> None:
    author = make_institution()
    make_token(author, operated_by="provider")
    told = story(author)
    contribute(author, tlp=TLP.AMBER_STRICT, report=told)
    loose = contribute(author, tlp=TLP.GREEN, report=told)
    publish()
    (narrow,) = objects("report", tlp=TLP.AMBER)
    (only,) = objects("indicator", tlp=TLP.AMBER)
    assert narrow["object_refs"] == [only["id"]]
    assert only["name"] == loose.indicator.value
    assert len(objects("report")[0]["object_refs"]) == 2
    assert narrow["id"] != objects("report")[0]["id"]


def test_no_report_ties_an_anonymous_statement_to_a_name() -> None:
    author = make_institution()
    told = story(author)
    named = contribute(author, report=told)
    hidden = contribute(author, report=told, anonymous=True)
    publish()
    assert objects("report")[0]["object_refs"] == [ref(named)]
    assert ref(hidden) not in str(objects("report"))


def test_a_statement_that_hides_its_name_leaves_the_report() -> None:
    author = make_institution()
    said = contribute(author, report=story(author))
    publish()
    said.anonymous = True
    said.save()
    tell(said)
    publish()
    (found,) = objects("report")
    assert found["labels"] == ["iocmarket:withdrawn"]
    assert ref(said) not in found["object_refs"]


def test_another_text_is_a_new_version_of_the_same_object() -> None:
    author = make_institution()
    told = story(author)
    said = contribute(author, report=told)
    publish()
    (before,) = objects("report")
    told.description = "It began with two mails."
    told.save()
    tell(said)
    assert publish() == 1
    (after,) = objects("report")
    assert after["description"] == "It began with two mails."
    assert (after["id"], after["created"], after["published"]) == (before["id"], before["created"], before["published"])
    assert after["modified"] > before["modified"]


def test_a_report_of_which_nothing_is_left_is_told_as_withdrawn_and_says_nothing() -> None:
    author = make_institution()
    said = [contribute(author, report=story(author)), contribute(author)]
    publish()
    withdraw(said[0])
    publish()
    (found,) = objects("report")
    assert found["labels"] == ["iocmarket:withdrawn"]
    assert found["object_refs"] == [found["created_by_ref"]]
    assert "March" not in str(found)
    assert "mail" not in str(found)
    contribute(author, said[0].indicator.value, report=said[0].report)
    publish()
    (again,) = objects("report")
    assert again["id"] == found["id"]
    assert again["name"] == "Wave of March"


def test_expiry_is_no_reason_to_leave_a_report() -> None:
    author = make_institution()
    said = contribute(author, report=story(author))
    publish()
    said.valid_until = datetime.now(UTC) - timedelta(hours=1)
    said.save()
    tell(said)
    publish()
    assert objects("report")[0]["object_refs"] == [ref(said)]


def test_a_long_report_is_told_in_parts_and_a_change_touches_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_objects, "REFS", 3)
    author = make_institution()
    told = story(author)
    said = [contribute(author, report=told) for _ in range(8)]
    publish()
    found = objects("report")
    assert [len(one["object_refs"]) for one in found] == [3, 3, 2]
    assert ["iocmarket:continued" in one["labels"] for one in found] == [False, True, True]
    assert {number for one in found for number in one["object_refs"]} == {ref(one) for one in said}
    withdraw(said[4])
    publish()
    after = {one["id"]: one for one in objects("report")}
    assert [after[one["id"]]["modified"] > one["modified"] for one in found] == [False, True, False]
    more = [contribute(author, report=told) for _ in range(4)]
    publish()
    refs = [number for one in objects("report") for number in one["object_refs"]]
    assert sorted(refs) == sorted(ref(one) for one in [*said[:4], *said[5:], *more])
    assert max(len(one["object_refs"]) for one in objects("report")) == 3
    told.title = "Wave of April"
    told.save()
    tell(said[0])
    publish()
    assert {one["name"] for one in objects("report")} == {"Wave of April"}


def test_a_view_that_is_made_later_gets_the_reports_too() -> None:
    author = make_institution()
    said = contribute(author, report=story(author))
    report(make_institution(), said, "seen", count=3)
    publish()
    make_token(author, operated_by="provider")
    publish()
    assert [one["name"] for one in objects("report", tlp=TLP.AMBER)] == ["Wave of March"]
    assert [one["count"] for one in objects("sighting", tlp=TLP.AMBER)] == [3]


# — Sightings —


def test_what_several_saw_is_one_object_that_names_nobody() -> None:
    author, first, second = (make_institution(name) for name in ("", "Prima", "Altera"))
    said = contribute(author, seen=datetime.now(UTC) - timedelta(days=9))
    long_ago = datetime.now(UTC) - timedelta(days=2)
    report(first, said, "seen", count=2, seen_at=long_ago)
    latest = report(second, said, "seen", count=5)
    report(second, said, "false-positive")
    publish()
    (found,) = objects("sighting")
    assert found["sighting_of_ref"] == ref(said)
    assert found["count"] == 7
    assert found["first_seen"] == f"{long_ago:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert found["last_seen"] == f"{latest.seen_at:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert "where_sighted_refs" not in found
    assert "Prima" not in str(found)


def test_a_sighting_that_is_taken_back_leaves_nothing_of_what_it_said() -> None:
    author, reporter = make_institution(), make_institution()
    said = contribute(author)
    seen = report(reporter, said, "seen", count=9)
    publish()
    retract(seen, viewer=viewer_for(reporter, scopes=["sightings:write"]))
    publish()
    (found,) = objects("sighting")
    assert found["labels"] == ["iocmarket:withdrawn"]
    assert not {"count", "first_seen", "last_seen"} & set(found)


def test_a_sighting_is_silent_where_the_value_is_withdrawn_and_speaks_again_with_it() -> None:
    author = make_institution()
    said = contribute(author)
    report(make_institution(), said, "seen")
    publish()
    withdraw(said)
    publish()
    assert objects("sighting")[0]["labels"] == ["iocmarket:withdrawn"]
    contribute(author, said.indicator.value)
    publish()
    assert objects("sighting")[0]["count"] == 1


def test_a_sighting_stricter_than_the_ceiling_is_not_counted() -> None:
    author = make_institution()
    make_token(author, operated_by="provider")
    strict = contribute(author, "45.6.6.6", tlp=TLP.AMBER_STRICT)
    report(author, strict, "seen")
    contribute(make_institution(), "45.6.6.6", tlp=TLP.GREEN)
    publish()
    assert len(objects("sighting")) == 1
    assert objects("sighting", tlp=TLP.AMBER) == []


def test_saying_it_again_makes_no_version() -> None:
    author = make_institution()
    said = contribute(author)
    report(author, said, "seen")
    publish()
    tell(said)
    assert publish() == 0


# — As others read them —


@pytest.fixture
def validator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The validator with the OASIS schemas, which its package forgets: it looks for them beside its own file."""
    if not (SHARED / "stix-schemas").is_dir():
        pytest.skip(f"the STIX schemas are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    shutil.copytree(SHARED / "stix-schemas", tmp_path / "schemas-2.1" / "schemas")
    monkeypatch.setattr(stix2validator.validator, "__file__", str(tmp_path / "validator.py"))
    return stix2validator


@pytest.mark.shareddata
def test_the_strict_validator_has_nothing_to_say(validator: Any) -> None:
    author = make_institution()
    for number in range(2):
        said = contribute(author, report=story(author, title=f"Wave {number}"))
        report(author, said, "seen", count=2)
    publish()
    withdraw(said)
    publish()
    found = [*objects("report"), *objects("sighting")]
    assert len(found) == 4
    options = validator.ValidationOptions(strict=True, version="2.1")
    for one in found:
        result = validator.validate_instance(one, options)
        assert result.is_valid, [str(error) for error in result.errors]
        assert not result.warnings, [str(warning) for warning in result.warnings]
        assert stix2.parse(one, allow_custom=False).id == one["id"]


def test_they_are_in_their_collection_and_in_the_whole_feed_and_in_no_list(client: Client) -> None:
    reader = make_reader()
    author = make_institution()
    said = contribute(author, report=story(author), tlp=TLP.GREEN)
    report(author, said, "seen")
    publish()
    view = View.objects.get(audience=COMMUNITY)
    path = f"/taxii2/api/collections/{view.public_id}/objects/?match[type]="
    for kind in ("report", "sighting"):
        answer = client.get(path + kind, headers=reader.headers).json()
        assert [one["type"] for one in answer["objects"]] == [kind]
    whole = orjson.loads(b"".join(client.get("/feeds/stix", headers=reader.headers)))
    assert {"report", "sighting"} <= {one["type"] for one in whole["objects"]}
    narrowed = orjson.loads(b"".join(client.get("/feeds/stix?type=ipv4", headers=reader.headers)))
    assert not {"report", "sighting"} & {one["type"] for one in narrowed["objects"]}
    listed = client.get("/api/v1/indicators", headers=reader.headers).json()
    assert [row["value"] for row in listed["items" if "items" in listed else "indicators"]] == [said.indicator.value]
    assert client.get("/feeds/text", headers=reader.headers).status_code == 200
