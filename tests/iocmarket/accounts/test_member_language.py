"""The language of a member: learnt once, chosen on the own page, spoken by letters and by browsers that know none."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from iocmarket.accounts.invitations import invite
from iocmarket.accounts.languages import choose_language
from iocmarket.accounts.member_letters import write_to_each, write_to_managers
from iocmarket.accounts.models import Member
from iocmarket.accounts.people import end_sessions
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.kernel import clock
from tests.factories import PASSWORD, make_applicant, make_institution, make_member
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db
ENGLISH, FRENCH = "My account", "Mon compte"
LONG = "sept chameaux traversent Roubaix"


def browser(asks: str = "fr", *, chosen: str = "") -> Client:
    """A browser that asks for a language, and in which one was chosen by its reader."""
    client = Client(headers={"Accept-Language": asks})
    if chosen:
        client.cookies["language"] = chosen
    return client


def logged_in(member: Member, client: Client) -> Client:
    """The same, with that person at it."""
    assert client.post("/accounts/login/", {"login": member.email, "password": PASSWORD}).status_code == 302
    return client


def language_of(member: Member) -> str:
    return Member.objects.values_list("language", flat=True).get(pk=member.pk)


@pytest.mark.parametrize(
    ("asks", "chosen", "learnt"), [("en", "", "en"), ("fr", "", "fr"), ("de", "", "fr"), ("fr", "en", "en")]
)
def test_it_is_learnt_at_the_first_log_in_and_kept_at_the_next(asks: str, chosen: str, learnt: str) -> None:
    member = make_member()
    logged_in(member, browser(asks, chosen=chosen))
    assert language_of(member) == learnt
    logged_in(member, browser("fr" if learnt == "en" else "en"))
    assert language_of(member) == learnt


def test_applicants_keep_the_one_they_applied_in() -> None:
    assert make_applicant(language="en").member.language == "en"


def test_who_accepts_an_invitation_keeps_the_one_of_that_page(mailbox: Mailbox) -> None:
    house = make_institution()
    manager = make_member(house, role=Role.MANAGER)
    invite(house, email="nadia@example.org", role=Role.READER, by=manager, language="fr")
    [link] = [found for found in mailbox.letters("nadia@example.org")[0].links if "key=" in found]
    key = parse_qs(urlsplit(link).query)["key"][0]
    said = {"key": key, "name": "Nadia", "password": LONG, "again": LONG}
    assert browser("en").post("/invitation", said).status_code == 302
    assert Member.objects.get(email="nadia@example.org").language == "en"


def test_a_browser_in_which_nothing_was_chosen_speaks_it() -> None:
    member = make_member(role=Role.READER)
    choose_language(member, "en")
    for client, word, language in (
        (browser("fr"), ENGLISH, "en"),
        (browser("en", chosen="fr"), FRENCH, "fr"),
        (browser("fr", chosen="nonsense"), ENGLISH, "en"),
    ):
        page = logged_in(member, client).get("/account")
        assert f"<h1>{word}</h1>" in page.content.decode()
        assert f'lang="{language}"' in page.content.decode()
        assert page["Content-Language"] == language


def test_nobody_else_is_answered_in_it() -> None:
    choose_language(make_member(), "en")
    assert browser("fr").get("/accounts/login/")["Content-Language"] == "fr"


def test_it_is_chosen_on_the_own_page_and_holds_there_at_once() -> None:
    member = make_member()
    client = logged_in(member, browser("fr", chosen="fr"))
    assert client.post("/account", {"name": "Ada", "language": "en"}).status_code == 302
    assert language_of(member) == "en"
    page = client.get("/account").content.decode()
    assert ENGLISH in page
    assert "Your changes are kept." in page
    assert client.post("/account", {"name": "Ada", "language": "en"}).status_code == 302
    assert Event.objects.filter(action="member.language_chosen", actor=member).count() == 1
    assert client.post("/account", {"name": "Ada", "language": "de"}).status_code == 422


def test_no_other_language_is_kept() -> None:
    with pytest.raises(ValueError, match="'de' is no language"):
        choose_language(make_member(), "de")


def test_each_manager_is_written_to_in_the_own_language_and_the_contact_once(mailbox: Mailbox) -> None:
    house = make_institution("Valbrune")
    english = make_member(house, role=Role.MANAGER, email="english@example.org")
    choose_language(english, "en")
    make_member(house, role=Role.MANAGER, email="nobody-knows@example.org")
    house.contact_email = english.email
    told = {"until": clock.now() + timedelta(days=7), "link": "https://ioc.example.org/"}
    assert write_to_managers(house, "confirmation_due", told, with_contact=True) == 2
    assert write_to_each([], "confirmation_due", {**told, "institution": house.name}, also="team@example.org") == 1
    words = {letter.to: letter.text.split()[0] for letter in mailbox.letters()}
    assert words["nobody-knows@example.org"] == words["team@example.org"]
    assert words["english@example.org"] != words["team@example.org"]


def test_a_letter_that_a_stranger_asks_for_is_in_the_language_of_its_reader(mailbox: Mailbox) -> None:
    member = make_member()
    choose_language(member, "en")
    browser("fr").post("/accounts/password/reset/", {"email": member.email})
    [letter] = mailbox.letters()
    assert "password" in letter.subject


def test_sessions_that_were_ended_are_answered_as_anybody_is() -> None:
    house = make_institution()
    member, manager = make_member(house), make_member(house, role=Role.MANAGER)
    choose_language(member, "en")
    client = logged_in(member, browser("fr"))
    end_sessions(member, by=manager)
    assert client.get("/accounts/login/")["Content-Language"] == "fr"
