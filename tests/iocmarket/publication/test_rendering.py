"""The STIX bodies: what they hold, word for word, and what a withdrawal leaves of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.marking import FULL, PAP, PARTNER, TLP, Marking
from iocmarket.publication.rendering import body_of, digest_of, indicator_content, withdrawn_content, written
from iocmarket.publication.standard_objects import community_identity_id, standard_objects
from tests.iocmarket.publication.test_facts import NOW, facts, said

CREATOR = "identity--11111111-1111-4111-8111-111111111111"
STIX_ID = UUID("22222222-2222-4222-8222-222222222222")


def test_the_body_of_an_indicator_word_for_word() -> None:
    content = indicator_content(
        facts(
            said(0, comment="seen in mail", tags=["wave:3"]),
            said(1, threat_type="c2", anonymous=True, tlp=TLP.GREEN, confidence=50),
        ),
        creator=CREATOR,
    )
    body = body_of("indicator", written(content), stix_id=STIX_ID, created=NOW, modified=NOW + timedelta(seconds=1))
    assert json.loads(body) == {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{STIX_ID}",
        "created": "2027-03-01T12:30:00.000000Z",
        "modified": "2027-03-01T12:30:01.000000Z",
        "created_by_ref": CREATOR,
        "name": "45.1.2.3",
        "description": "A member of the community: c2, confidence 50\nAlpha: phishing, confidence 80. seen in mail",
        "indicator_types": ["malicious-activity"],
        "pattern": "[ipv4-addr:value = '45.1.2.3']",
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": "2027-03-01T11:30:00.000000Z",
        "valid_until": "2027-03-26T12:00:00.000000Z",
        "confidence": 80,
        "labels": ["c2", "phishing", 'rsit:fraud="phishing"', 'rsit:malicious-code="c2-server"', "PAP:GREEN", "wave:3"],
        "object_marking_refs": [
            "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
            "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
        ],
    }


def test_a_withdrawal_keeps_nothing_that_was_said() -> None:
    content = withdrawn_content(
        pattern="[ipv4-addr:value = '45.1.2.3']",
        valid_from=NOW,
        at=NOW + timedelta(days=1),
        marking=Marking(TLP.AMBER, PAP.GREEN),
        creator=CREATOR,
    )
    assert content["labels"] == ["iocmarket:withdrawn"]
    assert content["valid_until"] == "2027-03-02T12:30:00.000000Z"
    assert set(content) == {
        "created_by_ref", "name", "description", "indicator_types", "pattern", "pattern_type",
        "pattern_version", "valid_from", "valid_until", "labels", "object_marking_refs",
    }  # fmt: skip
    assert (content["name"], content["indicator_types"]) == ("withdrawn", ["unknown"])


def test_a_withdrawal_ends_after_it_began_even_when_the_clock_says_otherwise() -> None:
    content = withdrawn_content(
        pattern="[ipv4-addr:value = '45.1.2.3']", valid_from=NOW, at=NOW - timedelta(hours=1),
        marking=Marking(TLP.AMBER, PAP.GREEN), creator=CREATOR,
    )  # fmt: skip
    assert content["valid_until"] > content["valid_from"]


def test_the_digest_follows_from_everything_that_is_said() -> None:
    first = indicator_content(facts(said(0)), creator=CREATOR)
    again = indicator_content(facts(said(0)), creator=CREATOR)
    assert digest_of(written(first)) == digest_of(written(again))
    for key, value in first.items():
        changed = {**first, key: [*value, "x"] if isinstance(value, list) else f"{value}x"}
        assert digest_of(written(changed)) != digest_of(written(first))


def test_what_is_written_out_for_one_entry_does_not_change_what_the_next_one_says() -> None:
    first = indicator_content(facts(said(0, tags=["wave:3"])), creator=CREATOR)
    assert "wave:3" in first["labels"]
    assert "wave:3" not in indicator_content(facts(said(0)), creator=CREATOR)["labels"]


def test_many_statements_are_counted_not_listed() -> None:
    found = facts(*(said(0, pk=number, comment=f"number {number}") for number in range(13)))
    description = indicator_content(found, creator=CREATOR)["description"]
    assert description.endswith("and 3 more")
    assert description.count("\n") == 10


@pytest.mark.parametrize("kind", list(ioc_types), ids=lambda kind: kind.name)
def test_the_pattern_of_every_type_is_read_by_the_stix2_library(kind: object) -> None:
    for _, value in kind.examples:  # type: ignore[attr-defined]
        for subtree in (False, True):
            pattern = kind.pattern(value, subtree=subtree)  # type: ignore[attr-defined]
            stix2.Indicator(pattern=pattern, pattern_type=kind.pattern_type, valid_from=NOW)  # type: ignore[attr-defined]


@given(comment=st.text(max_size=200), tags=st.lists(st.text(min_size=1, max_size=20), max_size=3))
def test_whatever_is_said_the_body_is_one_json_object(comment: str, tags: list[str]) -> None:
    content = indicator_content(facts(said(0, comment=comment, tags=tags)), creator=CREATOR)
    body = body_of("indicator", written(content), stix_id=STIX_ID, created=NOW, modified=NOW)
    found = json.loads(body)
    assert comment in found["description"]
    assert set(tags) <= set(found["labels"])
    assert len(found["labels"]) == len(set(found["labels"]))


def test_a_view_begins_with_the_markings_that_it_may_carry() -> None:
    whole = [found["name"] for found in standard_objects(FULL, public_url="https://ioc.example.org", name="Us")]
    assert whole == ["Us", "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT",
                     "PAP:CLEAR", "PAP:GREEN", "PAP:AMBER", "PAP:RED"]  # fmt: skip
    narrow = [found["name"] for found in standard_objects(PARTNER, public_url="https://ioc.example.org", name="Us")]
    assert narrow[:3] == ["Us", "TLP:CLEAR", "TLP:GREEN"]
    assert "TLP:AMBER" not in narrow


def test_the_community_has_one_identity_for_each_platform_and_it_is_a_version_4_id() -> None:
    first, again, other = (community_identity_id(f"https://{host}") for host in ("a.example", "a.example", "b.example"))
    assert first == again != other
    assert first.version == 4


def test_the_marking_definitions_are_those_of_oasis() -> None:
    found = {o["name"]: o for o in standard_objects(FULL, public_url="https://a.example", name="Us")}
    assert found["TLP:AMBER+STRICT"] == {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        "created": "2022-10-01T00:00:00.000Z",
        "name": "TLP:AMBER+STRICT",
        "extensions": {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                "extension_type": "property-extension",
                "tlp_2_0": "amber+strict",
            }
        },
    }
    pap = found["PAP:RED"]
    assert pap["id"] == "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e"
    [extension] = pap["extensions"].values()
    assert extension == {"extension_type": "property-extension", "pap": "red"}


def test_moments_are_written_in_utc_with_six_decimals() -> None:
    content = indicator_content(facts(said(0, first_seen=datetime(2027, 1, 1, tzinfo=UTC))), creator=CREATOR)
    assert content["valid_from"] == "2027-01-01T00:00:00.000000Z"
