"""Letters reach a real SMTP server, in the language of their reader, and never disturb the act they tell of."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest
from celery.exceptions import Retry
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from pytest_django import Settings

from iocmarket.settings.env import mail_from
from iocmarket.web.mails import send_mail_later, written
from iocmarket.web.tasks import ATTEMPTS, FIRST_PAUSE, LONGEST_PAUSE, deliver
from tests.mailbox import Mailbox

LINK = "http://127.0.0.1:8000/accounts/confirm/secret-of-the-link"
TO = "anne@univ.example"


def send(language: str = "") -> None:
    send_mail_later("confirm_address", TO, {"link": LINK}, language)


@pytest.mark.django_db
def test_a_letter_arrives_as_plain_text_with_its_link(mailbox: Mailbox) -> None:
    send()
    (letter,) = mailbox.letters(TO)
    assert letter.links[0] == LINK
    assert letter.message.get_content_type() == "text/plain"
    assert letter.message["Auto-Submitted"] == "auto-generated"


@pytest.mark.django_db
def test_it_is_written_in_the_language_of_its_reader_and_in_french_first(mailbox: Mailbox) -> None:
    for language in ("fr", "en", "", "xx"):
        send(language)
    french, english, usual, unknown = [letter.subject for letter in mailbox.letters()]
    assert english.endswith("Confirm your e-mail address")
    assert french == usual == unknown != english


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_of_an_act_that_did_not_happen(mailbox: Mailbox) -> None:
    with transaction.atomic():
        send()
        transaction.set_rollback(True)
    assert mailbox.letters() == []
    with transaction.atomic():
        send()
        assert mailbox.received == []
    assert len(mailbox.letters()) == 1


def test_names_are_not_escaped_and_begin_no_header(settings: Settings) -> None:
    settings.COMMUNITY_NAME = "L'école & co\r\nBcc: everybody@example.org\x00" + "x" * 300
    letter = written("confirm_address", {"link": LINK}, "fr")
    assert letter.subject.startswith("[L'école & co Bcc: everybody@example.org x")
    assert "\n" not in letter.subject
    assert len(letter.subject) == 200
    assert "L'école & co" in letter.text


@pytest.mark.django_db
def test_a_broker_that_is_away_disturbs_nobody_and_no_link_is_logged(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> NoReturn:
        raise ConnectionError(LINK)

    monkeypatch.setattr(deliver, "delay", away)
    send()
    assert mailbox.letters() == []
    assert "confirm_address" in caplog.text
    assert "secret-of-the-link" not in caplog.text
    assert TO not in caplog.text


def attempt(number: int) -> None:
    """The task as a worker runs it for the n-th time."""
    deliver.push_request(retries=number - 1, called_directly=False, args=(TO, "s", "t"))
    try:
        deliver.run(TO, "s", "t")
    finally:
        deliver.pop_request()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the task asked for, in seconds."""
    asked: list[int] = []

    def retry(countdown: int, throw: bool) -> Retry:
        assert not throw
        asked.append(countdown)
        return Retry()

    monkeypatch.setattr(deliver, "retry", retry)
    return asked


def test_a_letter_is_tried_again_for_a_day(mailbox: Mailbox, pauses: list[int]) -> None:
    mailbox.refusals += ["451 later"] * (ATTEMPTS - 1)
    for number in range(1, ATTEMPTS):
        with pytest.raises(Retry):
            attempt(number)
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert max(pauses) == LONGEST_PAUSE
    assert 20 * 3600 < sum(pauses) < 26 * 3600
    attempt(ATTEMPTS)
    assert [letter.to for letter in mailbox.received] == [TO]


def test_the_last_attempt_says_that_it_was_the_last(
    mailbox: Mailbox, pauses: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.refusals += ["451 later"]
    attempt(ATTEMPTS)
    assert pauses == []
    assert "given up" in caplog.text


def test_a_server_that_is_away_is_asked_again(settings: Settings, mailbox: Mailbox, pauses: list[int]) -> None:
    settings.EMAIL_PORT = 9  # where nobody listens
    with pytest.raises(Retry):
        attempt(1)


@pytest.mark.parametrize(("code", "again"), [(550, False), (450, True)])
def test_an_address_that_is_refused_for_good_is_left_alone(
    mailbox: Mailbox, pauses: list[int], code: int, again: bool, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    async def refuse(*_: object) -> str:
        return f"{code} no"

    monkeypatch.setattr(Mailbox, "handle_RCPT", refuse, raising=False)
    run: Callable[[], None] = lambda: attempt(1)  # noqa: E731
    if again:
        with pytest.raises(Retry):
            run()
    else:
        run()
    assert bool(pauses) is again
    assert mailbox.received == []
    assert TO not in caplog.text


def test_the_mail_server_is_told_by_one_address() -> None:
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    told = mail_from("smtp://ioc:p%40ss@mail.example.org")
    assert told == {
        "EMAIL_BACKEND": smtp, "EMAIL_HOST": "mail.example.org", "EMAIL_PORT": 587, "EMAIL_HOST_USER": "ioc",
        "EMAIL_HOST_PASSWORD": "p@ss", "EMAIL_USE_TLS": True, "EMAIL_USE_SSL": False,
    }  # fmt: skip
    assert mail_from("smtps://mail.example.org")["EMAIL_PORT"] == 465
    assert mail_from("smtp+plain://localhost:2525")["EMAIL_USE_TLS"] is False
    assert mail_from("")["EMAIL_BACKEND"] != smtp
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        mail_from("http://mail.example.org")
