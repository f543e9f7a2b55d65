"""One rule for the second factor: asked for once, by the provider where its word is believed, else here."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from iocmarket.accounts.second_factor import BY_PROVIDER
from tests.factories import make_member
from tests.iocmarket.sso.browser import Browser
from tests.iocmarket.sso.conftest import MFA, World, configure, oidc_provider, saml_provider
from tests.iocmarket.sso.saml_idp import PASSWORD_CONTEXT, XMLSEC1, IdP
from tests.second_factors import code_of, give_app

Issuers = tuple[str, str]
SET_UP, STEP = "/account/second-factor", "/accounts/2fa/authenticate/"


@pytest.fixture(autouse=True)
def _asked_of_managers(settings: Settings) -> None:
    settings.MFA_REQUIRED = "managers"


def believe(settings: Settings, issuers: Issuers, *words: str) -> None:
    """The operator believes provider a when it says one of these; none: not at all."""
    provider = oidc_provider("a", issuers[0], "a.example", "Université A")
    configure(settings, [{**provider, "second_factor": list(words)} if words else provider])


def manager_of(sub: str) -> Member:
    """Brought by the provider, and a manager from now on."""
    Browser().through_oidc("a", sub)
    Member.objects.update(state=Member.State.APPROVED, role=Role.MANAGER)
    return Member.objects.get()


def came_in(sub: str) -> tuple[str, str]:
    """Where the log-in leads, and then the search page (empty: it is open)."""
    browser = Browser()
    first = browser.through_oidc("a", sub)["Location"]
    return first, browser.client.get("/search").headers.get("Location", "")


@pytest.mark.parametrize("has_own", [False, True], ids=["no own factor", "an own factor"])
@pytest.mark.parametrize("believed", [True, False], ids=["believed", "not believed"])
@pytest.mark.parametrize("asserted", [True, False], ids=["asserted", "not asserted"])
def test_a_manager_is_asked_exactly_once(
    oidc: Issuers, settings: Settings, has_own: bool, believed: bool, asserted: bool
) -> None:
    believe(settings, oidc, *([MFA] if believed else []))
    member = manager_of("strong" if asserted else "weak")
    if has_own:
        give_app(member)
    first, then = came_in("strong" if asserted else "weak")
    if asserted and believed:
        assert (first, then) == ("/", ""), "the provider has asked"
    elif has_own:
        assert first == STEP, "the own factor is asked for"
    else:
        assert (first, then) == ("/", SET_UP), "one has to be set up"


def test_once_given_here_it_is_not_asked_for_again(oidc: Issuers, settings: Settings) -> None:
    secret = give_app(manager_of("weak"))
    browser = Browser()
    browser.through_oidc("a", "weak")
    assert browser.client.post(STEP, {"code": code_of(secret)})["Location"] == "/"
    assert browser.client.get("/search").status_code == 200


@pytest.mark.parametrize(
    ("sub", "words", "counts"),
    [("strong", [MFA], True), ("weak", [MFA], False), ("ada", [MFA], False), ("strong", [], False),
     ("listed", ["mfa"], True), ("listed", [MFA], False), ("strong", ["mfa"], False), ("weak", ["0"], True)],
    ids=str,
)  # fmt: skip
def test_the_words_of_the_operator_are_looked_for_in_acr_and_amr(
    oidc: Issuers, settings: Settings, sub: str, words: list[str], counts: bool
) -> None:
    believe(settings, oidc, *words)
    browser = Browser()
    browser.through_oidc("a", sub)
    assert browser.client.session.get(BY_PROVIDER, False) is counts


def test_machine_exits_follow_the_same_rule(oidc: Issuers, settings: Settings) -> None:
    believe(settings, oidc, MFA)
    for sub in ("strong", "weak"):
        Browser().through_oidc("a", sub)
    Member.objects.update(state=Member.State.APPROVED, role=Role.MANAGER)
    strong, weak = Browser(), Browser()
    strong.through_oidc("a", "strong")
    weak.through_oidc("a", "weak")
    assert strong.client.get("/api/v1/alerts").status_code == 200
    assert weak.client.get("/api/v1/alerts").status_code in {401, 403}


def test_a_log_in_by_password_does_not_inherit_it(oidc: Issuers, world: World, settings: Settings) -> None:
    believe(settings, oidc, MFA)
    browser = Browser()
    browser.through_oidc("a", "strong")
    browser.client.post("/accounts/logout/")
    browser.client.force_login(make_member(world.a, role=Role.MANAGER))
    assert browser.client.get("/search")["Location"] == SET_UP


@pytest.mark.skipif(XMLSEC1 is None, reason="xmlsec1 signs the provider's answers (requirements/debian-test.txt)")
@pytest.mark.parametrize("believed", [True, False], ids=["believed", "not believed"])
def test_saml_asserts_it_by_its_context(saml: tuple[IdP, IdP], settings: Settings, believed: bool) -> None:
    more: dict[str, Any] = {"second_factor": [MFA]} if believed else {}
    configure(settings, [saml_provider("a", saml[0], "a.example", "Université A", **more)])
    for context in (MFA, PASSWORD_CONTEXT):
        saml[0].person.context = context
        browser = Browser()
        browser.through_saml("a")
        assert browser.client.session.get(BY_PROVIDER, False) is (believed and context == MFA)
