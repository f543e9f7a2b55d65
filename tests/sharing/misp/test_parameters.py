"""Parameters as clients write them; paths as they join them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from iocmarket.kernel.decision import Refusal
from sharing.misp.paths import NOWHERE, read_path
from sharing.misp.query import read_query
from sharing.misp.reading import _like, choice, flag, span, texts

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "since", "until"),
    [
        ("7d", NOW - timedelta(days=7), None),
        ("45m", NOW - timedelta(minutes=45), None),
        (1412320446, datetime(2014, 10, 3, 7, 14, 6, tzinfo=UTC), None),
        ("1412320446", datetime(2014, 10, 3, 7, 14, 6, tzinfo=UTC), None),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC), None),
        ("2026-01-31T08:00:00+01:00", datetime(2026, 1, 31, 7, tzinfo=UTC), None),
        (["2026-02-01", "2026-01-01"], datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        ("nonsense", NOW + timedelta(seconds=1), None),
        ("9999999999w", datetime(1970, 1, 1, tzinfo=UTC), None),
        (None, None, None),
        ("", None, None),
    ],
)  # fmt: skip
def test_moments(value: Any, since: datetime | None, until: datetime | None) -> None:
    assert span(value, NOW) == (since, until)


def test_choices() -> None:
    assert choice([["tlp:clear"]]).any == ("tlp:clear",)
    assert choice({"OR": ["a"], "NOT": "b", "AND": []}) == choice(["a", "!b"])
    assert choice("a||b").any == ("a", "b")
    assert texts({"0": "a", "1": ["b"]}) == ["a", "b"]
    assert not choice(None)
    assert [flag(value) for value in (None, [0, 1], "1", True, "false", 0)] == [None, None, True, True, False, False]


@settings(max_examples=40)
@given(st.text("ab%", max_size=8), st.text("ab", max_size=8))
def test_percent_stands_for_anything(pattern: str, name: str) -> None:
    meant = re.compile(".*".join(map(re.escape, pattern.split("%"))), re.DOTALL)
    assert _like(pattern, name) is bool(meant.fullmatch(name))


@pytest.mark.parametrize(
    ("path", "route", "named"),
    [
        ("/attributes/restSearch", "/attributes/restSearch", {}),
        ("//attributes//restSearch/", "/attributes/restSearch", {}),
        ("/misp/attributes/restSearch.json", "/attributes/restSearch", {}),
        ("/attributes/restSearch/value:a%2Fb.json/limit:5", "/attributes/restSearch",
         {"value": "a/b.json", "limit": "5"}),
        ("/events/7.json", "/events/view/7", {}),
        ("/events", "/events/index", {}),
        ("/organisations/index/scope:local", "/organisations/index", {"scope": "local"}),
        ("/misp/", NOWHERE, {}),
        ("/misp/feeds/index", NOWHERE, {}),
    ],
)  # fmt: skip
def test_paths(path: str, route: str, named: dict[str, str]) -> None:
    assert read_path(path) == (route, named)


@pytest.mark.parametrize("path", ["/", "/feeds/misp/manifest.json", "/eventsx", "/api/v1/indicators", "/share"])
def test_what_is_not_misps_is_left_alone(path: str) -> None:
    assert read_path(path) is None


def test_a_page_of_ours_under_a_name_of_misps_stays_a_page(client: Client) -> None:
    answer = client.post("/sightings/6f1c2f9e-3b57-4f0e-9a57-0c5b1d2e3f40/retract")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"returnFormat": "exe"}, "unknown_format"), ({"limit": "many"}, "bad_parameter"),
     ({"page": "-1"}, "bad_parameter"), ({"value": ["1.2.3.4"] * 2001}, "bad_parameter"),
     ({"from": "nonsense"}, "bad_parameter")],
)  # fmt: skip
def test_refusals(asked: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_query(asked, formats={"json"})
    assert refused.value.code == code
