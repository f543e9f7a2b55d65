"""STIX objects as statements: patterns, markings, and what is said of values."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.stix import Context, read_indicator, read_story, timestamp
from ingestion.readers.stix_markings import TLP_1_IDS, carried_by, mentions_red
from ingestion.readers.stix_patterns import MOST_VALUES, equalities, types_of, values_of
from iocmarket.indicators.types import Trait, ioc_types
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.rendering import LABEL_SUBTREE
from iocmarket.publication.standard_objects import marking_refs, pap_definition, tlp_definition

SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or project.BASE_DIR.parent / "shared" / "data")
EVERY = [
    (kind.name, canonical)
    for kind in ioc_types
    for _raw, canonical in kind.examples
    if Trait.RULE not in kind.traits  # a rule is a pattern of its own, and no value of one
]


def _indicator(pattern: str = "[ipv4-addr:value = '45.1.2.3']", **extra: Any) -> dict[str, Any]:
    return {"type": "indicator", "pattern": pattern, "pattern_type": "stix", **extra}


def _values(pattern: str) -> list[tuple[str, str]]:
    return [(read.type, read.canonical.value) for read in values_of(pattern) if read.canonical is not None]


@pytest.mark.parametrize(("name", "canonical"), EVERY)
def test_every_type_reads_what_it_writes(name: str, canonical: str) -> None:
    assert _values(ioc_types[name].pattern(canonical)) == [(name, canonical)]


@given(st.sampled_from(EVERY), st.sampled_from(EVERY))
def test_alternatives_are_read_in_order_each_once(one: tuple[str, str], two: tuple[str, str]) -> None:
    first, second = (ioc_types[name].pattern(canonical) for name, canonical in (one, two))
    wanted = list(dict.fromkeys([one, two]))
    assert _values(f"{first} OR {second}") == wanted
    assert _values(f"{first[:-1]} OR {second[1:]}") == wanted


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[domain-name:value='evil.org']", [("domain", "evil.org")]),
        ("  [ domain-name:value\n=\t'evil.org' ]  ", [("domain", "evil.org")]),
        ("[ipv4-addr:value ISSUBSET '45.1.0.0/24']", [("cidr", "45.1.0.0/24")]),
        ("[ipv4-addr:value = '45.1.0.0/24']", [("cidr", "45.1.0.0/24")]),
        ("[ipv6-addr:value = '2a01:4f8::7']", [("ipv6", "2a01:4f8::7")]),
        ("[ipv4-addr:value IN ('45.1.1.1', '45.1.1.2')]", [("ipv4", "45.1.1.1"), ("ipv4", "45.1.1.2")]),
        ("[network-traffic:dst_ref.value = 'evil.org']", [("domain", "evil.org")]),
        ("[network-traffic:src_ref.value = '45.1.1.1']", [("ipv4", "45.1.1.1")]),
        ("[email-message:from_ref.value = 'bob@evil.org']", [("email", "bob@evil.org")]),
        ("[email-message:sender_ref.value = 'bob@evil.org']", [("email", "bob@evil.org")]),
        (f"[file:hashes.SHA256 = '{'A' * 64}']", [("sha256", "a" * 64)]),
        (f"[file:hashes.'SHA-1' = '{'b' * 40}']", [("sha1", "b" * 40)]),
        (f"[file:hashes.md5 = '{'c' * 32}']", [("md5", "c" * 32)]),
        (r"[url:value = 'http://evil.org/a\'b']", [("url", "http://evil.org/a'b")]),
        ("[url:value = 'hxxp://evil[.]org/']", [("url", "http://evil.org/")]),
    ],
)
def test_patterns_as_tools_write_them(pattern: str, expected: list[tuple[str, str]]) -> None:
    assert _values(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (f"[file:hashes.MD5 = '{'a' * 32}' AND file:size = 7 AND file:name = 'x.exe']", [("md5", "a" * 32, False)]),
        ("[ipv4-addr:value = '45.1.1.1' AND network-traffic:dst_port = 443]", [("ip-port", "45.1.1.1:443", False)]),
        ("[network-traffic:dst_ref.value = 'evil.org' AND network-traffic:dst_port = 8443]",
         [("domain-port", "evil.org:8443", False)]),
        ("[domain-name:value = 'evil.org' AND domain-name:resolves_to_refs[*].value = '45.1.1.1']",
         [("domain", "evil.org", True), ("ipv4", "45.1.1.1", True)]),
        ("[url:value = 'http://a.fr/'] AND [file:name = 'x.exe']", [("url", "http://a.fr/", True)]),
        ("([domain-name:value = 'a.fr'] OR [domain-name:value = 'b.fr']) OR [url:value = 'http://c.fr/']",
         [("domain", "a.fr", False), ("domain", "b.fr", False), ("url", "http://c.fr/", False)]),
        ("[(domain-name:value = 'a.fr' OR domain-name:value = 'b.fr') AND network-traffic:src_port = 1]",
         [("domain", "a.fr", True), ("domain", "b.fr", True)]),
    ],
)  # fmt: skip
def test_what_and_joins_is_what_means_something_alone(pattern: str, expected: list[tuple[str, str, bool]]) -> None:
    found = [(read.type, read.canonical) for read in values_of(pattern)]
    assert [(name, it.value, "part_of_pattern" in it.warnings) for name, it in found if it is not None] == expected


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (_indicator("rule evil { condition: filesize == 7 }", pattern_type="yara"), "yara"),
        (_indicator('alert dns any any -> any any (msg:"x"; dns.query; content:"y"; sid:1;)', pattern_type="snort"),
         "suricata"),
        (_indicator("[file:name = 'a.exe' AND file:size = 7]"), "stix-pattern"),
        (_indicator("[domain-name:value LIKE '%.evil.org']"), "stix-pattern"),
    ],
)  # fmt: skip
def test_a_rule_is_an_indicator_of_its_language(document: dict[str, Any], kind: str) -> None:
    (candidate,) = read_indicator(document, Context()).candidates
    assert (candidate.type, candidate.canonical is not None) == (kind, True)


def test_an_address_of_a_recipient_is_not_repeated() -> None:
    (candidate,) = read_indicator(_indicator("[email-message:to_refs[*].value = 'bob@univ.fr']"), Context()).candidates
    assert candidate.refusal is not None
    assert "bob" not in candidate.raw + candidate.refusal.detail


def test_literals_are_unescaped() -> None:
    assert [found.value for found in equalities(r"[a:b = 'it\'s \\ here' OR a:b = 64496]")] == ["it's \\ here", "64496"]


@pytest.mark.parametrize(
    "pattern",
    [
        "", "[", "[]", "[a:b]", "[a:b = ]", "[a:b = 'x'", "a:b = 'x'", "[a:b = 'x'] extra", "[a:b = 'x' AND c:d = 'y']",
        "[a:b = 'x'] AND [c:d = 'y']", "[a:b = 'x'] FOLLOWEDBY [c:d = 'y']", "[a:b MATCHES '^x']", "[a:b LIKE 'x%']",
        "[a:b != 'x']", "[NOT a:b = 'x']", "[a:b NOT = 'x']", "[a:b = 'x'] WITHIN 5 SECONDS",
        "[a:b > 5]", "[a:b = true]", "[a:b IN ()]", "[a:b = 'x' OR]", "[a:b = 'x'] OR", "[EXISTS a:b]",
        "[a:b = 'x'] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'", "[a:b = b'eA==']", "[a:b = 1.5]",
    ],
)  # fmt: skip
def test_what_is_more_than_values_is_not_simple(pattern: str) -> None:
    with pytest.raises(Refusal, match="pattern_not_simple"):
        equalities(pattern)


def test_a_list_in_the_clothes_of_a_pattern_is_refused() -> None:
    def pattern(count: int) -> str:
        return "[" + " OR ".join(f"ipv4-addr:value = '45.1.2.{number}'" for number in range(count)) + "]"

    assert len(values_of(pattern(MOST_VALUES))) == MOST_VALUES
    with pytest.raises(Refusal, match="pattern_too_many_values"):
        values_of(pattern(MOST_VALUES + 1))
    with pytest.raises(Refusal, match="pattern_too_long"):
        values_of("[url:value = '" + "x" * 65_536 + "']")


def test_a_property_of_no_type_has_its_reason() -> None:
    assert types_of("process:arguments") == ()
    [read] = values_of("[process:arguments = 'x']")
    assert read.refusal is not None
    assert read.refusal.code == "pattern_property"


@settings(max_examples=40, deadline=None)  # the first may load a library
@given(st.text(max_size=200) | st.text(alphabet="[]'\\ ORabc:=(),.0", max_size=200))
def test_no_pattern_breaks_the_reader(text: str) -> None:
    statement = read_indicator(_indicator(text), Context())
    assert len(statement.candidates) >= 1
    for candidate in statement.candidates:
        assert (candidate.canonical is None) != (candidate.refusal is None)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = [
    "pattern", "pattern_type", "labels", "indicator_types", "object_marking_refs", "granular_markings", "confidence",
    "valid_from", "valid_until", "description", "name", "created_by_ref", "revoked",
]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(_FIELDS), _json), st.booleans())
def test_no_object_breaks_the_reader(fields: dict[str, Any], sound: bool) -> None:
    document = _indicator(**fields) if sound and "pattern" not in fields else {"type": "indicator", **fields}
    statement = read_indicator(document, Context(definitions={"marking-definition--x": fields}))
    assert statement.candidates
    mentions_red(document, {"x": fields})
    json.dumps(dict(statement.said))


def test_hostile_patterns_take_linear_time() -> None:
    for piece in ("[", "'", "\\'", "[a:b = 'x' OR ", "a.", "[1]", " ", "(", "x:y"):
        started = time.process_time()
        with pytest.raises(Refusal):
            equalities(piece * (60_000 // len(piece)))
        assert time.process_time() - started < 2


# — Markings —


@pytest.mark.parametrize("tlp", list(TLP))
@pytest.mark.parametrize("pap", list(PAP))
def test_our_own_references_are_read_back(tlp: TLP, pap: PAP) -> None:
    document = {"object_marking_refs": marking_refs(Marking(tlp, pap))}
    found = carried_by(document, {})
    assert (found.tlp, found.pap) == (tlp, pap)
    assert mentions_red(document, {}) == (tlp == TLP.RED)


@pytest.mark.parametrize("level", list(TLP_1_IDS))
def test_tlp_1_is_read(level: TLP) -> None:
    assert carried_by({"object_marking_refs": [f"marking-definition--{TLP_1_IDS[level]}"]}, {}).tlp == level


@pytest.mark.parametrize(
    ("definition", "tlp", "pap"),
    [
        (tlp_definition(TLP.AMBER_STRICT), TLP.AMBER_STRICT, None),
        (pap_definition(PAP.AMBER), None, PAP.AMBER),
        ({"definition_type": "tlp", "definition": {"tlp": "white"}}, TLP.CLEAR, None),
        ({"definition_type": "pap", "definition": {"pap": "pap:green"}}, None, PAP.GREEN),
        ({"definition_type": "PAP", "definition": {"PAP": "PAP:RED"}}, None, PAP.RED),
        ({"name": "TLP:GREEN"}, TLP.GREEN, None),
        ({"definition_type": "statement", "definition": {"statement": "TLP:RED"}}, None, None),
    ],
)
def test_definitions_of_other_platforms(definition: dict[str, Any], tlp: TLP | None, pap: PAP | None) -> None:
    found = carried_by({"object_marking_refs": ["marking-definition--x"]}, {"marking-definition--x": definition})
    assert (found.tlp, found.pap) == (tlp, pap)


@given(st.sets(st.sampled_from(list(TLP)), min_size=2))
def test_two_levels_contradict_each_other(levels: set[TLP]) -> None:
    with pytest.raises(Refusal, match="conflicting_markings"):
        carried_by({"labels": [f"TLP:{level.label}" for level in levels]}, {})


# — What is said —


def test_an_audience_follows_from_author_and_marking() -> None:
    def audience(author: str | None, label: str | None) -> str | None:
        extra: dict[str, Any] = {"labels": [label]} if label else {}
        if author:
            extra["created_by_ref"] = author
        said = read_indicator(_indicator(**extra), Context(own=("identity--own",))).said
        return said.get("audience")

    assert audience(None, "TLP:AMBER") is None
    assert audience("identity--own", "TLP:AMBER") is None
    assert audience("identity--other", "TLP:GREEN") is None
    assert audience("identity--other", "TLP:AMBER") == "own"
    assert audience("identity--other", "TLP:AMBER+STRICT") == "own"
    assert audience("identity--other", None) == "own"


@pytest.mark.parametrize(
    ("extra", "threat"),
    [
        ({"labels": ["x", "Phishing"]}, "phishing"),
        ({"labels": ['rsit:malicious-code="c2-server"']}, "c2"),
        ({"indicator_types": ["malicious-activity", "command-and-control"]}, "c2"),
        ({"indicator_types": ["anonymization"]}, "suspicious-vpn"),
        ({"labels": ["brute_force"]}, "brute-force"),
        ({"indicator_types": ["malicious-activity"]}, None),
        ({"labels": "phishing"}, None),
    ],
)
def test_the_threat_type_comes_from_labels(extra: dict[str, Any], threat: str | None) -> None:
    assert read_indicator(_indicator(**extra), Context()).said.get("threat_type") == threat


def test_labels_become_tags_but_for_markings_threats_and_ours() -> None:
    labels = ["a", "a", "PAP:GREEN", "tlp:amber", "phishing", LABEL_SUBTREE, "x" * 101, " b ", "", 7]
    said = read_indicator(_indicator(labels=labels), Context()).said
    assert said["tags"] == ["a", "b"]
    assert said["subtree"] is True
    assert (said["tlp"], said["pap"]) == ("AMBER", "GREEN")


def test_a_comment_is_the_description_else_a_name_that_is_not_the_value() -> None:
    def comment(**extra: Any) -> Any:
        return read_indicator(_indicator(**extra), Context()).said.get("comment")

    assert comment(name="45.1.2.3") is None
    assert comment(name="Campaign X") == "Campaign X"
    assert comment(name="Campaign X", description=" told\x00 ") == "told"
    assert len(comment(description="x" * 3000)) == 2000


def test_a_first_sighting_lies_behind() -> None:
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    context = Context(moment=moment)
    assert (
        read_indicator(_indicator(valid_from="2026-05-01T00:00:00Z"), context).said["first_seen"].startswith("2026-05")
    )
    for other in ("2026-07-01T00:00:00Z", "1969-01-01T00:00:00Z", "x", None, 7):
        assert "first_seen" not in read_indicator(_indicator(valid_from=other), context).said


def test_a_story_needs_a_name_and_names_its_objects() -> None:
    refs = ["indicator--1", "malware--2", "indicator--1", 7]
    story = read_story({"type": "report", "name": "x" * 300, "object_refs": refs, "labels": ["TLP:GREEN"]}, Context())
    assert len(story.title) == 200
    assert story.refers_to == ("indicator--1", "malware--2")
    assert story.said == {"tlp": "GREEN"}
    assert read_story({"type": "grouping", "context": "malware-analysis"}, Context()).title == "malware-analysis"
    with pytest.raises(Refusal, match="title_missing"):
        read_story({"type": "report"}, Context())


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("2026-01-01T00:00:00Z", 0), ("2026-01-01T00:00:00.5Z", 500_000), ("2026-01-01T00:00:00.1234567Z", 123_456)],
)
def test_timestamps_of_any_precision(text: str, microseconds: int) -> None:
    found = timestamp(text)
    assert found is not None
    assert found.microsecond == microseconds
    for wrong in ("2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00.Z", 7, None):
        assert timestamp(wrong) is None


@pytest.mark.shareddata
def test_every_indicator_that_is_expected_of_real_bundles_is_read() -> None:
    bundles = sorted((SHARED / "iocs" / "stix").glob("*.stix2"))
    if not bundles:
        pytest.skip(f"the bundles are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    for path in bundles:
        expected = json.loads(path.with_name(path.name + ".expected.json").read_text())["expected"]
        wanted = {(name, value) for name, values in expected.items() for value in values}
        found = set()
        for document in json.loads(path.read_text())["objects"]:
            if document["type"] == "indicator":
                statement = read_indicator(document, Context())
                found |= {(c.type, c.canonical.value) for c in statement.candidates if c.canonical is not None}
        print(f"\n{path.name}: {len(found & wanted)} of {len(wanted)}, {len(found - wanted)} more")
        assert found == wanted
