"""Real conversations: LMTP on a unix socket, SMTP on loopback, with the standard library's own clients."""

from __future__ import annotations

import smtplib
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ingestion.mailbox import serving
from ingestion.mailbox.intake import MAX_BYTES, LaterError
from ingestion.mailbox.models import TakenMail
from ingestion.submissions.models import Submission
from iocmarket.accounts.models import Member
from iocmarket.settings.env import mail_door
from tests.factories import make_institution, make_member
from tests.ingestion.mailbox.conftest import ADDRESS, FROM, address_for, mail
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own(transactional_db: None) -> str:
    """The address of a contributor's own."""
    return address_for(_member())


def _member() -> Member:
    return make_member(make_institution("Université de la Mériane"), email=FROM)


@contextmanager
def _lmtp() -> Iterator[smtplib.LMTP]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        path.touch()  # as a killed server leaves it
        server = serving.server_at(mail_door(f"lmtp:{path}"))
        server.start()
        try:
            with smtplib.LMTP(str(path)) as client:
                yield client
        finally:
            server.stop()


@contextmanager
def _smtp() -> Iterator[smtplib.SMTP]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = serving.server_at(mail_door(f"smtp://127.0.0.1:{port}"))
    server.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as client:
            yield client
    finally:
        server.stop()


@pytest.mark.parametrize("door", [_lmtp, _smtp])
def test_a_mail_is_in_the_database_when_it_is_acknowledged(door: object, own: str, mailbox: Mailbox) -> None:
    assert callable(door)
    with door() as client:
        assert client.sendmail("lea@perso.example", [own], mail(to="quelqu-un@perso.example").as_bytes()) == {}
        assert Submission.objects.get().channel == "mail"
    assert [letter.to for letter in mailbox.letters()] == [FROM]


def test_an_address_that_is_not_ours_is_refused_at_once(own: str) -> None:
    wrong = own.replace(own[5], "a" if own[5] != "a" else "b", 1)
    with _lmtp() as client:
        client.ehlo_or_helo_if_needed()
        client.mail("x@y.example")
        answers = [client.rcpt(to)[0] for to in ("autre@ioc.example", wrong, ADDRESS, own)]
    assert answers == [550, 550, 250, 452]


@pytest.mark.parametrize("fault", [LaterError, RuntimeError], ids=["later", "fault"])
def test_what_could_not_be_stored_stays_with_the_mail_server(
    fault: type[Exception], own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> int:
        raise fault

    monkeypatch.setattr(serving, "take", fails)
    with _lmtp() as client, pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail("x@y.example", [own], mail().as_bytes())
    assert caught.value.smtp_code == 451
    assert not TakenMail.objects.exists()


def test_a_mail_above_the_size_is_refused_before_it_is_sent(own: str) -> None:
    with _lmtp() as client:
        client.ehlo_or_helo_if_needed()
        assert client.mail("x@y.example", [f"size={MAX_BYTES + 1}"])[0] == 552
    assert own


@pytest.mark.parametrize(
    "text", ["", "lmtp:", "lmtp://mail.example.org:24", "smtp://0.0.0.0:25", "smtp://127.0.0.1", "http://127.0.0.1:1"]
)
def test_a_door_to_the_world_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        mail_door(text)
