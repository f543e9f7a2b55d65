"""Whoever is out is out everywhere at the next request: pages, API, feeds, TAXII in the middle of its paging."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.people import remove_member
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.services import create_token
from iocmarket.accounts.standing import reinstate_institution, suspend_institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.departing import leave_community
from iocmarket.indicators.merging import merge_institutions
from iocmarket.publication.audiences import COMMUNITY
from iocmarket.publication.models import View
from tests.contract.exits import ROUTES
from tests.factories import contribute, make_institution, make_member, publish

pytestmark = pytest.mark.django_db
METHODS = ("get", "head", "post", "put", "patch", "delete")
NOWHERE = "6f1c2f9e-3b57-4f0e-9a57-0c5b1d2e3f40"


def _suspend(member: Member, house: Institution) -> None:
    del member
    suspend_institution(house, reason="charter", actor=PLATFORM)


def _leave(member: Member, house: Institution) -> None:
    del member
    leave_community(house, actor=PLATFORM)


def _merge(member: Member, house: Institution) -> None:
    del member
    merge_institutions(house, make_institution(), actor=PLATFORM)


def _remove(member: Member, house: Institution) -> None:
    del house
    remove_member(member, by=make_member(administrator=True))


WAYS_OUT: list[Callable[[Member, Institution], None]] = [_suspend, _leave, _merge, _remove]


class Visitor:
    """A manager's session, and a token of every scope that this person made."""

    def __init__(self) -> None:
        self.house = make_institution("Ici")
        make_member(self.house, role=Role.MANAGER)
        make_member(administrator=True)
        self.member = make_member(self.house, role=Role.MANAGER)
        made = create_token(institution=self.house, name="all", scopes=list(Scope), made_by=self.member, actor=PLATFORM)
        publish()
        self.person = Client()
        self.person.force_login(self.member)
        self.machine = Client(headers={"Authorization": f"Bearer {made.secret}"})


def paths(kind: str) -> list[str]:
    """One path of each route of that kind."""
    found = []
    for route, entry in ROUTES.items():
        if entry.kind == kind:
            path = re.sub(r"<(?:str|feed):name>", "csv", route.strip("^$"))
            path = re.sub(r"<misp-file:\w+>", "manifest.json", path)
            path = re.sub(r"<[^>]+>", NOWHERE, path).replace(".+", "x")
            found.append(f"/{path}")
    return found


def _turned_away(answer: Any) -> bool:
    return answer.status_code == 302 and str(answer["Location"]).startswith(("/account/waiting", "/accounts/login/"))


def opened(visitor: Visitor) -> list[str]:
    """What still opens: pages that are not a way to the log-in or the waiting page, machine exits that are not 401."""
    found = []
    for method in METHODS:
        for path in paths("page"):
            answer = getattr(visitor.person, method)(path)
            if not _turned_away(answer) and answer.status_code != 405:
                found.append(f"{method} {path} by session: {answer.status_code}")
        for path in paths("machine"):
            for who, client in (("token", visitor.machine), ("session", visitor.person)):
                answer = getattr(client, method)(path)
                if answer.status_code not in {401, 405} and not (who == "session" and _turned_away(answer)):
                    found.append(f"{method} {path} by {who}: {answer.status_code}")
        cache.clear()  # the limits of bad tokens and strangers
    return found


def test_the_control_somebody_who_is_in_opens_nearly_everything() -> None:
    visitor = Visitor()
    pages = [path for path in paths("page") if visitor.person.get(path).status_code == 200]
    exits = [path for path in paths("machine") if visitor.machine.get(path).status_code == 200]
    assert {"/", "/search", "/share", "/members", "/account/tokens"} <= set(pages)
    assert {"/api/v1/indicators", "/feeds/csv", "/taxii2/"} <= set(exits)


@pytest.mark.parametrize("go", WAYS_OUT, ids=lambda go: go.__name__.strip("_"))
def test_whoever_is_out_is_out_at_every_exit(go: Callable[[Member, Institution], None]) -> None:
    visitor = Visitor()
    assert visitor.person.get("/").status_code == 200
    assert visitor.machine.get("/api/v1/indicators").status_code == 200
    go(visitor.member, visitor.house)
    assert opened(visitor) == []


def test_a_running_taxii_paging_stops_and_goes_on_when_it_is_let_in_again() -> None:
    visitor = Visitor()
    for number in range(3):
        contribute(make_institution(), f"45.1.1.{number}")
    publish()
    collection = View.objects.get(audience=COMMUNITY).public_id
    base = f"/taxii2/api/collections/{collection}/objects/?limit=1"
    first = visitor.machine.get(base).json()
    assert first["more"] is True
    suspend_institution(visitor.house, reason="charter", actor=PLATFORM)
    assert visitor.machine.get(f"{base}&next={first['next']}").status_code == 401
    reinstate_institution(visitor.house, actor=PLATFORM)
    assert visitor.machine.get(f"{base}&next={first['next']}").status_code == 200
