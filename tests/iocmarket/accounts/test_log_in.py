"""Addresses are confirmed, lost passwords replaced by mail, and no answer tells who has an account."""

from __future__ import annotations

import importlib
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.utils import has_verified_email
from django.contrib.auth.hashers import identify_hasher, make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from iocmarket.accounts.models import Member
from iocmarket.audit.models import Event
from iocmarket.settings import login
from tests.factories import PASSWORD, make_member
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db
LONG = "orage tambour citron violet"
TO = "ada@valbrune.example"
APPLICATION = {
    "email": TO,
    "password1": LONG,
    "password2": LONG,
    "name": "Ada",
    "institution": "Université de Valbrune",
    "why": "CSIRT",
}


def path_of(link: str) -> str:
    """What a browser asks for."""
    return urlsplit(link).path


def said_by(page: Any, email: str) -> str:
    """The page without the address that was typed and without tokens against forgery."""
    return re.sub(r"[A-Za-z0-9]{64}", "…", page.content.decode().replace(email, "…"))


def log_in(email: str, password: str, **extra: Any) -> Any:
    """The answer to a log-in in a new browser."""
    return Client(**extra).post("/accounts/login/", {"login": email, "password": password})


def test_an_address_is_confirmed_by_the_link_that_was_sent_to_it(mailbox: Mailbox) -> None:
    answer = Client().post("/accounts/signup/", APPLICATION)
    assert answer["Location"] == "/accounts/confirm-email/"
    (letter,) = mailbox.letters(TO)
    member = Member.objects.get(email=TO)
    assert not has_verified_email(member)
    assert log_in(TO, LONG)["Location"] == "/accounts/confirm-email/"
    link = path_of(letter.links[0])
    page = Client().get(link)
    assert TO in page.content.decode()
    assert not has_verified_email(member), "opening the link is not confirming it: mail programs open links too"
    Client().post(link)
    assert has_verified_email(member)
    assert log_in(TO, LONG)["Location"] == "/account/waiting"
    assert Event.objects.filter(action="member.address_confirmed", subject_id=member.public_id).count() == 1


def test_a_link_of_somebody_else_confirms_nothing(mailbox: Mailbox) -> None:
    Client().post("/accounts/signup/", APPLICATION)
    (letter,) = mailbox.letters(TO)
    link = path_of(letter.links[0])
    assert Client().post(link[:-6] + "aaaaa/").status_code == 404
    assert not has_verified_email(Member.objects.get(email=TO))


def test_an_application_tells_nobody_that_the_address_is_known(mailbox: Mailbox) -> None:
    member = make_member(email="claire@valbrune.example")
    answers = []
    for email in (member.email, "new@valbrune.example"):
        client = Client()
        answer = client.post("/accounts/signup/", APPLICATION | {"email": email})
        page = client.get(answer["Location"])
        answers.append((answer.status_code, answer["Location"], page.status_code, said_by(page, email)))
    assert answers[0] == answers[1]
    (letter,) = mailbox.letters(member.email)
    assert "signup" not in letter.text
    assert letter.links[0].endswith("/accounts/password/reset/")
    member.refresh_from_db()
    assert member.check_password(PASSWORD)
    assert member.name != "Ada"


def test_a_lost_password_is_replaced_by_mail(mailbox: Mailbox) -> None:
    member = make_member()
    inside = Client()
    inside.force_login(member)
    Client().post("/accounts/password/reset/", {"email": member.email})
    (letter,) = mailbox.letters(member.email)
    browser = Client()
    form = browser.get(path_of(letter.links[0]), follow=True)
    action = form.context["action_url"]
    assert browser.post(action, {"password1": "123456789012", "password2": "123456789012"}).status_code == 200
    assert browser.post(action, {"password1": LONG, "password2": LONG}).status_code == 302
    assert inside.get("/").status_code == 302, "who was inside is out"
    assert log_in(member.email, PASSWORD).status_code == 200
    assert log_in(member.email, LONG)["Location"] == "/"
    again = Client().get(path_of(letter.links[0]), follow=True)
    assert again.context["token_fail"]
    assert [one.subject for one in mailbox.letters(member.email)][1:] != []


def test_a_lost_password_is_asked_for_alike_whether_or_not_somebody_has_the_address(mailbox: Mailbox) -> None:
    member = make_member()
    answers = []
    for email in (member.email, "nobody@valbrune.example"):
        client = Client()
        answer = client.post("/accounts/password/reset/", {"email": email})
        answers.append((answer.status_code, answer["Location"], said_by(client.get(answer["Location"]), email)))
    assert answers[0] == answers[1]
    assert len(mailbox.letters()) == 2, "each of them costs one letter"


def test_the_page_of_a_lost_password_asks_nobody_whether_the_address_is_known() -> None:
    asked = []
    for email in (make_member().email, "nobody@valbrune.example"):
        with CaptureQueriesContext(connection) as statements:
            Client().post("/accounts/password/reset/", {"email": email})
        asked.append([one["sql"] for one in statements])
    assert asked[0] == asked[1]
    assert not any("accounts_member" in sql or "emailaddress" in sql for sql in asked[0])


def test_links_lead_to_the_address_of_the_platform_whatever_host_the_request_names(
    mailbox: Mailbox, settings: Settings
) -> None:
    member = make_member()
    Client().post("/accounts/password/reset/", {"email": member.email}, headers={"Host": "evil.example"})
    Client().post("/accounts/signup/", APPLICATION, headers={"Host": "evil.example"})
    letters = mailbox.letters()
    assert len(letters) == 2
    for letter in letters:
        assert "evil.example" not in letter.text
        assert letter.links[0].startswith(settings.PUBLIC_URL)


@pytest.mark.parametrize(("language", "word"), [("fr", "mot de passe"), ("en", "password")])
def test_letters_are_in_the_language_of_the_page(mailbox: Mailbox, language: str, word: str) -> None:
    member = make_member()
    Client(headers={"Accept-Language": language}).post("/accounts/password/reset/", {"email": member.email})
    (letter,) = mailbox.letters()
    assert word in letter.text


def test_members_are_told_when_their_password_is_changed(mailbox: Mailbox) -> None:
    member = make_member()
    client = Client()
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    said = {"oldpassword": PASSWORD, "password1": LONG, "password2": LONG}
    assert client.post("/accounts/password/change/", said)["Location"] == "/account"
    (letter,) = mailbox.letters(member.email)
    assert LONG not in letter.text
    assert Event.objects.filter(action="member.password_changed", actor_id=member.pk).count() == 1


def test_passwords_are_kept_by_argon2_and_old_hashes_are_made_anew(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = login.PASSWORD_HASHERS
    member = make_member()
    assert identify_hasher(member.password).algorithm == "argon2"
    member.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    member.save()
    assert log_in(member.email, PASSWORD)["Location"] == "/"
    member.refresh_from_db()
    assert identify_hasher(member.password).algorithm == "argon2"


def test_attempts_are_counted_by_the_client_behind_the_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ("127.0.0.1",)
    member = make_member()
    for number in range(12):
        log_in(f"n{number}@valbrune.example", "wrong", HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert log_in(member.email, PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.7").status_code != 302
    assert log_in(member.email, PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.8").status_code == 302


def test_a_header_of_the_client_does_not_make_it_another_one(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ()
    member = make_member()
    for number in range(12):
        log_in(f"n{number}@valbrune.example", "wrong", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert log_in(member.email, PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.9").status_code != 302


@pytest.mark.parametrize(
    "path",
    ["email/", "password/set/", "login/code/confirm/", "2fa/recovery-codes/download/", "2fa/webauthn/keys/1/edit/"],
)
def test_pages_that_are_not_offered_are_not_there(path: str) -> None:
    client = Client()
    client.force_login(make_member())
    assert client.get(f"/accounts/{path}").status_code == 404
    assert client.post(f"/accounts/{path}").status_code == 404


def test_members_of_before_keep_their_addresses() -> None:
    """What the migration does."""
    member = make_member()
    applicant = make_member()
    Member.objects.filter(pk=applicant.pk).update(state=Member.State.APPLICANT)
    apps = importlib.import_module("django.apps").apps
    apps.get_model("account", "EmailAddress").objects.all().delete()
    migration = importlib.import_module("iocmarket.accounts.migrations.0007_addresses")
    migration.give_addresses(apps, None)
    assert has_verified_email(member)
    assert not has_verified_email(applicant)
