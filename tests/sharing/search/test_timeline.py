"""The timeline of a value: the drawing, the sentence and the table say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import PAP
from sharing.search.outcomes import outcomes_of
from sharing.search.timeline import HEIGHT, WIDTH, timeline_of
from sharing.search.value import Statement, read_value
from tests.factories import contribute, make_institution, make_member, make_reader, publish, viewer_for

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def said(days_ago: float, *, mine: bool = False, confirmed_ago: float | None = None) -> Statement:
    made = NOW - days_ago * DAY
    refreshed = made if confirmed_ago is None else NOW - confirmed_ago * DAY
    row = Contribution(created_at=made, refreshed_at=refreshed)
    return Statement(row, named=True, mine=mine, withdrawable=mine, why="community", report=None)


def test_others_ours_and_confirmations_have_a_lane_each() -> None:
    statements = [said(5), said(5), said(3, mine=True, confirmed_ago=1)]
    with translation.override("en"):
        found = timeline_of(statements, valid_until=NOW + 3 * DAY, now=NOW)
        lanes = {lane.label: lane for lane in found.lanes}
        assert {label: lane.total for label, lane in lanes.items()} == {
            "Shared by others": "2", "Shared by you": "1", "Confirmed": "1", "Valid": "8 d",
        }  # fmt: skip
        assert lanes["Shared by others"].said.startswith("Shared by others. 2 times; ")
        assert "to" in lanes["Valid"].said
    assert [(others, mine, confirmed) for _day, others, mine, confirmed in found.rows] == [
        (2, 0, 0),
        (0, 1, 0),
        (0, 0, 1),
    ]


def test_what_is_valid_for_years_does_not_push_today_to_the_edge() -> None:
    found = timeline_of([said(10)], valid_until=NOW + 2000 * DAY, now=NOW)
    today = next(bar for bar in found.lanes[0].bars if bar.kind == "today")
    assert 0.3 * WIDTH < float(today.x) < 0.7 * WIDTH
    assert found.lanes[-1].total == "2010 j" or found.lanes[-1].total.startswith("2010")


def test_without_an_end_there_is_no_lane_of_validity() -> None:
    assert len(timeline_of([said(0)], valid_until=None, now=NOW).lanes) == 1


@given(
    st.lists(st.tuples(st.floats(0, 4000), st.booleans(), st.none() | st.floats(0, 10)), min_size=1, max_size=20),
    st.none() | st.integers(-4000, 4000),
)
def test_nothing_is_drawn_outside_its_lane(drawn: list[tuple[float, bool, float | None]], ahead: int | None) -> None:
    statements = [
        said(ago, mine=mine, confirmed_ago=None if confirmed is None else min(confirmed, ago))
        for ago, mine, confirmed in drawn
    ]
    found = timeline_of(statements, valid_until=None if ahead is None else NOW + ahead * DAY, now=NOW)
    for bar in (bar for lane in found.lanes for bar in lane.bars):
        assert float(bar.x) >= 0
        assert float(bar.width) > 0
        assert float(bar.x) + float(bar.width) <= WIDTH + 1.5
        assert 0 <= float(bar.y) < HEIGHT
    assert sum(others + mine for _day, others, mine, _confirmed in found.rows) == len(statements)


@pytest.mark.django_db
def test_each_format_says_whether_it_carries_the_value() -> None:
    reader = make_reader()
    other = make_institution()
    address = contribute(other, "45.9.20.7", confidence=90)
    hidden = contribute(other, "45.9.20.8", pap=PAP.AMBER, confidence=90)
    digest = contribute(other, "9e107d9d372bb6826bd81d3542a419d6", type_name="md5")
    publish()
    with translation.override("en"):
        found = {
            row.pk: {
                str(each.label): each.why or ("blocks" if each.blocks else "detects")
                for each in outcomes_of(read_value(row.indicator.public_id, viewer=viewer_for(reader.institution)))
            }
            for row in (address, hidden, digest)
        }
    assert found[address.pk]["RPZ"] == "blocks"
    assert found[address.pk]["Suricata"] == "detects"
    assert found[hidden.pk]["RPZ"].startswith("its PAP does not permit")
    assert found[hidden.pk]["STIX 2.1"] == "detects"
    assert found[digest.pk]["RPZ"] == "does not take this type"


@pytest.mark.django_db
def test_the_list_shows_what_is_ours_or_in_force(client: Client) -> None:
    member = make_member()
    assert member.institution is not None
    ours = contribute(member.institution, "45.9.20.7")
    past = datetime.now(UTC) - 30 * DAY
    contribute(make_institution(), "45.9.20.8", seen=past, valid_until=past + DAY)
    publish()
    client.force_login(member)
    page = {only: client.get("/search", {"only": only}).content.decode() for only in ("", "mine", "live", "nonsense")}
    assert ours.indicator.public_id.hex not in page[""]  # the link has dashes
    assert ["45.9.20" in text.replace('<span class="value-fang">[.]</span>', ".") for text in page.values()] == [
        True
    ] * 4
    shown = {only: text.count("data-row") for only, text in page.items()}
    assert shown == {"": 2, "mine": 1, "live": 1, "nonsense": 2}
