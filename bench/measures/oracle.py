"""Whether the time of an answer tells that a value which the reader may not see is there.

tests/contract/test_exits.py compares status, headers, body and statements; what is left is time. Each exit is asked for
hidden values and for values that nobody has, in one run and by turns, the first of each pair by lot.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import ClassVar
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.test import Client as Browser

from bench.base import Measure, measures
from bench.client import Client, Unexpected, get, post
from bench.measures.taxii_pull import ACCEPT
from bench.ranks import chance_of_longer
from bench.table import Row
from bench.timing import RUNS
from bench.world import World
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.services import create_member, create_token
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.recognise import recognise
from iocmarket.kernel.ids import public_id_of
from iocmarket.publication.models import View

PAIRS = 60 * RUNS
CONFIDENCE = 0.999
"""Of each row: a run of fifteen rows then says once in seventy that it found what is not there."""
_SLOWER = 3
_FORGERY = "a" * 32
# Nobody but their authors, or those to whom they are addressed, sees these; the reader is neither.
_HIDDEN = """SELECT i.value, i.public_id::text, min(c.public_id::text), min(e.stix_id::text)
FROM indicators_indicator i JOIN indicators_contribution c ON c.indicator_id = i.id
JOIN publication_entry e ON e.indicator_id = i.id
GROUP BY i.id HAVING bool_and(
  c.audience <> 'community' AND c.institution_id <> %s AND NOT c.recipients @> ARRAY[%s]::bigint[]
)
ORDER BY random() LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Subject:
    """One value under every name by which it can be asked for."""

    value: str
    public_id: str
    contribution: str
    stix_id: str


@dataclass(frozen=True, slots=True)
class Exit:
    """One way to ask, and the status of every answer."""

    name: str
    request: Callable[[Subject], bytes]
    status: int = 200
    share: int = 1
    """How many times fewer pairs than elsewhere: for what is slow."""
    before: Callable[[], object] = lambda: None


class Oracle(Measure):
    """Pairs of a hidden value and of an unknown one of the same type."""

    name: ClassVar[str] = "oracle"
    order: ClassVar[int] = 115

    def run(self, world: World) -> Iterable[Row]:
        """For each exit both medians, and the chance that a hidden value takes longer."""
        pairs = list(_pairs(world))
        _become_members(world, [hidden for hidden, _ in pairs[: len(pairs) // _SLOWER]])
        for asked in [*_machine(world), *_browser(world), *_submitting(world), *_accounts()]:
            yield _row(world, asked, pairs[: len(pairs) // asked.share])


def _row(world: World, asked: Exit, pairs: list[tuple[Subject, Subject]]) -> Row:
    client, turns = Client(world.port), random.Random(asked.name)
    taken: tuple[list[float], list[float]] = ([], [])
    for pair in pairs:
        asked.before()
        for which in turns.sample((0, 1), 2):
            request = asked.request(pair[which])
            started = time.perf_counter()
            client.ask(request, status=asked.status)
            taken[which].append(time.perf_counter() - started)
    client.close()
    hidden, unknown = taken
    chance = chance_of_longer(hidden, unknown, confidence=CONFIDENCE)
    told = f"a hidden one takes longer with a chance of {chance.value:.3f} ± {chance.margin:.3f}; {len(pairs)} pairs"
    return Row(
        what=f"hidden or unknown: {asked.name}", ours=1000 * median(hidden), unit="ms",
        reference=1000 * median(unknown), against="unknown", goal="chance holds 0.5", met=not chance.tells, note=told,
    )  # fmt: skip


def _pairs(world: World) -> Iterator[tuple[Subject, Subject]]:
    """Hidden, unknown. Raises Unexpected where too few are hidden."""
    reader = world.reader.institution.pk
    hidden = [Subject(*row) for row in world.rows(_HIDDEN, reader, reader, PAIRS)]
    if len(hidden) < 10:
        raise Unexpected(f"{len(hidden)} hidden values say nothing")
    fresh: dict[str, list[str]] = {}
    for value in world.fresh(100 * len(hidden)):
        fresh.setdefault(recognise(value).type.name, []).append(value)
    for one in hidden:
        name = recognise(one.value).type.name
        yield one, _unknown(name, fresh[name].pop())


def _unknown(name: str, value: str) -> Subject:
    public_id = public_id_of(name, value, key=settings.INDICATOR_ID_KEY.encode())
    return Subject(value, str(public_id), str(uuid4()), str(uuid4()))


def _machine(world: World) -> list[Exit]:
    """What only reads, or is refused."""
    token = create_token(
        institution=world.reader.institution, name="oracle", scopes=list(Scope), made_by=None, actor=PLATFORM
    )
    secret, view = token.secret, View.objects.filter(audience="community").earliest("pk")
    collection = f"/taxii2/api/collections/{view.public_id}/objects/"

    def listed(name: str) -> Callable[[Subject], bytes]:
        return lambda one: get(f"/api/v1/indicators?{urlencode({name: one.value})}", secret)

    def sighting(one: Subject) -> bytes:
        return post("/api/v1/sightings", secret, {"sightings": [{"value": one.value, "kind": "seen"}]})

    def taxii(path: str) -> Callable[[Subject], bytes]:
        return lambda one: get(collection + path.format(one.stix_id), secret, Accept=ACCEPT)

    return [
        Exit("look-up", lambda one: post("/api/v1/lookup", secret, {"values": [one.value]})),
        Exit("list by value", listed("value")),
        Exit("list by text", listed("q")),
        Exit("by id", lambda one: get(f"/api/v1/indicators/{one.public_id}", secret), 404),
        Exit("statement, amended", lambda one: _amended(one, secret), 404),
        Exit("sighting", sighting),
        Exit("TAXII object", taxii("indicator--{}/"), 404),
        Exit("TAXII match", taxii("?match[id]=indicator--{}")),
        Exit("submission, dry run", lambda one: _submitted(one, secret, "?dry_run=1")),
    ]


def _amended(one: Subject, secret: str) -> bytes:
    return post(f"/api/v1/contributions/{one.contribution}", secret, {"tlp": "CLEAR"}).replace(b"POST", b"PATCH", 1)


def _submitted(one: Subject, secret: str, query: str = "") -> bytes:
    told = {"indicators": [one.value], "defaults": {"audience": "own"}}
    return post(f"/api/v1/submissions{query}", secret, told)


def _submitting(world: World) -> list[Exit]:
    """Each value once: afterwards it is known."""
    secret = world.reader.secret
    return [Exit("submission", lambda one: _submitted(one, secret), 201)]


def _browser(world: World) -> list[Exit]:
    """Pages."""
    member = create_member(
        email="reader@bench.example", institution=world.reader.institution, role=Role.CONTRIBUTOR, actor=PLATFORM
    )
    browser = Browser()
    browser.force_login(member)
    told = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"

    def shared(one: Subject) -> bytes:
        form = {"text": one.value, "tlp": "amber", "pap": "green", "threat_type": "scan", "audience": "community"}
        return _form("/share", {**form, "act": "look"}, told)

    return [
        Exit("page of a value", lambda one: _page(f"/i/{one.public_id}", told), 404),
        Exit("page of a search", lambda one: _page(f"/search?{urlencode({'q': one.value})}", told)),
        Exit("page of sharing, looked at", shared),
    ]


def _accounts() -> list[Exit]:
    """An address that a member has, or nobody. The limits of guessing are forgotten before each pair."""

    def told(one: Subject) -> str:
        return f"{one.public_id}@bench.example"

    def logged_in(one: Subject) -> bytes:
        return _form("/accounts/login/", {"login": told(one), "password": "not the right one"})

    def reset(one: Subject) -> bytes:
        return _form("/accounts/password/reset/", {"email": told(one)})

    return [
        Exit("log-in, wrong password", logged_in, share=_SLOWER, before=cache.clear),
        Exit("forgotten password", reset, 302, share=_SLOWER, before=cache.clear),
    ]


def _become_members(world: World, subjects: Iterable[Subject]) -> None:
    """The hidden ones get an account each, by the name that `_accounts` asks for."""
    for one in subjects:
        create_member(
            email=f"{one.public_id}@bench.example", institution=world.reader.institution, password=str(uuid4()),
            actor=PLATFORM,
        )  # fmt: skip


def _page(path: str, cookies: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\nContent-Length: 0\r\n\r\n".encode()


def _form(path: str, fields: dict[str, str], cookies: str = "") -> bytes:
    body = urlencode(fields)
    both = "; ".join(filter(None, (cookies, f"{settings.CSRF_COOKIE_NAME}={_FORGERY}")))
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {both}\r\nX-CSRFToken: {_FORGERY}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


measures.register(Oracle())
