"""The matrix: every route and API method × nine viewers, and every marking × audience × viewer × exit.

Expectations stand in matrix.py. `pytest -s` prints how many cases were asked.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from pytest_django import DjangoDbBlocker

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.kernel.marking import TLP
from tests.contract.matrix import LIBRARY, TABLE, VIEWERS, Row
from tests.contract.world import World, machine, make_world, names_for
from tests.factories import contribute, publish
from tests.undone import lasting, undone

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for found in resolver.url_patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLPattern):
            yield path, found
        else:
            yield from routes(found, path)


OURS = {path: found for path, found in routes(get_resolver()) if not path.startswith(LIBRARY)}


def test_every_route_stands_in_the_matrix() -> None:
    """A new route: add its row to tests/contract/matrix.py, with what each of the nine viewers meets."""
    assert set(OURS) == set(TABLE)


def test_every_method_of_the_api_stands_in_the_matrix() -> None:
    missing = []
    for path, found in OURS.items():
        view = getattr(found.callback, "cls", None)
        offered = {name for name in METHODS if hasattr(view, name.lower())}
        if TABLE.get(path):
            missing += [(name, path) for name in offered - {row.method for row in TABLE[path]}]
    assert missing == []


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made once: it costs more than a hundred requests."""
    with lasting(django_db_blocker):
        yield make_world()


@pytest.fixture
def db(made: World) -> Iterator[None]:
    """What a test writes is undone."""
    with undone():
        yield


@pytest.fixture
def world(made: World, db: None) -> Iterator[World]:
    """As it was made, whatever the test before did; browsers hold the cookies that they held."""
    cookies = {viewer: copy.deepcopy(client.cookies) for viewer, client in made.clients.items()}
    yield made
    for viewer, client in made.clients.items():
        client.cookies = cookies[viewer]


def filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: filled(item, names) for key, item in value.items()}
    return [filled(item, names) for item in value] if isinstance(value, list) else value


def asked(client: Client, row: Row, names: dict[str, str], method: str = "") -> HttpResponse:
    """Ask, and undo what asking changed."""
    body = filled(dict(row.body) if isinstance(row.body, dict) else row.body, names)
    path, headers = filled(row.path, names), dict(row.headers)
    cookies = copy.deepcopy(client.cookies)  # some acts give the browser another session, which is undone too
    with transaction.atomic():
        if row.media == "form":
            answer: Any = client.generic(method, path, headers=headers) if method else client.post(path, body)
        else:
            sent = body if isinstance(body, str) else "" if body is None else json.dumps(body)
            answer = client.generic(method or row.method, path, sent, content_type=row.media, headers=headers)
        transaction.set_rollback(True)
    client.cookies = cookies
    found: HttpResponse = answer
    return found


def outcome(answer: HttpResponse) -> str:
    where = answer.headers.get("Location", "")
    if answer.status_code == 401 or where.startswith("/accounts/login"):
        return "login"
    if where.startswith("/account/waiting"):
        return "waiting"
    named = {403: "denied", 404: "absent", 405: "method"}.get(answer.status_code)
    return named or ("broken" if answer.status_code >= 500 and answer.status_code != 503 else "in")


def test_every_operation_of_the_description_stands_in_the_matrix() -> None:
    """The description is made by another program than the resolver: what one of them forgets, the other names."""
    generator: Any = SchemaGenerator
    described = {
        (method.upper(), re.sub(r"{\w+}", "{}", path).lstrip("/"))
        for path, operations in generator().get_schema(request=None, public=True)["paths"].items()
        for method in operations
    }
    rows = {(row.method, re.sub(r"<[^>]+>", "{}", route)) for route, rows in TABLE.items() for row in rows}
    assert described - rows == set()
    of_the_api = {(method, route) for method, route in rows if route.startswith(("api/v1/", "feeds/", "public/"))}
    assert of_the_api - described == {("GET", "api/v1/schema")}


# — Routes × viewers —


@pytest.mark.parametrize("viewer", VIEWERS)
def test_every_viewer_meets_what_the_matrix_says(world: World, viewer: str) -> None:
    wrong, cases = [], 0
    names = names_for(viewer, world)
    for route, rows in TABLE.items():
        for row in rows:
            cases += 1
            found = outcome(asked(world.clients[viewer], row, names))
            if found != row.rule[viewer]:
                wrong.append(f"{row.method} {row.path} ({route}): {found}, not {row.rule[viewer]}")
    assert not wrong, "\n".join(wrong)
    print(f"\n{viewer}: {cases} requests")


@pytest.mark.parametrize("viewer", VIEWERS)
def test_a_method_that_is_not_in_the_matrix_is_taken_up_for_nobody(world: World, viewer: str) -> None:
    taken, cases = [], 0
    for rows in TABLE.values():
        known = {row.method for row in rows}
        for method in set(METHODS) - known:
            cases += 1
            found = outcome(asked(world.clients[viewer], rows[0], world.names, method))
            if found in {"in", "broken"}:
                taken.append(f"{method} {rows[0].path}: {found}")
    assert not taken, "\n".join(taken)
    print(f"\n{viewer}: {cases} requests")


def test_no_form_is_taken_without_its_token_against_forgery(world: World) -> None:
    """The manager's browser, led here by another site; and the same for the API, where a session is the credential."""
    forged = Client(enforce_csrf_checks=True, raise_request_exception=False)
    forged.cookies = world.clients["manager"].cookies
    changing = [
        row
        for rows in TABLE.values()
        for row in rows
        if row.method != "GET" and row.rule["anonymous"] == "login" and row.rule["manager"] == "in"
    ]
    met = {row.path: outcome(asked(forged, row, world.names)) for row in changing}
    assert len(changing) > 8
    assert {path: found for path, found in met.items() if found != "denied"} == {}


def test_reading_writes_nothing_into_the_record_but_of_evidence(world: World) -> None:
    """Who read a case or an archive is asked one day; an upload on its way and the public keys are neither."""
    noted = set()
    for route, rows in TABLE.items():
        for row in rows:
            if row.method == "GET":
                before = Event.objects.count()
                with transaction.atomic():
                    world.clients["manager"].get(filled(row.path, world.names))
                if Event.objects.count() != before:
                    noted.add(route)
    assert noted == {
        "evidence", "evidence/<uuid:public_id>", "api/v1/evidence/cases", "api/v1/evidence/cases/<uuid:public_id>",
        "api/v1/evidence/archives/<uuid:public_id>", "api/v1/evidence/archives/<uuid:public_id>/records",
        "api/v1/evidence/archives/<uuid:public_id>/download.<str:form>",
        "api/v1/evidence/archives/<uuid:public_id>/hits", "api/v1/evidence/archives/<uuid:public_id>/findings",
        "api/v1/evidence/archives/<uuid:public_id>/proposals", "evidence/<uuid:public_id>/records",
        "evidence/<uuid:public_id>/propose",
    }  # fmt: skip


# — Markings × audiences × viewers × exits —

HOME = {"reader", "contributor", "manager", "administrator", "read_token", "provider_token"}
ADMITTED: dict[str, set[str]] = {
    "community": HOME | {"foreign"},
    "own, home's": HOME,
    "own, another's": {"foreign"},
    "addressed to home": HOME,
    "addressed to a third": {"foreign"},
    "circle with home": HOME | {"foreign"},
    "circle without home": set(),
}
"""Who is admitted by the audience. What is addressed was said by `foreign`'s institution or by the third one."""


def may_see(viewer: str, audience: str, tlp: TLP) -> bool:
    """The rule of domain.md in one line: RED names persons, and nobody is named here; a provider ends at AMBER."""
    ceiling = TLP.AMBER if viewer == "provider_token" else TLP.AMBER_STRICT
    return viewer in ADMITTED[audience] and tlp <= ceiling


@dataclass(frozen=True)
class Thing:
    audience: str
    tlp: TLP
    value: str
    public_id: str


def things(world: World) -> list[Thing]:
    with_home = create_circle(name="Ensemble", founder=world.home, actor=PLATFORM)
    join_circle(with_home, world.other, actor=PLATFORM)
    without = create_circle(name="Sans", founder=world.third, actor=PLATFORM)
    said: dict[str, tuple[Institution, dict[str, Any]]] = {
        "community": (world.third, {}),
        "own, home's": (world.home, {"audience": "own"}),
        "own, another's": (world.other, {"audience": "own"}),
        "addressed to home": (world.third, {"audience": "recipients", "recipients": [world.home]}),
        "addressed to a third": (world.other, {"audience": "recipients", "recipients": [world.third]}),
        "circle with home": (world.other, {"audience": "circle", "circle": with_home}),
        "circle without home": (world.third, {"audience": "circle", "circle": without}),
    }
    made = []
    for audience, (author, choices) in said.items():
        for tlp in TLP:
            contribution = contribute(author, tlp=tlp, **choices)
            indicator = contribution.indicator
            made.append(Thing(audience, tlp, indicator.value, str(indicator.public_id)))
    publish()
    return made


def told(viewer: str, client: Client, made: list[Thing]) -> dict[str, set[str]]:
    """Exit → the values that it tells this viewer."""
    values = [thing.value for thing in made]
    body = json.dumps({"values": values})
    looked = client.post("/api/v1/lookup", body, content_type="application/json")
    exits = {
        "list": _in(client.get("/api/v1/indicators?limit=1000"), values),
        "changes": _in(client.get("/api/v1/changes?limit=1000"), values),
        "detail": {t.value for t in made if client.get(f"/api/v1/indicators/{t.public_id}").status_code == 200},
        "lookup": {found["value"] for found in looked.json().get("results", ()) if found["known"]},
        "exact": {t.value for t in made if _in(client.get("/api/v1/indicators", {"value": t.value}), [t.value])},
        "csv": _in(client.get("/feeds/csv"), values),
        "stix": _in(client.get("/feeds/stix"), values),
    }
    if viewer.endswith("_token"):
        exits["taxii"] = _taxii(client, values)
        exits["misp"] = _in(client.post("/attributes/restSearch", {}, content_type="application/json"), values)
        exits["misp events"] = _in(client.get("/events/restSearch"), values)
    else:
        exits["page"] = {t.value for t in made if client.get(f"/i/{t.public_id}").status_code == 200}
        exits["home"] = _in(client.get("/"), values) | exits["page"]
    return exits


def _in(answer: Any, values: list[str]) -> set[str]:
    if answer.status_code != 200:
        return set()
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return set(re.findall(r"[\d.]+", text.decode())) & set(values)


def _taxii(client: Client, values: list[str]) -> set[str]:
    listed = client.get("/taxii2/api/collections/").json()["collections"]
    found: set[str] = set()
    for collection in listed:
        if collection["can_read"]:
            found |= _in(client.get(f"/taxii2/api/collections/{collection['id']}/objects/?limit=1000"), values)
    return found


@pytest.mark.parametrize("viewer", VIEWERS)
def test_every_exit_tells_every_viewer_what_marking_and_audience_admit(world: World, viewer: str) -> None:
    made = things(world)
    expected = {t.value for t in made if may_see(viewer, t.audience, t.tlp)}
    wrong, cases = [], 0
    for exit_name, values in told(viewer, world.clients[viewer], made).items():
        for thing in made:
            cases += 1
            if (thing.value in values) != (thing.value in expected):
                wrong.append(f"{exit_name}: {thing.audience} {thing.tlp.label}: {thing.value in values}")
    assert not wrong, "\n".join(wrong)
    print(f"\n{viewer}: {cases} cases")


def test_a_token_with_a_lower_ceiling_reads_no_more_than_it(world: World) -> None:
    """Only the TLP of its ceiling differs from the institution's other tokens: nothing else keeps the views apart."""
    narrow = machine(world.home, tlp_ceiling=TLP.GREEN)
    made = things(world)
    expected = {t.value for t in made if may_see("read_token", t.audience, t.tlp) and t.tlp <= TLP.GREEN}
    found = told("read_token", narrow, made)
    assert {name: values - expected for name, values in found.items() if values - expected} == {}
    assert found["list"] == expected
