"""From the application to the first share: the whole way in, with the letters read from a real mail server."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from iocmarket.accounts.models import Institution, Member
from iocmarket.vetting.charters import publish_charter
from tests.browser.conftest import Visit
from tests.browser.eyes import barriers, overflow
from tests.browser.village import Village, session_of
from tests.factories import make_member, publish
from tests.mailbox import Mailbox

EMAIL = "nadia.kaci@univ-rocheval.fr"
PASSWORD = "douze loutres nagent en silence"


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def apply(page: Page) -> None:
    page.get_by_label("Courriel").fill(EMAIL)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_label("Votre nom").fill("Nadia Kaci")
    page.get_by_label("Votre établissement").fill("Université de Rocheval")
    page.get_by_label("Ses domaines").fill("univ-rocheval.fr")
    page.get_by_label("Ses réseaux").fill("193.54.0.0/16")
    page.get_by_label("Son contact sécurité").fill("csirt@univ-rocheval.fr")
    page.get_by_label("Votre fonction").fill("RSSI ; Claire Aubrac et Inès Bouvard me connaissent.")
    page.get_by_role("button", name="Envoyer ma demande").click()


def link_in(mailbox: Mailbox, subject: str) -> str:
    """The path of the first link of the newest letter to the applicant, which is about that."""
    letter = mailbox.letters(EMAIL)[-1]
    assert subject in letter.subject
    return urlsplit(letter.links[0]).path


def test_from_the_application_to_the_first_share(visit: Visit, village: Village, mailbox: Mailbox) -> None:
    applicant = visit("/accounts/signup", java_script_enabled=False)
    apply(applicant)
    heading(applicant, "Ouvrez le message que nous vous avons envoyé")
    assert mailbox.letters("claire@univ-valbrune.fr") == []
    applicant.goto(link_in(mailbox, "Confirmez votre adresse"))
    applicant.get_by_role("button", name="Confirmer").click()
    if applicant.get_by_label("Mot de passe").count():
        applicant.get_by_label("Courriel").fill(EMAIL)
        applicant.get_by_label("Mot de passe").fill(PASSWORD)
        applicant.get_by_role("button", name="Se connecter").click()
    heading(applicant, "Votre demande est en cours d’examen")
    assert "Demande de Nadia Kaci" in mailbox.letters("claire@univ-valbrune.fr")[-1].subject

    voucher = visit("/", session_of(Member.objects.get(email="ines@inp-meriane.fr")), java_script_enabled=False)
    voucher.get_by_role("link", name="Candidatures").first.click()
    voucher.get_by_label("Comment vous connaissez cette personne").fill("Nous avons monté le réseau des RSSI ensemble.")
    voucher.get_by_role("button", name="Parrainer Nadia Kaci").click()
    expect(voucher.get_by_text("Vous parrainez Nadia Kaci.")).to_be_visible()

    administrator = visit("/members/applications", village.session, java_script_enabled=False)
    panel = administrator.get_by_role("region", name="Nadia Kaci")
    expect(panel).to_contain_text("1 établissement doit encore parrainer")
    panel.get_by_role("button", name="Approuver").click()
    expect(panel.get_by_role("alert")).to_contain_text("Des établissements doivent encore parrainer")
    panel.get_by_label("Motif ou question").fill("Qui dirige la DSI ?")
    panel.get_by_role("button", name="Questionner").click()
    applicant.goto(link_in(mailbox, "Une question sur votre demande"))
    applicant.get_by_label("Votre réponse").fill("Marc Vial.")
    applicant.get_by_role("button", name="Envoyer ma réponse").click()

    administrator.goto("/members/candidates")
    candidate = administrator.get_by_role("region", name="Université de Rocheval")
    candidate.get_by_label("Comment vous connaissez cette personne").fill("Jurée de son concours.")
    candidate.get_by_role("button", name="Parrainer").click()
    assert Institution.objects.get(name="Université de Rocheval").state == Institution.State.VOUCHED
    administrator.goto("/members/applications")
    expect(panel).to_contain_text("Nous avons monté le réseau des RSSI ensemble.")
    expect(panel).to_contain_text("Marc Vial.")
    panel.get_by_label("J’ai vérifié").check()
    panel.get_by_role("button", name="Approuver").click()
    expect(administrator.get_by_text("Nadia Kaci fait partie de la communauté.")).to_be_visible()
    link_in(mailbox, "Vous êtes dans la communauté")

    applicant.goto("/share")
    applicant.get_by_role("textbox", name="Texte collé").fill("185.220.103.77")
    applicant.locator("button[name=act][value=look]").first.click()
    applicant.get_by_role("button", name="Partager 1 indicateur").click()
    heading(applicant, "1 indicateur partagé")
    publish()
    voucher.goto("/search?q=185.220.103.77")
    expect(voucher.locator("main")).to_contain_text("185.220.103[.]77")
    expect(voucher.locator("main")).to_contain_text("Université de Rocheval")


def test_a_new_charter_is_read_before_going_on(visit: Visit, village: Village) -> None:
    text = "# Nos engagements\n\n- Respecter le TLP.\n- Prévenir vite."
    publish_charter(text_fr=text, text_en="Be kind.", by=village.manager)
    page = visit("/search", session_of(village.reader), java_script_enabled=False)
    heading(page, "Charte de la communauté")
    expect(page.get_by_role("listitem").filter(has_text="Prévenir vite.")).to_be_visible()
    page.get_by_role("button", name="J’accepte cette charte").click()
    assert urlsplit(page.url).path == "/search"


def test_pages_of_vetting_fit_a_phone(visit: Visit, village: Village) -> None:
    make_member(village.meriane)
    page = visit("/", village.session, viewport={"width": 390, "height": 800})
    for name in ("applications", "candidates", "vetting-rules", "charter", "charter-publish"):
        page.goto(village.paths[name])
        assert barriers(page) == [], name
        assert overflow(page) == 0, name
