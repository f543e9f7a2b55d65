"""A real IMAP server (Dovecot): what lies in the mailbox is fetched once, and marked when it is in the database."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from ingestion.mailbox import polling
from ingestion.mailbox.intake import LaterError
from ingestion.mailbox.polling import Box, box_at, poll
from ingestion.mailbox.tasks import fetch
from ingestion.submissions.models import Submission
from iocmarket.accounts.models import Member
from tests.factories import make_institution, make_member
from tests.ingestion.mailbox.conftest import ADDRESS, FROM, address_for, mail

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]
DOVECOT = shutil.which("dovecot") or "/usr/sbin/dovecot"
PASSWORD = "drawn-for-one-test"
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail
first_valid_uid = 0
first_valid_gid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home
}}
"""


@pytest.fixture
def box(settings: Settings, transactional_db: None) -> Iterator[Box]:
    """The server with an empty mailbox."""
    if not Path(DOVECOT).exists():
        pytest.skip("dovecot-imapd is not installed")
    settings.MAILBOX_ADDRESS, settings.LIMITS = ADDRESS, {"*": "0"}
    folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
    user, group = ("nobody", "nogroup") if os.geteuid() == 0 else (str(os.geteuid()), str(os.getegid()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("run", "state", "mail/new", "mail/cur", "mail/tmp", "home"):
        (folder / name).mkdir(parents=True)
    config = folder / "dovecot.conf"
    config.write_text(CONFIG.format(folder=folder, user=user, group=group, port=port, password=PASSWORD))
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user, group)
    program = subprocess.Popen([DOVECOT, "-F", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        _await(port, folder / "log")
        url = f"imap+plain://lea:{PASSWORD}@127.0.0.1:{port}/INBOX"
        settings.MAILBOX_IMAP_URL = url
        yield box_at(url)
    finally:
        program.terminate()
        program.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def _await(port: int, log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text() if log.exists() else "dovecot does not start")


def _put(box: Box, data: bytes) -> None:
    import imaplib  # noqa: PLC0415

    with imaplib.IMAP4(box.host, box.port) as server:
        server.login(box.user, box.password)
        assert server.append("INBOX", "", "", data)[0] == "OK"


def _own() -> str:
    return address_for(make_member(make_institution("Université de la Mériane"), email=FROM))


def test_a_mail_in_the_mailbox_is_taken_once(box: Box) -> None:
    own = _own()
    _put(box, mail(to=own).as_bytes())
    _put(
        box, mail("Autre : http://autre-quota.top/", to="x@y.example", Delivered_To=own, Message_ID="<2@x>").as_bytes()
    )
    assert fetch() == 2
    assert Submission.objects.count() == 2
    assert fetch() == 0


def test_a_mail_of_nobody_is_marked_and_does_not_come_back(box: Box) -> None:
    _put(box, mail().as_bytes())
    assert poll(box) == 1
    assert poll(box) == 0
    assert not Submission.objects.exists()


def test_what_could_not_be_stored_is_taken_at_the_next_turn(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(box, mail(to=_own()).as_bytes())

    def later(*_: object) -> int:
        raise LaterError

    with monkeypatch.context() as patch:
        patch.setattr(polling, "take", later)
        assert poll(box) == 0
    assert poll(box) == 1
    assert Submission.objects.get().author == Member.objects.get(email=FROM)


def test_a_wrong_password_is_no_fault_of_the_worker(box: Box, settings: Settings) -> None:
    settings.MAILBOX_IMAP_URL = settings.MAILBOX_IMAP_URL.replace(PASSWORD, "wrong")
    assert fetch() == 0
    assert box.user == "lea"
