"""TLP:RED: read by the persons named, in their sessions; by no colleague, no machine, no feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from iocmarket.accounts.models import Member
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.sightings import Observation, report_sightings
from iocmarket.kernel.marking import PAP, TLP
from sharing.search.filters import Filters
from sharing.search.listing import page_of
from sharing.search.lookup import look_up
from tests.factories import contribute, make_institution, make_member, make_token, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, Member]:
    """An author, somebody named in another institution, and a colleague of each."""
    mine, theirs = make_institution(), make_institution()
    return {
        "author": make_member(mine),
        "colleague": make_member(mine),
        "named": make_member(theirs),
        "other": make_member(theirs),
    }


def tell(people: dict[str, Member], value: str = "45.7.7.7", **extra: Any) -> Contribution:
    """The author tells the person named."""
    author, named = people["author"], people["named"]
    assert author.institution is not None
    return contribute(
        author.institution, value, tlp=TLP.RED, audience="recipients", author=author, named_members=[named.pk], **extra
    )


def listed(member: Member, **filters: Any) -> list[str]:
    """The values of the person's list."""
    return [row.indicator.value for row in page_of(Filters(**filters), viewer=viewer_of_member(member)).rows]


def test_only_the_author_and_the_person_named_find_it(people: dict[str, Member]) -> None:
    row = tell(people)
    publish()
    for name, found in (("author", True), ("named", True), ("colleague", False), ("other", False)):
        assert bool(listed(people[name])) is found
        client = Client()
        client.force_login(people[name])
        assert client.get(f"/i/{row.indicator.public_id}").status_code == (200 if found else 404)
        assert (
            "45.7.7[.]7" in client.get("/").content.decode().replace('<span class="value-fang">[.]</span>', "[.]")
        ) is (found)
        answer = client.post("/api/v1/lookup", {"values": ["45.7.7.7"]}, content_type="application/json")
        assert answer.json()["results"][0]["known"] is found


def test_no_machine_reads_it_anywhere(people: dict[str, Member]) -> None:
    row = tell(people)
    publish()
    for member in (people["author"], people["named"]):
        assert member.institution is not None
        secret = make_token(member.institution)
        machine = Client(headers={"Authorization": f"Bearer {secret}"})
        assert machine.get("/api/v1/indicators").json()["indicators"] == []
        assert machine.get(f"/api/v1/indicators/{row.indicator.public_id}").status_code == 404
        for feed in ("csv", "text", "stix"):
            assert "45.7.7.7" not in machine.get(f"/feeds/{feed}").content.decode()


def test_a_value_that_the_community_knows_too_is_one_row_with_the_strictest_marking(people: dict[str, Member]) -> None:
    tell(people, pap=PAP.RED)
    contribute(make_institution(), "45.7.7.7", tlp=TLP.GREEN, pap=PAP.CLEAR)
    publish()
    (row,) = page_of(Filters(), viewer=viewer_of_member(people["named"])).rows
    assert (row.marking.tlp, row.marking.pap) == (TLP.RED, PAP.RED)
    (row,) = page_of(Filters(), viewer=viewer_of_member(people["other"])).rows
    assert (row.marking.tlp, row.marking.pap) == (TLP.GREEN, PAP.CLEAR)
    assert listed(people["named"], tlps=frozenset({TLP.GREEN})) == []
    assert listed(people["named"], tlps=frozenset({TLP.RED})) == ["45.7.7.7"]
    assert listed(people["other"], tlps=frozenset({TLP.GREEN})) == ["45.7.7.7"]


def test_filters_and_pages_treat_it_like_any_other_value(people: dict[str, Member]) -> None:
    tell(people, "45.7.7.1", threat_type="c2")
    contribute(make_institution(), "45.7.7.2", threat_type="scan")
    publish()
    tell(people, "45.7.7.3", threat_type="scan")
    named = people["named"]
    assert listed(named) == ["45.7.7.3", "45.7.7.2", "45.7.7.1"]
    assert listed(named, threat_types=frozenset({"c2"})) == ["45.7.7.1"]
    assert listed(named, state="expired") == []
    assert listed(named, types=frozenset({"domain"})) == []
    seen: list[str] = []
    cursor = ""
    for _page in range(3):
        page = page_of(Filters(), viewer=viewer_of_member(named), limit=1, cursor=cursor)
        seen += [row.indicator.value for row in page.rows]
        cursor = page.next
    assert seen == ["45.7.7.3", "45.7.7.2", "45.7.7.1"]
    assert cursor == ""


def test_what_is_said_in_person_besides_moves_no_row(people: dict[str, Member]) -> None:
    public = make_institution()
    contribute(public, "45.7.7.8")
    publish()
    contribute(public, "45.7.7.9")
    publish()
    tell(people, "45.7.7.8", refreshed_at=timezone.now() + timedelta(minutes=1))
    rows = page_of(Filters(), viewer=viewer_of_member(people["named"])).rows
    assert [row.indicator.value for row in rows] == ["45.7.7.9", "45.7.7.8"]
    assert rows[0].updated > rows[1].updated


def test_a_look_up_gives_the_score_of_the_list_and_sightings_renew_it(people: dict[str, Member]) -> None:
    long_ago = timezone.now() - timedelta(days=20)
    row = tell(people, confidence=90, seen=long_ago)
    viewer = replace(viewer_of_member(people["named"]), scopes=frozenset({"sightings:write"}))

    def scores() -> tuple[int, int]:
        summary = look_up(["45.7.7.7"], viewer=viewer)[0].summary
        assert summary is not None
        return summary.score, page_of(Filters(), viewer=viewer).rows[0].score

    assert scores() == (50, 50)  # 90 × (1 − (20/30)²)
    report_sightings([Observation(kind="seen", digest=bytes(row.indicator.digest))], viewer)
    assert scores() == (90, 90)
