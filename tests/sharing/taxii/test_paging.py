"""Filters and pages: nothing lost, nothing twice, whatever the page size and the way of going on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.kernel.clock import MICROSECOND, stamp
from iocmarket.publication.models import Entry
from tests.factories import contribute, make_institution, publish, withdraw
from tests.sharing.taxii.machine import Machine

FAR = "2999-01-01T00:00:00Z"
Query = dict[str, Any]
relaxed = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _ids(document: Any) -> list[str]:
    return [found["id"] for found in document.get("objects", [])]


def _everything(machine: Machine) -> list[Any]:
    found: list[Any] = machine.get(f"{machine.collection()}objects/").json()["objects"]
    return found


def _resend(query: Query) -> Query:
    return query


def _drop(query: Query) -> Query:
    return {name: value for name, value in query.items() if name == "limit"}


def _only_next(query: Query) -> Query:
    return {}


def _contradict(query: Query) -> Query:
    return {**query, "match[type]": "sighting", "added_after": FAR}


def _walk(machine: Machine, path: str, query: Query, going_on: Callable[[Query], Query]) -> Iterator[Any]:
    document = machine.get(path, query).json()
    yield document
    while document["more"]:
        document = machine.get(path, {**going_on(query), "next": document["next"]}).json()
        yield document


@pytest.mark.parametrize("going_on", [_resend, _drop, _only_next, _contradict])
@pytest.mark.parametrize("end", ["objects/", "manifest/"])
def test_following_next_gives_each_object_once(machine: Machine, end: str, going_on: Callable[[Query], Query]) -> None:
    path = machine.collection() + end
    wanted = [found["id"] for found in _everything(machine) if found["type"] != "identity"]
    for limit in (1, 2, 7, 1000):
        query = {"limit": limit, "match[type]": "indicator,marking-definition"}
        pages = list(_walk(machine, path, query, going_on))
        assert [name for page in pages for name in _ids(page)] == wanted
        assert all(len(_ids(page)) == limit for page in pages[:-1])
        assert all("next" in page for page in pages[:-1])
        assert "next" not in pages[-1]


@pytest.mark.parametrize("end", ["objects/", "manifest/"])
def test_going_on_from_the_last_date_added_gives_each_object_once(machine: Machine, end: str) -> None:
    path, seen, after = machine.collection() + end, [], "2000-01-01T00:00:00Z"
    while found := _ids((response := machine.get(path, {"limit": 4, "added_after": after})).json()):
        seen += found
        after = response.headers["X-TAXII-Date-Added-Last"]
    assert seen == [found["id"] for found in _everything(machine)]
    assert "X-TAXII-Date-Added-Last" not in response.headers


def test_the_last_full_page_says_that_there_is_no_more(machine: Machine) -> None:
    total = len(_everything(machine))
    assert machine.get(f"{machine.collection()}objects/", {"limit": total}).json()["more"] is False
    assert machine.get(f"{machine.collection()}objects/", {"limit": total - 1}).json()["more"] is True


def test_a_page_never_holds_more_than_the_maximum(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sharing.taxii.pages.MAX_PAGE", 3)
    document = machine.get(f"{machine.collection()}objects/", {"limit": 100_000_000}).json()
    assert len(document["objects"]) == 3
    following = machine.get(f"{machine.collection()}objects/", {"limit": 9, "next": document["next"]}).json()
    assert len(following["objects"]) == 3


def test_a_token_can_be_replayed_and_takes_another_page_size(machine: Machine) -> None:
    path = f"{machine.collection()}objects/"
    token = machine.get(path, {"limit": 2}).json()["next"]
    again = [machine.get(path, {"next": token}).json() for _ in range(2)]
    assert again[0] == again[1]
    assert len(again[0]["objects"]) == 2
    assert len(machine.get(path, {"next": token, "limit": 5}).json()["objects"]) == 5


def test_a_token_needs_no_escaping(machine: Machine) -> None:
    token = machine.get(f"{machine.collection()}objects/", {"limit": 2}).json()["next"]
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def test_a_token_of_another_collection_is_refused(machine: Machine) -> None:
    token = machine.get(f"{machine.collection()}objects/", {"limit": 2}).json()["next"]
    response = machine.get(f"{machine.collection('Reçus')}objects/", {"next": token})
    assert response.status_code == 400


@given(st.data())
@relaxed
def test_a_tampered_token_is_refused(machine: Machine, data: st.DataObject) -> None:
    path = f"{machine.collection()}objects/"
    token = machine.get(path, {"limit": 2}).json()["next"]
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(exclude_categories=["Cs"]).filter(lambda c: c != token[at]))
    forged = data.draw(st.sampled_from([token[:at], token[:at] + other + token[at + 1 :], token + other, other]))
    response = machine.get(path, {"next": forged})
    # The last character of the signature carries bits that base64 ignores: such a change changes nothing.
    if response.status_code != 400:
        assert len(forged) == len(token)
        assert at == len(token) - 1
        assert response.json() == machine.get(path, {"next": token}).json()


def test_added_after_is_exclusive_to_the_microsecond(machine: Machine) -> None:
    path = f"{machine.collection()}objects/"
    entries = list(Entry.objects.filter(view__audience="community").order_by("date_added"))
    for position, entry in enumerate(entries):
        rest = machine.get(path, {"added_after": stamp(entry.date_added)}).json()
        assert len(_ids(rest)) == len(entries) - position - 1
        before = machine.get(path, {"added_after": stamp(entry.date_added - MICROSECOND)}).json()
        assert len(_ids(before)) == len(entries) - position


def test_added_after_takes_every_precision(machine: Machine) -> None:
    path, whole = f"{machine.collection()}objects/", [found["id"] for found in _everything(machine)]
    for clock in ("00:00:00Z", "00:00:00.000Z", "00:00:00.1234567Z", "02:00:00+02:00"):
        assert _ids(machine.get(path, {"added_after": f"2000-01-01T{clock}"}).json()) == whole
    assert _ids(machine.get(path, {"added_after": "2000-01-01t00:00:00z"}).json()) == whole


MALFORMED: list[Query] = [
    {"limit": "0"}, {"limit": "-1"}, {"limit": "abc"}, {"limit": ""}, {"limit": "1e3"}, {"limit": "٣"},
    {"limit": "9" * 5000}, {"added_after": "yesterday"}, {"added_after": "2024-13-45T00:00:00.000000Z"},
    {"added_after": ""}, {"added_after": "2024-01-01"}, {"added_after": "0001-01-01T00:00:00+05:00"},
    {"added_after": "2024-01-01T00:00:00"}, {"next": "%%garbage%%"},
    {"next": ""}, {"next": "a~b"}, {"next": "x" * 9000},
    {"match[id]": "x"}, {"match[id]": ""}, {"match[id]": "indicator--1,indicator--2"}, {"match[type]": "In dicator"},
    {"match[type]": "indicator,"}, {"match[version]": "newest"}, {"match[spec_version]": "two"}, {"match[x]": "1"},
    {"match[": "1"}, {"added_after": ["2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"]},
    {"match[type]": ["indicator", "identity"]},
]  # fmt: skip


@pytest.mark.parametrize("end", ["objects/", "manifest/"])
def test_malformed_filters_are_a_400_that_says_so(machine: Machine, end: str) -> None:
    path = machine.collection() + end
    for query in MALFORMED:
        response = machine.get(path, query)
        assert response.status_code == 400, query
        document = response.json()
        assert document["title"] == "Bad Request"
        assert document["error_code"] not in {"", "error"}


@given(query=st.dictionaries(st.sampled_from(["limit", "added_after", "next", "match[id]", "match[type]",
       "match[version]", "match[spec_version]"]), st.text(max_size=40), min_size=1))  # fmt: skip
@relaxed
def test_no_query_breaks_the_server(machine: Machine, query: Query) -> None:
    response = machine.get(f"{machine.collection()}objects/", query)
    assert response.status_code in {200, 400}
    json.loads(response.content)


def test_values_of_a_field_are_alternatives_and_fields_narrow(machine: Machine) -> None:
    path, everything = f"{machine.collection()}objects/", _everything(machine)
    first, second = [found for found in everything if found["type"] == "indicator"][:2]
    marking = next(found for found in everything if found["type"] == "marking-definition")

    def matched(**match: str) -> list[str]:
        return _ids(machine.get(path, {f"match[{name}]": value for name, value in match.items()}).json())

    names = f"{second['id']},{marking['id']},{first['id']}"
    assert matched(id=names) == [marking["id"], first["id"], second["id"]]
    assert matched(id=names, type="indicator") == [first["id"], second["id"]]
    assert matched(id=names, type="identity") == []
    assert matched(id=first["id"].replace("indicator", "identity")) == []
    assert matched(type="identity,sighting") == [found["id"] for found in everything if found["type"] == "identity"]
    assert matched(spec_version="2.0,2.1", id=first["id"]) == [first["id"]]
    assert matched(spec_version="2.0") == []


def test_the_version_filter_knows_one_version_of_each_object(machine: Machine) -> None:
    path, everything = f"{machine.collection()}objects/", _everything(machine)
    first = next(found for found in everything if found["type"] == "indicator")
    marking = next(found for found in everything if found["type"] == "marking-definition")

    def matched(version: str) -> list[str]:
        return _ids(machine.get(path, {"match[version]": version}).json())

    whole = [found["id"] for found in everything]
    assert matched("all") == matched("first") == matched("last") == matched(f"{first['modified']},last") == whole
    assert matched(first["modified"]) == [first["id"]]
    assert marking["id"] in matched(marking["created"])
    assert matched("1999-01-01T00:00:00Z") == []


def test_a_new_version_moves_to_the_end_and_keeps_its_id_and_created(machine: Machine) -> None:
    path = f"{machine.collection()}objects/"
    before = [found for found in _everything(machine) if found["type"] == "indicator"]
    last = machine.get(path).headers["X-TAXII-Date-Added-Last"]
    contribution = make_and_publish_again(before[0]["name"])
    document = machine.get(path, {"added_after": last}).json()
    assert _ids(document) == [before[0]["id"]]
    assert document["objects"][0]["created"] == before[0]["created"]
    assert document["objects"][0]["modified"] > before[0]["modified"]
    withdraw(contribution)
    publish()
    assert _everything(machine)[-1]["id"] == before[0]["id"]


def make_and_publish_again(value: str) -> Any:
    """A second institution says the same value."""
    contribution = contribute(make_institution(), value)
    publish()
    return contribution


def test_what_was_withdrawn_before_an_institution_came_is_not_told_to_it(machine: Machine) -> None:
    contribution = contribute(make_institution())
    publish()
    withdraw(contribution)
    publish()
    path = f"{machine.collection()}objects/"
    told = Entry.objects.get(state=Entry.State.WITHDRAWN)
    wanted = f"indicator--{told.stix_id}"
    assert wanted in _ids(machine.get(path).json())
    newcomer = machine.reader.institution
    newcomer.approved_at = told.date_added + timedelta(seconds=1)
    newcomer.save()
    for answer in (machine.get(path), machine.get(path, {"match[id]": wanted}), machine.get(f"{path[:-8]}manifest/")):
        assert wanted not in _ids(answer.json())
    assert machine.get(f"{path}{wanted}/").status_code == 404


def test_a_page_costs_the_same_statements_whatever_is_asked(machine: Machine) -> None:
    path = f"{machine.collection()}objects/"
    machine.get(path)
    counts = set()
    for query in ({}, {"limit": 2}, {"added_after": FAR}, {"match[type]": "identity"}):
        with CaptureQueriesContext(
            connection,
        ) as statements:
            machine.get(path, query)
        counts.add(len(statements))
        sql = statements[-1]["sql"].upper()
        assert "OFFSET" not in sql
        assert not any("COUNT(" in found["sql"].upper() for found in statements)
    assert counts == {3}  # the token; the view and since when the institution is a member; the page
