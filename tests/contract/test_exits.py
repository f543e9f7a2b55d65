"""Every exit of the program: none is missing from the table, none opens to a stranger, none betrays a hidden value.

The rule (domain.md, The visibility rule, 1): an indicator exists for a viewer only through a visible contribution;
otherwise every exit answers as for a value never seen, with the same status, shape and statements. So each exit is
asked before another institution says something that the reader may not see, and again afterwards.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from ingestion.enrichment.services import enrich_indicators
from iocmarket.accounts import feed_keys
from iocmarket.accounts.models import Institution
from iocmarket.accounts.opening import open_to_public
from iocmarket.accounts.roles import Role, Scope
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.ids import public_id_of
from iocmarket.kernel.marking import TLP
from iocmarket.publication.audiences import COMMUNITY, inbox
from iocmarket.publication.models import Entry, View
from sharing.feeds.formats.suricata import SLOTS
from sharing.profiles.services import create_profile
from sharing.taxii.depots import depot_of
from tests.contract.exits import COLLECTION, INBOX, ROUTES, Asking, Reader, Subject
from tests.factories import contribute, make_institution, make_member, make_token, publish, report, viewer_for, withdraw
from tests.statements import statements_of

CONTRIBUTION = UUID("6f1c2f9e-3b57-4f0e-9a57-0c5b1d2e3f40")
STIX = UUID("0b54c33d-7bd1-4a05-8f39-6d3a90e6a0b7")
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ASKINGS = {f"{route or '/'} · {asking.name}": asking for route, found in ROUTES.items() for asking in found.askings}


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Every pattern of the project."""
    for found in resolver.url_patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLPattern):
            yield path
        else:
            yield from routes(found, path)


def test_every_route_is_in_the_table() -> None:
    assert set(routes(get_resolver())) == set(ROUTES)


def test_every_page_and_machine_exit_is_asked() -> None:
    assert {kind.kind for kind in ROUTES.values()} == {"open", "account", "page", "machine"}
    assert not [route for route, found in ROUTES.items() if found.kind in {"page", "machine"} and not found.askings]


# — What is asked about —


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of value, with neighbours that the reader sees."""

    type: str
    value: str
    around: str
    neighbours: tuple[tuple[str, str], ...]


KINDS = [
    Kind(
        "domain", "cachette.voisinage.fr", ".voisinage.fr", (("domain", "voisinage.fr"), ("domain", "a.voisinage.fr"))
    ),
    Kind("ipv4", "185.220.101.7", "185.220.101.0/24", (("cidr", "185.220.101.0/28"), ("ipv4", "185.220.101.9"))),
    Kind("url", "http://cachette.voisinage.fr/x", ".voisinage.fr", (("domain", "voisinage.fr"),)),
]


@pytest.fixture(params=KINDS[:2], ids=lambda kind: kind.type)
def kind(request: pytest.FixtureRequest) -> Kind:
    """One after the other."""
    found: Kind = request.param
    return found


@pytest.fixture
def subject(kind: Kind) -> Subject:
    """Under every name."""
    value = ioc_types[kind.type].normalise(kind.value, explicit=True).value
    public_id = public_id_of(kind.type, value, key=settings.INDICATOR_ID_KEY.encode())
    return Subject(value, public_id, CONTRIBUTION, STIX, kind.around)


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Time does not pass, so that only what was said can make a difference."""
    monkeypatch.setattr("sharing.profiles.trying.perf_counter", lambda: 0.0)  # which is told on a page
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _rule_numbers_of_one_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are drawn at random, and their length would be the length of the answer."""
    numbers = itertools.count(10**9, SLOTS)
    monkeypatch.setattr("sharing.feeds.numbers._draw", lambda: next(numbers))
    names = itertools.count(2 * 10**9)
    monkeypatch.setattr("sharing.misp.numbers.draw", lambda: next(names))


@pytest.fixture
def author(db: None) -> Institution:
    """Who says what the reader may not see."""
    return make_institution("Ailleurs")


@pytest.fixture
def reader(author: Institution, kind: Kind) -> Reader:
    """Somebody who sees the neighbours of the value, and has been here before."""
    institution = make_institution("Ici")
    make_institution("Un tiers")
    for type_name, value in kind.neighbours:
        contribute(author, value, type_name=type_name, seen=NOW - timedelta(hours=2))
    contribute(institution, "45.8.8.8", seen=NOW - timedelta(hours=3))
    publish()
    token = make_token(institution, scopes=list(Scope))
    person = Client()
    person.force_login(make_member(institution, role=Role.MANAGER, administrator=True))
    views = dict(View.objects.values_list("audience", "public_id"))
    machine = Client(headers={"Authorization": f"Bearer {token}"})
    machine.get("/taxii2/")  # its first use is noted
    person.get("/")
    machine.get("/feeds/suricata")  # the neighbours get their rule numbers
    machine.get("/events/index")  # and their names in MISP
    depot = depot_of(viewer_for(institution)).public_id
    feed_keys.switch(on=True, actor=PLATFORM)
    feed_key = make_token(institution, feed="csv")
    for name in ("suivi", "unread"):
        create_profile(institution, name=name, format="csv", actor=PLATFORM)
    create_profile(institution, name="dossier", format="misp", actor=PLATFORM)
    profile_key, folder_key = (make_token(institution, feed=f"p/{name}") for name in ("suivi", "dossier"))
    open_to_public(opened=True, actor=PLATFORM)
    publish()
    machine.get("/feeds/p/suivi.csv")  # its first pull is noted
    machine.get("/feeds/p/dossier/manifest.json")
    Client().get(f"/feeds/k/{folder_key}/p/dossier/manifest.json")
    Client().get(f"/feeds/k/{profile_key}/p/suivi.csv")
    Client().get(f"/feeds/k/{feed_key}/csv.csv")
    community, own = views[COMMUNITY], views[inbox(institution.pk)]
    return Reader(institution, machine, person, Client(), community, own, depot, feed_key, profile_key, folder_key)


def say(author: Institution, kind: Kind, **extra: Any) -> Contribution:
    """The author says something; it is published under the ids that the subject names, and enriched."""
    made = contribute(
        author, kind.value, type_name=kind.type, public_id=CONTRIBUTION, tags=["secret"], comment="hameçonnage",
        seen=NOW - timedelta(hours=1), **extra,
    )  # fmt: skip
    if made.tlp != TLP.RED:  # which no machine sees
        report(author, made, "seen", seen_at=NOW)
    publish()
    Entry.objects.filter(indicator=made.indicator).update(stix_id=STIX)
    enrich_indicators([made.indicator.pk])
    return made


def hidden_own(author: Institution, kind: Kind) -> None:
    """For the author's own institution, who contests it too."""
    made = say(author, kind, audience="own")
    report(author, made, "false-positive")
    report(author, made, "expired")
    publish()


def hidden_addressed(author: Institution, kind: Kind) -> None:
    """For a third institution."""
    say(author, kind, audience="recipients", recipients=[Institution.objects.get(name="Un tiers")])


def hidden_above_the_ceiling(author: Institution, kind: Kind) -> None:
    """For the community, but marked above what any exit carries."""
    say(author, kind, tlp=TLP.RED)


def hidden_and_withdrawn(author: Institution, kind: Kind) -> None:
    """Never visible, and taken back."""
    withdraw(say(author, kind, audience="own"))
    publish()


# — How two answers are compared —

_NEW_EACH_TIME = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids of entries, submissions, statements
    r"|(?<=-)[0-9a-f]{32}|[A-Za-z0-9]{64}|(?<=sid:)\d+"  # cursors; tokens against forgery; rule numbers
    r"|\b20000\d{5}\b"  # MISP's numbers
    r"|(?<=\"Sighting\":{\"id\":\")\d+"  # that of the sighting just told
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything of an answer that a reader can see, and what the database was asked for it."""

    status: int
    headers: dict[str, str]
    body: str
    statements: tuple[str, ...]


def answer_to(asking: Asking, reader: Reader, subject: Subject) -> Answer:
    """Ask, and undo what asking changed."""
    answers: list[Any] = []

    def ask() -> None:
        answers.append(asking.ask(reader, subject))

    with transaction.atomic():
        statements = statements_of(ask)
        transaction.set_rollback(True)
    (answer,) = answers
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    body = _NEW_EACH_TIME.sub("…", content.decode("utf-8", "backslashreplace"))
    headers = {name: _NEW_EACH_TIME.sub("…", text) for name, text in answer.headers.items()}
    if headers.get("Content-Length") == str(len(content)):  # what is new each time may be longer, too
        headers["Content-Length"] = str(len(body))
    return Answer(answer.status_code, headers, body, tuple(statements))


def all_answers(reader: Reader, subject: Subject) -> dict[str, Answer]:
    """Every exit, asked in every way."""
    return {name: answer_to(asking, reader, subject) for name, asking in ASKINGS.items()}


def differences(before: Answer, after: Answer) -> list[str]:
    """What tells one answer from another, line by line."""
    told = [("body", before.body, after.body), ("statements", *("\n".join(a.statements) for a in (before, after)))]
    found = [f"status {before.status} {after.status}"] if before.status != after.status else []
    found += [f"header {item}" for item in sorted(set(before.headers.items()) ^ set(after.headers.items()))]
    for name, first, second in told:
        lines = difflib.unified_diff(first.splitlines(), second.splitlines(), lineterm="", n=0)
        found += [f"{name} {line[:300]}" for line in lines if not line.startswith(("---", "+++", "@@"))]
    return found


def told_apart(before: dict[str, Answer], after: dict[str, Answer]) -> dict[str, list[str]]:
    """The exits that answer differently, with the differences."""
    return {name: found for name in ASKINGS if (found := differences(before[name], after[name]))}


# Each way of hiding with one sort of value, each sort of value with one way of hiding.
HIDDEN = [
    (KINDS[0], hidden_own),
    (KINDS[1], hidden_addressed),
    (KINDS[2], hidden_above_the_ceiling),
    (KINDS[1], hidden_and_withdrawn),
]


@pytest.mark.parametrize(("kind", "hide"), HIDDEN)
def test_no_exit_betrays_what_the_reader_may_not_see(
    hide: Callable[[Institution, Kind], None], author: Institution, kind: Kind, reader: Reader, subject: Subject
) -> None:
    before = all_answers(reader, subject)
    hide(author, kind)
    assert told_apart(before, all_answers(reader, subject)) == {}


def test_every_exit_that_tells_something_tells_what_the_reader_may_see(
    author: Institution, kind: Kind, reader: Reader, subject: Subject
) -> None:
    """The control: were the comparison blind, this would fail."""
    before = all_answers(reader, subject)
    say(author, kind)
    told = set(told_apart(before, all_answers(reader, subject)))
    assert told == {name for name, asking in ASKINGS.items() if asking.tells_of(kind.type)}


def test_what_is_addressed_to_the_reader_reaches_the_reader_alone(
    author: Institution, kind: Kind, reader: Reader, subject: Subject
) -> None:
    before = all_answers(reader, subject)
    say(author, kind, audience="recipients", recipients=[reader.institution])
    told = set(told_apart(before, all_answers(reader, subject)))
    collections = "taxii2/api/collections/<str:collection_id>/"
    assert f"{collections}objects/ · {INBOX}objects/" in told
    assert not [name for name in told if COLLECTION in name]
    everywhere = {
        name for name, asking in ASKINGS.items() if asking.tells_of(kind.type) and not name.startswith("taxii2")
    }
    assert everywhere - told <= {"api/v1/indicators · /api/v1/indicators?limit=1"}  # the newest is another one


@pytest.mark.parametrize(("kind", "hide"), HIDDEN[:2])
def test_sharing_it_oneself_does_not_betray_it_either(
    hide: Callable[[Institution, Kind], None], author: Institution, kind: Kind, reader: Reader, subject: Subject
) -> None:
    """What the reader learns of a value after sharing it follows from what the reader said."""

    def shared() -> dict[str, Answer]:
        with transaction.atomic():
            answer = reader.machine.post("/api/v1/submissions", kind.value, content_type="text/plain")
            assert answer.json()["counts"]["accepted"] == 1
            publish()
            found = all_answers(reader, subject)
            transaction.set_rollback(True)
        return found

    alone = shared()
    hide(author, kind)
    assert told_apart(alone, shared()) == {}


# — Closed doors —


def _paths(kind: str) -> list[str]:
    """One for each route of pages, or of machines."""
    subject = Subject("45.1.2.3", CONTRIBUTION, CONTRIBUTION, STIX, "45.1.2.0/24")
    found = []
    for route, entry in ROUTES.items():
        path = re.sub(r"<[^>]+>", str(subject.public_id), route.strip("^$")).replace(".+", "x")
        if entry.kind == kind:
            feed = kind == "machine" and "feeds" in path  # some of those routes take no id
            found.append("/feeds/csv" if feed else f"/{path}")
    return found


# All paths in one test: each of them answers in a moment, and what a test begins with takes longer than that.


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_a_stranger_opens_nothing(method: str) -> None:
    met = {path: getattr(Client(), method)(path) for path in _paths("page")}
    opened = {path: answer.status_code for path, answer in met.items() if not _sends_away(answer)}
    assert opened == {}
    asked = {path: getattr(Client(), method)(path) for path in _paths("machine")}
    told = {
        path: answer.status_code
        for path, answer in asked.items()
        if answer.status_code != 401 or "Basic" not in answer["WWW-Authenticate"]
    }
    assert told == {}
    assert len(met) > 50
    assert len(asked) > 50


def _sends_away(answer: Any) -> bool:
    if answer.status_code == 405:
        return True
    return bool(answer.status_code == 302 and answer["Location"].startswith("/accounts/login/"))


@pytest.mark.django_db
def test_a_token_without_scopes_opens_no_machine_exit() -> None:
    """With the scope of another exit alone: of evidence elsewhere, and elsewhere's of evidence."""
    elsewhere = make_token(make_institution(), scopes=[Scope.EVIDENCE_READ])
    evidence = make_token(make_institution("Ailleurs"), scopes=[Scope.INDICATORS_READ])
    met = {}
    for path in _paths("machine"):
        token = evidence if "/evidence/" in path else elsewhere
        met[path] = Client().get(path, headers={"Authorization": token}).status_code
    assert len(met) > 50
    assert {path: status for path, status in met.items() if status not in {403, 404, 405}} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_suspended_institution_sees_no_page(method: str) -> None:
    institution = make_institution()
    client = Client()
    client.force_login(make_member(institution, role=Role.MANAGER, administrator=True))
    Institution.objects.update(state=Institution.State.SUSPENDED)
    met = {path: getattr(client, method)(path).headers.get("Location") for path in _paths("page")}
    assert len(met) > 50
    assert {path: where for path, where in met.items() if where != "/account/waiting"} == {}
