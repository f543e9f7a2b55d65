"""What an institution lets its own tools do with what it reads: matrix, score, age, tags, and a limit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP
from sharing.feeds.formats.base import Mode
from sharing.feeds.policies import policy_of, set_policy
from sharing.feeds.policy import Action, Policy, Ruling
from tests.factories import Reader, contribute, make_institution, make_member, make_reader, make_token, publish
from tests.sharing.feeds.examples import item
from tests.sharing.feeds.test_selection import reasons, values

THREATS, KINDS = st.sampled_from(ThreatType.values), st.sampled_from(sorted(kind.name for kind in ioc_types))
POLICIES = st.builds(
    Policy,
    cells=st.dictionaries(THREATS, st.dictionaries(KINDS, st.sampled_from(Action), max_size=4), max_size=4),
    score_min=st.none() | st.integers(0, 100),
    age_days=st.none() | st.integers(1, 3650),
    cap=st.none() | st.integers(1, 1000),
)


@given(POLICIES)
@settings(max_examples=40)
def test_a_policy_is_read_as_it_was_written(policy: Policy) -> None:
    again = Policy.read(policy.document())
    assert again.document() == policy.document()
    for threat in ThreatType.values:
        for kind in ("ipv4", "domain", "sha256"):
            assert again.action(threat, kind) == policy.action(threat, kind)


@given(POLICIES, st.lists(THREATS, min_size=1, max_size=3, unique=True), st.sampled_from(Mode))
@settings(max_examples=40)
def test_the_most_that_one_of_its_threat_types_permits_decides(policy: Policy, threats: list[str], mode: Mode) -> None:
    only = Policy(cells=policy.cells)
    one = item("ipv4", "203.0.113.7")
    one.threat_types = tuple(sorted(threats))
    most = max(list(Action).index(policy.action(threat, "ipv4")) for threat in threats)
    wanted = most >= (2 if mode is Mode.BLOCK else 1)
    assert Ruling(only, mode, moment=timezone.now()).leaves_out(one, 1) is not wanted


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"matrix": {"nonsense": {}}}, "/matrix"),
        ({"matrix": {"scan": {"nonsense": "block"}}}, "/matrix/scan"),
        ({"matrix": {"scan": {"ipv4": "drop"}}}, "/matrix/scan/ipv4"),
        ({"matrix": {"scan": {"ipv4": ["ignore"]}}}, "/matrix/scan/ipv4"),
        ({"matrix": []}, "/matrix"),
        ({"score_min": 101}, "/score_min"),
        ({"age_days": True}, "/age_days"),
        ({"cap": 0}, "/cap"),
        ({"tags": "x"}, "/tags"),
        ({"tags": ["a\nb"]}, "/tags"),
        ({"scores": 1}, "/scores"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(given: dict[str, Any], where: str) -> None:
    with pytest.raises(Refusal) as refused:
        Policy.read(given)
    assert (refused.value.code, refused.value.where) == ("bad_policy", where)


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


@pytest.fixture
def meriane() -> Institution:
    return make_institution("INP Mériane")


def ruled(reader: Reader, **document: Any) -> None:
    set_policy(reader.institution, Policy.read(document), actor=PLATFORM)


@pytest.mark.django_db
def test_what_is_only_detected_blocks_nothing_and_what_is_ignored_is_in_no_feed(
    reader: Reader, meriane: Institution
) -> None:
    other = make_reader("Université Haute-Ardoise")
    contribute(meriane, "45.1.1.1", threat_type="scan")
    contribute(meriane, "45.1.1.2", threat_type="spam")
    contribute(meriane, "45.1.1.3", threat_type="c2")
    contribute(meriane, "balayage.example.net", type_name="domain", threat_type="scan")
    publish()
    ruled(reader, matrix={"scan": {"ipv4": "detect"}, "spam": {"ipv4": "ignore"}})
    assert values(reader, "text") == ["balayage.example.net", "45.1.1.3"]
    assert values(reader, "csv") == ["balayage.example.net", "45.1.1.1", "45.1.1.3"]
    assert reasons(reader, "text") == {"45.1.1.1": "feed_policy", "45.1.1.2": "feed_policy"}
    assert values(other, "text") == ["balayage.example.net", "45.1.1.1", "45.1.1.2", "45.1.1.3"]


@pytest.mark.django_db
def test_the_guard_speaks_before_the_policy(reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.1.1.1", threat_type="scan", pap=PAP.AMBER)
    publish()
    ruled(reader, matrix={"scan": {"ipv4": "ignore"}})
    assert reasons(reader, "text") == {"45.1.1.1": "pap"}
    assert reasons(reader, "csv") == {"45.1.1.1": "feed_policy"}


@pytest.mark.django_db
def test_score_age_tags_and_limit(reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.1.1.1", confidence=90)
    contribute(meriane, "45.1.1.2", confidence=60, tags=["bruit"])
    contribute(meriane, "45.1.1.4", confidence=80, seen=timezone.now() - timedelta(days=3))
    publish()
    ruled(reader, tags=["bruit"])
    assert reasons(reader, "csv") == {"45.1.1.2": "feed_policy"}
    ruled(reader, age_days=2)
    assert reasons(reader, "csv") == {"45.1.1.4": "feed_policy"}
    assert "45.1.1.4" not in values(reader, "text")  # which otherwise reads no dates
    ruled(reader, cap=1)
    assert values(reader, "csv") == ["45.1.1.1"]
    ruled(reader, score_min=70)
    assert "45.1.1.2" not in values(reader, "csv", "score_min=1")


@pytest.mark.django_db
def test_a_tag_that_only_others_may_see_leaves_nothing_out(reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.1.1.1")
    contribute(make_institution(), "45.1.1.1", audience="own", tags=["bruit"])
    publish()
    ruled(reader, tags=["bruit"])
    assert values(reader, "csv") == ["45.1.1.1"]


@pytest.mark.django_db
def test_a_feed_follows_its_policy_at_the_next_request(reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.1.1.1", threat_type="scan")
    publish()
    client = Client(headers={"Authorization": make_token(reader.institution)})
    first = client.get("/feeds/text?comments=no")
    assert first.content == b"45.1.1.1\n"
    ruled(reader, matrix={"scan": {"ipv4": "detect"}})
    second = client.get("/feeds/text?comments=no", headers={"If-None-Match": first["ETag"]})
    assert (second.status_code, second.content, second["X-IOC-Skipped"]) == (200, b"", "1")
    told = client.get("/feeds/text?explain=1").json()
    assert [reason["reason"] for reason in told["reasons"]] == ["feed_policy"]
    assert told["reasons"][0]["sentence"]
    assert b"45.1.1.1" in client.get("/feeds/stix").content  # whole objects carry their labels, and everything


@pytest.mark.django_db
def test_a_policy_is_written_once_and_told_to_the_journal(reader: Reader) -> None:
    rules = Policy.read({"matrix": {"scan": {"ipv4": "detect", "ipv6": "block"}}, "cap": 5})
    assert set_policy(reader.institution, rules, actor=PLATFORM)
    assert not set_policy(reader.institution, rules, actor=PLATFORM)
    assert policy_of(reader.institution.pk) == Policy.read(rules.document())
    event = Event.objects.get(action="feeds.policy_changed")
    assert event.details == {"cells": 1, "score_min": None, "age_days": None, "cap": 5, "tags": 0}


@pytest.mark.django_db
def test_a_manager_sets_it_through_the_api_and_nobody_else(reader: Reader) -> None:
    path, body = "/api/v1/feed-policy", {"matrix": {"scan": {"ipv4": "detect"}}, "cap": 7}
    manager, colleague = Client(), Client()
    manager.force_login(make_member(reader.institution, role=Role.MANAGER))
    colleague.force_login(make_member(reader.institution))
    assert colleague.put(path, body, content_type="application/json").status_code == 403
    assert manager.put(path, {"cap": 0}, content_type="application/json").status_code == 422
    told = manager.put(path, body, content_type="application/json")
    assert told.status_code == 200, told.content
    whole: dict[str, Any] = {
        "matrix": {"scan": {"ipv4": "detect"}},
        "score_min": None,
        "age_days": None,
        "cap": 7,
        "tags": [],
    }
    assert told.json() == whole
    assert colleague.get(path).json() == whole
