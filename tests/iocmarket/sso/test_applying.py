"""Somebody whom a provider knows and whose institution is not in yet: from the button to its first manager."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.vetting.deciding import approve, waiting_for
from iocmarket.vetting.models import Application
from tests.factories import make_applicant, make_institution, make_member
from tests.iocmarket.sso.browser import Browser
from tests.iocmarket.sso.conftest import ada, configure, oidc_provider, saml_provider
from tests.iocmarket.sso.saml_idp import XMLSEC1, IdP

Issuers = tuple[str, str]
APPLY = "/accounts/sso/apply"
SAID = {"name": "Ada Exemple", "domains": "lumen-ecole.fr", "why": "CSIRT; Bob knows me."}


@pytest.fixture
def provider(db: None, oidc_servers: Issuers, settings: Settings) -> str:
    """A provider that speaks for Université A, which the community does not know yet."""
    cache.clear()
    settings.OUTBOUND_ALLOWED = tuple(issuer.removeprefix("http://") for issuer in oidc_servers)
    configure(settings, [oidc_provider("a", oidc_servers[0], "a.example", "Université A")])
    return oidc_servers[0]


def administrator() -> Member:
    """Of an institution of the own."""
    return make_member(make_institution("INP B"), administrator=True)


def test_from_the_button_to_the_first_manager(provider: str) -> None:
    decider = administrator()
    browser = Browser()
    assert browser.through_oidc("a", "ada")["Location"] == APPLY
    assert not Member.objects.exclude(pk=decider.pk).exists(), "nothing is stored before the form is sent"
    page = browser.client.get(APPLY).content.decode()
    for told in ("ada@a.example", 'value="Ada Exemple"', 'value="Université A"', "a.example</textarea>"):
        assert told in page
    assert "password" not in page
    sent = browser.client.post(APPLY, SAID)
    assert (sent.status_code, sent["Location"]) == (302, "/account/waiting")
    member = browser.member
    assert (member.email, member.has_usable_password(), member.state) == ("ada@a.example", False, "applicant")
    assert EmailAddress.objects.get(user=member).verified
    application = Application.objects.get()
    assert (application.institution_name, application.domains) == ("Université A", ["lumen-ecole.fr"])
    assert application.verified_at is not None
    assert Event.objects.get(action="member.applied").details["federation"] == "a"
    assert [found.pk for found in waiting_for(decider)] == [member.pk]
    approve(member, by=decider, without_vouches=True, reason="The first one here")
    again = Browser()
    assert again.through_oidc("a", "ada")["Location"] == "/"
    assert (again.member.role, str(again.member.institution)) == (Role.MANAGER, "Université A")
    assert again.client.get("/members").status_code == 200


def test_the_colleague_who_comes_after_is_answered_by_the_first(provider: str) -> None:
    decider = administrator()
    for sub in ("ada", "bob"):
        browser = Browser()
        browser.through_oidc("a", sub)
        browser.client.post(APPLY, {**SAID, "name": sub})
    first, second = (Member.objects.get(email=f"{sub}@a.example") for sub in ("ada", "bob"))
    assert Institution.objects.filter(name="Université A").count() == 1
    approve(first, by=decider, without_vouches=True, reason="x")
    first.refresh_from_db()
    assert [found.pk for found in waiting_for(first)] == [second.pk]
    assert not waiting_for(decider).exists()
    approve(second, by=first, role=Role.READER)
    third = Browser()
    assert third.through_oidc("a", "weak")["Location"] == "/account/waiting", "no form: the institution is in"


def test_who_waits_logs_in_and_waits(provider: str) -> None:
    browser = Browser()
    browser.through_oidc("a", "ada")
    browser.client.post(APPLY, SAID)
    assert Browser().through_oidc("a", "ada")["Location"] == "/account/waiting"
    assert Application.objects.count() == 1


def test_what_the_provider_and_the_operator_said_is_not_changed_by_the_form(provider: str) -> None:
    """The address, the institution, the identity: only what the person tells is the person's to write."""
    browser = Browser()
    browser.through_oidc("a", "ada")
    more = {
        "email": "boss@a.example", "institution": "INP B", "subject": "x", "state": "approved", "role": "manager",
        "is_administrator": "1",
    }  # fmt: skip
    browser.client.post(APPLY, {**SAID, **more})
    member = Member.objects.get()
    assert (member.email, member.state, member.is_administrator) == ("ada@a.example", "applicant", False)
    assert Application.objects.get().institution_name == "Université A"
    assert SocialAccount.objects.get().uid == "sub:ada"


def test_an_institution_that_applied_by_the_form_is_the_same_one(provider: str) -> None:
    waiting = make_applicant("université a").member
    browser = Browser()
    browser.through_oidc("a", "ada")
    browser.client.post(APPLY, SAID)
    assert browser.member.institution == waiting.institution


def test_what_is_wrong_is_said_and_nothing_is_stored(provider: str) -> None:
    browser = Browser()
    browser.through_oidc("a", "ada")
    assert browser.client.post(APPLY, {**SAID, "why": "", "domains": "com"}).status_code == 422
    assert not Member.objects.exists()
    assert not Institution.objects.exists()


def test_an_address_that_was_not_verified_there_is_confirmed_before_anybody_sees_it(provider: str) -> None:
    decider = administrator()
    browser = Browser()
    browser.through_oidc("a", "unverified")
    browser.client.post(APPLY, SAID)
    assert browser.member_id is None
    assert Application.objects.get().verified_at is None
    assert not waiting_for(decider).exists()


def test_the_form_is_for_who_comes_from_a_provider(provider: str, settings: Settings) -> None:
    assert Client().get(APPLY)["Location"] == "/accounts/login/"
    assert Client().post(APPLY, SAID)["Location"] == "/accounts/login/"
    browser = Browser()
    browser.through_oidc("a", "ada")
    session = browser.client.session
    session["sso_applies"] = {**session["sso_applies"], "until": 0}
    session.save()
    assert browser.client.post(APPLY, SAID).status_code == 302
    assert not Member.objects.exists(), "too late"
    browser.through_oidc("a", "ada")
    configure(settings, [])
    assert browser.client.post(APPLY, SAID).status_code == 302
    assert not Member.objects.exists(), "the provider was closed meanwhile"


def test_an_address_that_somebody_has_is_refused_before_the_form(provider: str) -> None:
    make_member(make_institution("INP B"), email="ada@a.example")
    assert Browser().through_oidc("a", "ada").status_code == 403
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("state", ["suspended", "left"])
def test_an_institution_that_is_out_does_not_apply_this_way(provider: str, state: str) -> None:
    make_institution("Université A")
    Institution.objects.update(state=state)
    assert Browser().through_oidc("a", "ada").status_code == 403


def test_a_scope_that_the_provider_may_not_assert_leads_to_the_usual_form_filled_in(provider: str) -> None:
    """It is believed for nothing: the address is confirmed and a password chosen, as by anybody."""
    browser = Browser()
    refused = browser.through_oidc("a", "nowhere")
    assert refused.status_code == 403
    assert 'href="/accounts/signup/"' in refused.content.decode()
    page = browser.client.get("/accounts/signup/").content.decode()
    assert 'value="n@a.example"' in page
    assert "nowhere.example</textarea>" in page
    assert "n@a.example" not in Client().get("/accounts/signup/").content.decode(), "another browser"
    assert not Member.objects.exists()


@pytest.mark.skipif(XMLSEC1 is None, reason="xmlsec1 signs the provider's answers (requirements/debian-test.txt)")
def test_by_saml_too(db: None, idps: tuple[IdP, IdP], settings: Settings) -> None:
    cache.clear()
    idps[0].person = ada("a.example")
    words: dict[str, Any] = saml_provider("a", idps[0], "a.example", "Université A")
    configure(settings, [words])
    browser = Browser()
    assert browser.through_saml("a")["Location"] == APPLY
    assert browser.client.post(APPLY, SAID)["Location"] == "/account/waiting"
    assert browser.member.institution is not None
