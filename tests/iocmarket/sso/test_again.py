"""A fresh proof of somebody whom only a provider knows: asked for at the provider, believed when it says when."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from iocmarket.accounts.models import Member, Token
from iocmarket.accounts.reauthentication import LOGGED_IN_AT
from iocmarket.accounts.roles import Role
from tests.factories import PASSWORD, make_member
from tests.iocmarket.sso.browser import Browser
from tests.iocmarket.sso.conftest import World, configure, says
from tests.iocmarket.sso.saml_idp import XMLSEC1, IdP
from tests.second_factors import code_of, give_app

Issuers = tuple[str, str]
IdPs = tuple[IdP, IdP]
TOKENS = "/account/tokens"
FORM = {"name": "SIEM", "scopes": ["feeds:read"], "tlp_ceiling": "3", "operated_by": "self", "days": "90"}
AGAIN = f"/accounts/sso/again?next={TOKENS.replace('/', '%2F')}"
needs_xmlsec1 = pytest.mark.skipif(XMLSEC1 is None, reason="xmlsec1 signs the provider's answers")


def let_in(sub: str = "ada@a.example") -> Member:
    """The applicant whom the provider brought is a manager from now on."""
    Member.objects.filter(email=sub).update(state=Member.State.APPROVED, role=Role.MANAGER)
    return Member.objects.get(email=sub)


def grown_old(client: Client) -> None:
    """The log-in of this browser was an hour ago."""
    session = client.session
    session[LOGGED_IN_AT] = time.time() - 3600
    session["account_authentication_methods"] = []
    session.save()


@pytest.fixture
def manager(oidc: Issuers) -> Browser:
    """Ada, a manager whom only her provider knows, in a browser that was left open for an hour."""
    says(oidc[0], "ada", time.time())
    Browser().through_oidc("a", "ada")
    let_in()
    browser = Browser()
    browser.through_oidc("a", "ada")
    grown_old(browser.client)
    return browser


def begin(browser: Browser) -> str:
    """Send the form that needs a proof, and press the button of the page that asks for it; the provider's address."""
    asked = browser.client.post(TOKENS, FORM)
    assert (asked.status_code, asked["Location"]) == (302, AGAIN)
    page = browser.client.get(AGAIN)
    assert 'formaction="/accounts/sso/to/a"' in page.content.decode()
    return browser.leave("a", process="again", next=TOKENS)


def test_the_provider_is_asked_for_a_new_log_in_and_what_was_sent_is_done_by_a_button(
    oidc: Issuers, manager: Browser
) -> None:
    where = begin(manager)
    asked = parse_qs(urlsplit(where).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    says(oidc[0], "ada", time.time())
    back = manager.client.get(manager.at_oidc(where, "ada"))
    assert (back.status_code, back["Location"]) == (302, AGAIN)
    assert manager.client.get(AGAIN).status_code == 200
    assert not Token.objects.exists(), "coming back does nothing by itself"
    done = manager.client.post("/accounts/sso/again", {"next": TOKENS})
    assert done.status_code == 200
    assert Token.objects.get().name == "SIEM"


@pytest.mark.parametrize("said", ["an hour ago", "two minutes ago", "nothing", "no number", "tomorrow"])
def test_a_provider_that_does_not_ask_again_proves_nothing(oidc: Issuers, manager: Browser, said: str) -> None:
    moments: dict[str, float | str | None] = {
        "an hour ago": time.time() - 3600, "two minutes ago": time.time() - 120, "nothing": None,
        "no number": "now", "tomorrow": time.time() + 86400,
    }  # fmt: skip
    where = begin(manager)
    says(oidc[0], "ada", moments[said])
    back = manager.client.get(manager.at_oidc(where, "ada"))
    assert back.status_code == 403
    assert "n’a pas confirmé" in back.content.decode()
    assert manager.client.post("/accounts/sso/again", {"next": TOKENS})["Location"] == AGAIN
    assert not Token.objects.exists()


def test_another_person_at_the_same_provider_proves_nothing(oidc: Issuers, manager: Browser) -> None:
    says(oidc[0], "bob", time.time())
    Browser().through_oidc("a", "bob")
    back = manager.client.get(manager.at_oidc(begin(manager), "bob"))
    assert back.status_code == 403
    assert manager.member.email == "ada@a.example", "and nobody is logged in instead"
    assert manager.client.post(TOKENS, FORM)["Location"] == AGAIN


def test_only_a_provider_that_one_is_connected_to_is_gone_to(manager: Browser) -> None:
    assert manager.client.post("/accounts/sso/to/b", {"process": "again"}).status_code == 404
    assert Client().post("/accounts/sso/to/a", {"process": "again"}).status_code == 404


@pytest.mark.parametrize(("ago", "fresh"), [(5, True), (3600, False), (None, False)], ids=str)
def test_a_log_in_is_as_old_as_the_provider_says(oidc: Issuers, ago: float | None, fresh: bool) -> None:
    """Else somebody at a browser left open would log out and in again without being asked anything."""
    says(oidc[0], "ada", time.time())
    Browser().through_oidc("a", "ada")
    let_in()
    says(oidc[0], "ada", None if ago is None else time.time() - ago)
    browser = Browser()
    browser.through_oidc("a", "ada")
    answer = browser.client.post(TOKENS, FORM)
    assert (answer.status_code == 200) is fresh
    assert Token.objects.exists() is fresh


def test_a_factor_that_was_given_at_the_log_in_is_a_proof(oidc: Issuers) -> None:
    says(oidc[0], "ada", None)
    Browser().through_oidc("a", "ada")
    secret = give_app(let_in())
    browser = Browser()
    assert browser.through_oidc("a", "ada")["Location"] == "/accounts/2fa/authenticate/"
    browser.client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert browser.client.post(TOKENS, FORM).status_code == 200


def test_the_own_factor_proves_it_too_and_the_provider_is_offered_beside_it(manager: Browser) -> None:
    secret = give_app(Member.objects.get(email="ada@a.example"))
    asked = manager.client.post(TOKENS, FORM)["Location"]
    assert asked.startswith("/accounts/2fa/reauthenticate/?next=")
    assert "/accounts/sso/again?next=" in manager.client.get(asked).content.decode()
    assert manager.client.post(asked, {"code": code_of(secret)}).status_code == 200
    assert Token.objects.count() == 1


@pytest.mark.parametrize("path", ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"])
def test_nobody_adds_a_factor_from_a_browser_left_open(manager: Browser, path: str) -> None:
    for answer in (manager.client.get(path), manager.client.post(path, {"code": "123456", "name": "x"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/sso/again?next=")


def test_a_machine_exit_says_that_a_proof_is_missing(manager: Browser) -> None:
    said = manager.client.post(
        "/api/v1/tokens", {"name": "x", "scopes": ["feeds:read"]}, content_type="application/json"
    )
    assert (said.status_code, said.json()["code"]) == (403, "fresh_login_required")


def test_without_any_way_left_the_page_says_so(manager: Browser, settings: Settings) -> None:
    configure(settings, [])
    assert manager.client.post(TOKENS, FORM)["Location"] == AGAIN
    assert "n’est plus relié" in manager.client.get(AGAIN).content.decode()


def test_who_has_a_password_is_asked_for_it_first(oidc: Issuers, world: World) -> None:
    member = make_member(world.a, role=Role.MANAGER)
    member.set_password(PASSWORD)
    member.save()
    client = Client()
    client.force_login(member)
    grown_old(client)
    asked = client.post(TOKENS, FORM)["Location"]
    assert asked.startswith("/accounts/reauthenticate/")
    assert client.post(asked, {"password": PASSWORD}).status_code == 200
    assert Token.objects.count() == 1


def test_nobody_is_sent_elsewhere_afterwards(manager: Browser) -> None:
    session = manager.client.session
    session[LOGGED_IN_AT] = time.time()
    session.save()
    for wanted in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        assert manager.client.get("/accounts/sso/again", {"next": wanted})["Location"] == "/account"
        assert manager.client.post("/accounts/sso/again", {"next": wanted})["Location"] == "/account"


# — SAML —


@pytest.fixture
def forced(saml: IdPs) -> Any:
    """As above, at the SAML provider; its own session began a day ago."""
    Browser().through_saml("a")
    let_in()
    saml[0].session_began = time.time() - 86400
    browser = Browser()
    browser.through_saml("a")
    yield browser
    saml[0].session_began, saml[0].ignores_force = 0.0, False


@needs_xmlsec1
def test_a_saml_log_in_is_as_old_as_its_instant_and_a_forced_one_is_new(forced: Browser, saml: IdPs) -> None:
    where = begin(forced)
    found = saml[0].server.parse_authn_request(
        parse_qs(urlsplit(where).query)["SAMLRequest"][0], "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    )
    assert found.message.force_authn == "true"
    assert forced.bring(forced.at_saml(where))["Location"] == AGAIN
    assert forced.client.post("/accounts/sso/again", {"next": TOKENS}).status_code == 200
    assert Token.objects.count() == 1


@needs_xmlsec1
def test_a_saml_provider_that_ignores_the_request_proves_nothing(forced: Browser, saml: IdPs) -> None:
    saml[0].ignores_force = True
    back = forced.bring(forced.at_saml(begin(forced)))
    assert back.status_code == 403
    assert "n’a pas confirmé" in back.content.decode()
    assert forced.client.post("/accounts/sso/again", {"next": TOKENS})["Location"] == AGAIN
    assert not Token.objects.exists()
