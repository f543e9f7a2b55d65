"""A statement about a name and its sub-names answers for every name below it; one about a name alone, for none."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext, override

from iocmarket.accounts.models import Institution
from iocmarket.kernel.marking import TLP
from sharing.search.finding import search
from sharing.search.lookup import Answer, look_up
from tests.factories import Reader, contribute, make_institution, make_member, make_reader, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


@pytest.fixture
def meriane() -> Institution:
    return make_institution("INP Mériane")


def share(institution: Institution, name: str, **choices: Any) -> None:
    contribute(institution, name, type_name="domain", **choices)


def asked(reader: Reader, name: str) -> Answer:
    (answer,) = look_up([name], viewer=reader.viewer)
    return answer


def test_a_name_below_one_that_is_meant_with_its_sub_names_is_known(reader: Reader, meriane: Institution) -> None:
    share(meriane, "evil-cas.fr", subtree=True, threat_type="c2")
    publish()
    for name in ("x.evil-cas.fr", "A.B.evil-cas[.]fr"):
        answer = asked(reader, name)
        assert (answer.known, answer.covered_by) == (True, "evil-cas.fr")
        assert answer.summary is not None
        assert answer.summary.threat_types == ["c2"]
        assert answer.summary.score > 0
    assert asked(reader, "evil-cas.fr").covered_by == ""


@pytest.mark.parametrize("name", ["x.evil-cas.fr", "notevil-cas.fr", "evil-cas.fr.org", "fr.evil-cas.org"])
def test_other_names_stay_unknown(reader: Reader, meriane: Institution, name: str) -> None:
    share(meriane, "evil-cas.fr", subtree=False)
    share(meriane, "other-cas.fr", subtree=True)
    publish()
    assert not asked(reader, name).known


def test_what_is_said_of_the_name_itself_comes_first_then_the_nearest_name_above(
    reader: Reader, meriane: Institution
) -> None:
    share(meriane, "evil-cas.fr", subtree=True, threat_type="c2")
    share(meriane, "a.evil-cas.fr", subtree=True, threat_type="phishing")
    share(meriane, "b.a.evil-cas.fr", threat_type="scan")
    publish()
    found = {name: asked(reader, name) for name in ("b.a.evil-cas.fr", "c.a.evil-cas.fr", "c.b.a.evil-cas.fr")}
    assert [answer.covered_by for answer in found.values()] == ["", "a.evil-cas.fr", "a.evil-cas.fr"]


def test_only_the_statements_that_mean_sub_names_are_told_for_one(reader: Reader, meriane: Institution) -> None:
    share(meriane, "evil-cas.fr", subtree=True, threat_type="c2", tlp=TLP.GREEN)
    share(make_institution(), "evil-cas.fr", subtree=False, threat_type="scan", tlp=TLP.AMBER)
    publish()
    summary = asked(reader, "x.evil-cas.fr").summary
    assert summary is not None
    assert (summary.threat_types, summary.institutions, summary.marking.tlp) == (["c2"], 1, TLP.GREEN)


def test_a_hidden_statement_about_a_name_above_tells_nothing_and_costs_the_same(
    reader: Reader, meriane: Institution
) -> None:
    share(meriane, "evil-cas.fr", subtree=True, audience="own")
    publish()
    with CaptureQueriesContext(connection) as hidden:
        answer = asked(reader, "x.evil-cas.fr")
    with CaptureQueriesContext(connection) as unknown:
        assert not asked(reader, "x.nobody-cas.fr").known
    assert (answer.known, answer.covered_by) == (False, "")
    assert len(hidden) == len(unknown)


def test_the_api_names_the_name_that_covers(client: Client, reader: Reader, meriane: Institution) -> None:
    share(meriane, "evil-cas.fr", subtree=True)
    publish()
    body = {"values": ["x.evil-cas.fr", "evil-cas.fr", "x.nobody-cas.fr"]}
    answer = client.post("/api/v1/lookup", body, content_type="application/json", headers=reader.headers)
    below, itself, nobody = answer.json()["results"]
    assert (below["known"], below["canonical"], below["covered_by"]) == (True, "x.evil-cas.fr", "evil-cas.fr")
    assert (itself["known"], itself["covered_by"]) == (True, None)
    assert below["indicator"] == itself["indicator"]
    assert nobody == {
        "value": "x.nobody-cas.fr",
        "known": False,
        "type": "domain",
        "canonical": "x.nobody-cas.fr",
        "reason": None,
    }


def test_the_page_says_which_name_covers(client: Client, reader: Reader, meriane: Institution) -> None:
    share(meriane, "evil-cas.fr", subtree=True)
    publish()
    assert search("x.evil-cas.fr", viewer=reader.viewer).known == 1
    client.force_login(make_member(reader.institution))
    page = client.get("/search", {"q": "x.evil-cas.fr"}).content.decode()
    with override("fr"):
        assert gettext("A name above it, shared with its sub-names") in page
        assert gettext("covered by") in page
