"""Log-in through a provider in a real browser: out to it by a form, back by its redirect, and the pages on the way.

We are `localhost`, the providers `127.0.0.1`: two sites, so that cookies are kept back as between two institutions.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from iocmarket.accounts.models import Member, Token
from iocmarket.accounts.roles import Role
from iocmarket.sso.saml_settings import metadata as our_metadata
from tests.browser.conftest import PATIENCE, Visit
from tests.browser.eyes import barriers, overflow
from tests.browser.village import session_of
from tests.factories import make_institution, make_member
from tests.iocmarket.sso import saml_idp
from tests.iocmarket.sso.conftest import ada, configure, oidc_provider, oidc_servers, saml_provider, says
from tests.iocmarket.sso.saml_idp import XMLSEC1

__all__ = ["oidc_servers"]


PICTURES = os.environ.get("IOCMARKET_PICTURES", "")
"""A folder: pictures are taken when it is named."""


def _photograph(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.fixture
def there(browser: Browser, live_server: LiveServer, settings: Settings) -> Iterator[Page]:
    """A browser that goes to providers; what their pages complain of is theirs, our content security policy is ours."""
    cache.clear()
    settings.PUBLIC_URL = live_server.url
    context = browser.new_context(base_url=live_server.url, locale="fr-FR")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def manager(transactional_db: None) -> Client:
    """A session of the one who answers for Université A."""
    return session_of(make_member(make_institution("Université A"), role=Role.MANAGER))


def with_oidc(settings: Settings, servers: tuple[str, str]) -> None:
    """Provider a speaks for Université A."""
    settings.OUTBOUND_ALLOWED = tuple(issuer.removeprefix("http://") for issuer in servers)
    configure(settings, [oidc_provider("a", servers[0], "a.example", "Université A", name="Université A")])


def through_oidc(page: Page, sub: str) -> None:
    """Press our button, log in there, come back. For somebody who is logged out: others are sent on from our page."""
    answer = page.goto("/accounts/login")
    assert answer is not None
    assert answer.url.endswith("/accounts/login")
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    page.get_by_role("button", name="Par Université A").click()
    give_name(page, sub)


def give_name(page: Page, sub: str) -> None:
    """At the provider."""
    page.wait_for_url(re.compile("/oauth2/authorize"))
    page.locator("input[name=sub]").first.fill(sub)
    page.locator("form button").first.click()
    page.wait_for_url(re.compile("^(?!.*/oauth2/)"))


def through_saml(page: Page) -> None:
    """Press our button, and the one of the provider's page, which sends its answer to us."""
    page.goto("/accounts/login")
    page.get_by_role("button", name="Par Université A").click()
    page.get_by_role("button", name="Go on").click()


def log_out(page: Page) -> None:
    """On the page of somebody who waits."""
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


def test_somebody_new_logs_in_is_let_in_and_sees_the_home_page(
    visit: Visit, there: Page, manager: Client, oidc_servers: tuple[str, str], settings: Settings
) -> None:
    with_oidc(settings, oidc_servers)
    through_oidc(there, "ada")
    there.wait_for_url("**/account/waiting")
    expect(there.get_by_text("ada@a.example")).to_be_visible()
    log_out(there)
    queue = visit("/members/applications", manager)
    _photograph(queue, "federation-queue")
    assert barriers(queue) == []
    queue.set_viewport_size({"width": 320, "height": 800})
    assert not overflow(queue)
    queue.get_by_role("button", name="Approuver Ada Exemple").click()
    expect(queue.get_by_text("Personne n’attend")).to_be_visible()
    assert Member.objects.get(email="ada@a.example").state == Member.State.APPROVED
    through_oidc(there, "ada")
    there.wait_for_url(re.compile(r":\d+/$"))
    expect(there.get_by_role("heading", level=1)).to_have_text("Ce qui me concerne")


def test_a_scope_that_nobody_knows_gets_a_clear_page_and_the_form(
    there: Page, manager: Client, oidc_servers: tuple[str, str], settings: Settings
) -> None:
    with_oidc(settings, oidc_servers)
    through_oidc(there, "nowhere")
    expect(there.get_by_role("heading", level=1)).to_have_text("Vous n’êtes pas connecté")
    _photograph(there, "federation-unknown")
    assert barriers(there) == []
    there.get_by_role("link", name="Demander un accès").click()
    expect(there.locator("#id_email")).to_have_value("n@a.example")
    assert not Member.objects.filter(email="n@a.example").exists()


def test_an_institution_that_is_not_in_applies_with_what_the_provider_said(
    there: Page, transactional_db: None, oidc_servers: tuple[str, str], settings: Settings
) -> None:
    with_oidc(settings, oidc_servers)
    through_oidc(there, "ada")
    there.wait_for_url("**/accounts/sso/apply")
    _photograph(there, "federation-apply")
    assert barriers(there) == []
    expect(there.get_by_text("ada@a.example")).to_be_visible()
    expect(there.locator("#id_name")).to_have_value("Ada Exemple")
    expect(there.locator("#id_institution")).to_have_value("Université A")
    expect(there.locator("#id_institution")).to_be_disabled()
    expect(there.locator("#id_domains")).to_have_value("a.example")
    assert not Member.objects.exists(), "nothing is stored before the form is sent"
    there.locator("#id_domains").fill("lumen-ecole.fr")
    there.locator("#id_why").fill("RSSI ; Bob me connaît.")
    there.get_by_role("button", name="Envoyer ma demande").click()
    there.wait_for_url("**/account/waiting")
    expect(there.get_by_text("Université A")).to_be_visible()


def test_a_proof_is_given_anew_at_the_provider(
    there: Page, transactional_db: None, oidc_servers: tuple[str, str], settings: Settings
) -> None:
    """The provider said nothing of the moment of the first log-in, which is no fresh proof therefore."""
    make_institution("Université A")
    with_oidc(settings, oidc_servers)
    says(oidc_servers[0], "anew", None)
    through_oidc(there, "anew")
    there.wait_for_url("**/account/waiting")
    Member.objects.update(state=Member.State.APPROVED, role=Role.MANAGER)
    there.reload()
    expect(there.get_by_role("heading", level=1)).to_have_text("Ce qui me concerne")
    there.goto("/account/tokens")
    there.get_by_label("Nom", exact=True).fill("SIEM")
    there.get_by_role("button", name="Créer le jeton").click()
    expect(there.get_by_role("heading", level=1)).to_have_text("Est-ce bien vous ?")
    _photograph(there, "federation-again")
    assert barriers(there) == []
    there.get_by_role("button", name="Par Université A").click()
    there.wait_for_url(re.compile("/oauth2/authorize.*prompt=login"))
    says(oidc_servers[0], "anew", time.time())
    give_name(there, "anew")
    expect(there.get_by_text("Merci, c’est bien vous")).to_be_visible()
    _photograph(there, "federation-proved")
    assert barriers(there) == []
    assert not Token.objects.exists(), "coming back does nothing by itself"
    there.get_by_role("button", name="Continuer").click()
    expect(there.locator("#secret")).to_be_visible()
    assert Token.objects.get().name == "SIEM"


@pytest.mark.skipif(XMLSEC1 is None, reason="xmlsec1 signs the provider's answers (requirements/debian-test.txt)")
def test_somebody_comes_through_saml(there: Page, manager: Client, settings: Settings, tmp_path: Path) -> None:
    """The answer is posted by the provider's page, without our cookies."""
    ours = our_metadata().decode()
    with saml_idp.running(tmp_path, name="idp-live", our_metadata=ours) as idp:
        idp.person = ada("a.example")
        configure(settings, [saml_provider("a", idp, "a.example", "Université A", name="Université A")])
        through_saml(there)
        there.wait_for_url("**/account/waiting")
        log_out(there)
        Member.objects.filter(email="ada@a.example").update(state=Member.State.APPROVED)
        through_saml(there)
        there.wait_for_url(re.compile(r":\d+/$"))
        expect(there.get_by_role("heading", level=1)).to_have_text("Ce qui me concerne")


def test_many_are_searched(visit: Visit, transactional_db: None, settings: Settings) -> None:
    configure(
        settings,
        [oidc_provider(f"p{n}", f"https://idp{n}.example", f"u{n}.example", "U", name=f"École {n}") for n in range(12)],
    )
    page = visit("/accounts/login")
    page.locator("#sso-search").fill("u7")
    page.locator("#sso-search").press("Enter")
    expect(page.get_by_role("button", name="École 7")).to_be_visible()
    _photograph(page, "federation-choose")
    assert barriers(page) == []
