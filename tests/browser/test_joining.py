"""Asking for access, waiting, being let in or refused: all of it without JavaScript, as on the first day."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from iocmarket.accounts.addresses import mark_verified
from iocmarket.accounts.models import Member
from tests.browser.conftest import Visit
from tests.browser.village import Village

PASSWORD = "une phrase assez longue"


def apply(page: Page, *, email: str, institution: str) -> None:
    page.get_by_label("Courriel").fill(email)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_label("Votre nom").fill("Nadia Kaci")
    page.get_by_label("Votre établissement").fill(institution)
    page.get_by_label("Votre fonction").fill("Analyste, Claire Aubrac me connaît")
    page.get_by_role("button", name="Envoyer ma demande").click()


def log_in(page: Page, email: str) -> None:
    page.goto("/accounts/login")
    page.get_by_label("Courriel").fill(email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()


def test_from_the_application_to_the_first_page(visit: Visit, village: Village) -> None:
    applicant = visit("/accounts/signup", java_script_enabled=False)
    apply(applicant, email="nadia@inp-meriane.fr", institution="inp mériane")
    expect(applicant.get_by_role("heading", level=1)).to_have_text("Ouvrez le message que nous vous avons envoyé")
    mark_verified(Member.objects.get(email="nadia@inp-meriane.fr"))
    log_in(applicant, "nadia@inp-meriane.fr")
    expect(applicant.get_by_role("heading", level=1)).to_have_text("Votre demande est en cours d’examen")
    applicant.goto("/search")
    expect(applicant.get_by_role("heading", level=1)).to_have_text("Votre demande est en cours d’examen")

    administrator = visit("/", village.session, java_script_enabled=False)
    administrator.get_by_role("link", name="Demandes 2 attendent une réponse").click()
    administrator.get_by_role("button", name="Approuver Nadia Kaci").click()
    expect(administrator.get_by_text("Nadia Kaci fait partie de la communauté.")).to_be_visible()

    applicant.goto("/")
    expect(applicant.get_by_role("heading", level=1)).to_have_text("Ce qui me concerne")
    expect(applicant.locator(".page-head")).to_contain_text("INP Mériane")


def test_a_refusal_needs_its_reason_and_shows_it(visit: Visit, village: Village) -> None:
    administrator = visit("/members/applications", village.session, java_script_enabled=False)
    administrator.get_by_role("button", name="Refuser Léo Serre").click()
    expect(administrator.get_by_role("alert")).to_contain_text("Indiquez un motif")
    administrator.get_by_label("Motif").fill("Nous ne trouvons personne de ce nom à Lumen.")
    administrator.get_by_role("button", name="Refuser Léo Serre").click()
    expect(administrator.get_by_role("heading", name="Personne n’attend")).to_be_visible()

    member = Member.objects.get(email="leo@lumen.fr")
    member.set_password(PASSWORD)
    member.save()
    refused = visit("/accounts/login", java_script_enabled=False)
    log_in(refused, "leo@lumen.fr")
    expect(refused.get_by_role("heading", level=1)).to_have_text("Votre demande est refusée")
    expect(refused.get_by_text("Nous ne trouvons personne de ce nom à Lumen.")).to_be_visible()
    refused.get_by_role("button", name="Se déconnecter").click()
    expect(refused.get_by_role("heading", level=1)).to_have_text("Se connecter")


def test_a_wrong_password_says_nothing_of_who_exists(visit: Visit, village: Village) -> None:
    page = visit("/accounts/login")
    said = []
    for email in ("claire@univ-valbrune.fr", "personne@nulle-part.fr"):
        log_in(page, email)
        said.append(page.get_by_role("alert").inner_text())
    assert said[0] == said[1]
