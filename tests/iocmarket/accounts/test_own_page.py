"""The person's own page: the name, the browsers that are logged in, and proofs that are fresh."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client, RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.models import Member, Token
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.audit.models import Event
from iocmarket.kernel.marking import FULL
from tests.factories import PASSWORD, make_member
from tests.second_factors import code_of, give_app

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The same second until a test moves on."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def member() -> Member:
    """Somebody."""
    return make_member(role=Role.MANAGER)


def browser_of(member: Member, agent: str = FIREFOX) -> Client:
    """A browser in which that person has logged in."""
    client = Client(headers={"User-Agent": agent})
    assert client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})["Location"] == "/"
    return client


def is_in(client: Client) -> bool:
    """Whether the first page opens."""
    return bool(client.get("/").status_code == 200)


def test_a_name_is_changed_and_nothing_else(member: Member) -> None:
    client = browser_of(member)
    said = {
        "name": "Ada",
        "language": "fr",
        "role": "manager",
        "is_administrator": "on",
        "email": "x@example.org",
        "state": "approved",
    }
    before = Member.objects.filter(pk=member.pk).values("role", "is_administrator", "email", "state", "institution")
    kept = list(before)
    assert client.post("/account", said)["Location"] == "/account"
    assert list(before.all()) == kept
    assert Member.objects.get(pk=member.pk).name == "Ada"
    assert client.post("/account", {"name": "", "language": "fr"}).status_code == 422


def test_the_page_names_each_browser(member: Member) -> None:
    here = browser_of(member)
    browser_of(member, "curl/8")
    page = here.get("/account").content.decode()
    assert "Firefox, Linux" in page
    assert "curl/8" in page
    assert [one["here"] for one in here.get("/account").context["sessions"]].count(True) == 1


def test_a_browser_that_was_left_open_is_logged_out_from_another(member: Member) -> None:
    here, there = browser_of(member), browser_of(member)
    other = next(one["pk"] for one in here.get("/account").context["sessions"] if not one["here"])
    assert is_in(there)
    assert here.post("/account/sessions/end", {"session": other})["Location"] == "/account"
    assert not is_in(there)
    assert there.get("/api/v1/indicators").status_code == 401
    assert is_in(here)
    assert Event.objects.filter(action="member.session_ended").count() == 1


def test_nobody_ends_the_session_of_somebody_else(member: Member) -> None:
    here, there = browser_of(member), browser_of(make_member())
    other = UserSession.objects.exclude(user=member).get()
    for said in (str(other.pk), "999999", "9" * 40, "x", "-1", "²"):
        assert here.post("/account/sessions/end", {"session": said}).status_code == 404, said
    assert here.post("/account/sessions/end").status_code == 404
    assert here.get("/account/sessions/end", {"session": other.pk}).status_code == 405
    assert is_in(there)


def test_all_other_browsers_are_logged_out_at_once(member: Member) -> None:
    here, there = browser_of(member), browser_of(member)
    unlisted = Client()
    unlisted.force_login(Member.objects.get(pk=member.pk))
    assert here.post("/account/sessions/end-others")["Location"] == "/account"
    assert is_in(here)
    assert not is_in(there)
    assert not is_in(unlisted)
    assert [one["here"] for one in here.get("/account").context["sessions"]] == [True]


def test_a_new_password_ends_the_other_sessions(member: Member) -> None:
    here, there = browser_of(member), browser_of(member)
    new = "orage tambour citron violet"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_in(here)
    assert not is_in(there)


def test_a_sensitive_act_asks_for_a_fresh_proof_and_then_is_done(member: Member, clock: time_machine.Traveller) -> None:
    here, there = browser_of(member), browser_of(member)
    clock.shift(timedelta(minutes=16))
    asked = here.post("/account/sessions/end-others")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert is_in(there)
    wrong = here.post(asked["Location"], {"password": "wrong"})
    assert wrong.status_code == 200
    assert is_in(there)
    here.post(asked["Location"], {"password": PASSWORD, "next": "/account/sessions/end-others"})
    assert not is_in(there)
    assert is_in(here)
    assert here.post("/account/sessions/end-others")["Location"] == "/account", "it holds for a while"


def test_no_token_is_made_from_a_browser_that_was_left_open(member: Member, clock: time_machine.Traveller) -> None:
    here = browser_of(member)
    clock.shift(timedelta(minutes=16))
    wanted = {
        "name": "Sonde", "scopes": ["feeds:read"], "days": "90", "tlp_ceiling": str(FULL.tlp.value),
        "operated_by": "self",
    }  # fmt: skip
    asked = here.post("/account/tokens", wanted)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert here.get("/account/tokens").status_code == 200, "reading is not asked about"
    assert not Token.objects.exists()
    answer = here.post(asked["Location"], {"password": PASSWORD, "next": "/account/tokens"})
    assert answer.status_code == 200
    assert Token.objects.get().name == "Sonde"


@pytest.mark.parametrize(
    "path",
    [
        "/tools/new?tool=BIND&format=rpz", "/tools/policy", "/tools/feeds/campus", "/tools/feeds/campus/access",
        "/tools/feeds/campus/delete", "/transfers", f"/transfers/{UUID(int=1)}/rotate", "/subscriptions",
        f"/subscriptions/{UUID(int=1)}/resume", "/webhooks", "/account/tokens/mail",
    ],
)  # fmt: skip
def test_whatever_makes_keys_or_says_what_leaves_or_comes_in_asks_who_is_there(
    member: Member, clock: time_machine.Traveller, path: str
) -> None:
    here = browser_of(member)
    assert not here.post(path).headers.get("Location", "").startswith("/accounts/"), "not within a quarter of an hour"
    clock.shift(timedelta(minutes=16))
    asked = here.post(path)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/accounts/reauthenticate/")


class Act(ScopedView):
    """An act of managers."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN, "POST": Scope.INSTITUTION_ADMIN}

    def get(self, request: Request) -> Response:
        """Read."""
        return Response({})

    def post(self, request: Request) -> Response:
        """Act."""
        return Response({})


@pytest.mark.parametrize(("minutes", "posted"), [(14, 200), (16, 403)])
def test_a_machine_exit_lets_a_session_act_only_soon_after_its_log_in(
    member: Member, clock: time_machine.Traveller, minutes: int, posted: int
) -> None:
    here = browser_of(member)
    clock.shift(timedelta(minutes=minutes))
    made = []
    for method in ("get", "post"):
        request = getattr(RequestFactory(), method)("/")
        request.session, request.user = here.session, member
        request._dont_enforce_csrf_checks = True
        made.append(Act.as_view()(request).status_code)
    assert made == [200, posted]


def test_a_borrowed_session_changes_no_second_factor(member: Member, clock: time_machine.Traveller) -> None:
    secret = give_app(member)
    client = Client()
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert is_in(client)
    clock.shift(timedelta(minutes=16))
    for path in ("totp/deactivate/", "recovery-codes/generate/", "webauthn/add/"):
        answer = client.post(f"/accounts/2fa/{path}")
        assert answer.status_code == 302, path
        assert "reauthenticate" in answer["Location"], path
    assert Authenticator.objects.filter(user=member, type="totp").exists()
    proof = client.post("/accounts/2fa/reauthenticate/", {"code": code_of(secret), "next": "/account"})
    assert proof["Location"] == "/account"
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert not Authenticator.objects.filter(user=member, type="totp").exists()
    assert Event.objects.filter(action="member.factor_removed", details__kind="totp").count() == 1
