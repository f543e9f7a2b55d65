"""Fetching mails from an IMAP mailbox (RFC 3501): each is marked as seen once all that it led to is in the database."""

from __future__ import annotations

import imaplib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.utils import getaddresses
from typing import Any
from urllib.parse import unquote, urlsplit

from ingestion.mailbox.intake import MAX_BYTES, LaterError, take
from ingestion.mailbox.keys import key_in
from iocmarket.locks import session_lock

LOCK = 0x494D4150
"""Of the one who polls: two would take the same mails side by side."""
AT_ONCE = 50
"""Mails of one turn."""
SECONDS = 30.0
"""How long one answer of the mail server is waited for."""
PORT, TLS_PORT = 143, 993
_NAMES = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Box:
    """Where the mails are. `repr` shows no password."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    tls: bool

    def __repr__(self) -> str:
        return f"Box({self.host})"


def box_at(url: str) -> Box:
    """`imaps://user:password@host/FOLDER`, or `imap+plain://` without TLS. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in {"imaps", "imap+plain"} or not parts.hostname:
        raise ValueError("MAILBOX_IMAP_URL is written imaps://user:password@host/INBOX")
    tls = parts.scheme == "imaps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    return Box(parts.hostname, parts.port or (TLS_PORT if tls else PORT), user, password, folder, tls)


def poll(box: Box) -> int:
    """Take what is new; how many mails. Raises OSError or imaplib.IMAP4.error when the server does not do its part."""
    with session_lock(LOCK, wait=False) as mine:
        if not mine:
            return 0
        with _open(box) as server:
            return sum(_taken(server, number) for number in _new(server))


@contextmanager
def _open(box: Box) -> Iterator[imaplib.IMAP4]:
    kind = imaplib.IMAP4_SSL if box.tls else imaplib.IMAP4
    server = kind(box.host, box.port, timeout=SECONDS)
    try:
        server.login(box.user, box.password)
        _checked(server.select(_quoted(box.folder)))
        yield server
    finally:
        try:
            server.logout()
        except (OSError, imaplib.IMAP4.error):
            log.info("the mail server did not say good-bye")


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _new(server: imaplib.IMAP4) -> list[str]:
    """Unique ids, which other mail programs cannot shift."""
    found = _checked(server.uid("SEARCH", "UNSEEN", "UNDELETED"))
    return [number.decode() for number in bytes(found[0] or b"").split()][:AT_ONCE]


def _taken(server: imaplib.IMAP4, number: str) -> bool:
    """Whether this one is done with; else it is tried again at the next turn."""
    if _size(server, number) <= MAX_BYTES:
        content = _content(server, number)
        try:
            take(content, _secret_in(content))
        except LaterError:
            return False
        except Exception as error:  # noqa: BLE001 (one mail must not hold the others up; no text in a trace)
            log.error("a mail could not be taken: %s", type(error).__name__)  # noqa: TRY400 (same)
            return False
    else:
        log.warning("a mail of more than %d bytes was left alone", MAX_BYTES)
    _checked(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)"))
    return True


def _size(server: imaplib.IMAP4, number: str) -> int:
    [first, *_] = _checked(server.uid("FETCH", number, "(RFC822.SIZE)"))
    match = _SIZE.search(first) if isinstance(first, bytes) else None
    if match is None:
        raise imaplib.IMAP4.error("the server tells no size")
    return int(match[1])


def _content(server: imaplib.IMAP4, number: str) -> bytes:
    """Without setting \\Seen: it is set when the mail is taken."""
    for piece in _checked(server.uid("FETCH", number, "(BODY.PEEK[])")):
        if isinstance(piece, tuple):
            return bytes(piece[1])
    raise imaplib.IMAP4.error("the server sends no mail")


def _secret_in(content: bytes) -> str:
    """The key in the address to which it was delivered; nothing for the bare one."""
    mail = message_from_bytes(content)
    said = [str(value) for name in _NAMES for value in mail.get_all(name, [])]
    return next((secret for _, address in getaddresses(said) if (secret := key_in(address))), "")


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error("the mail server refuses")  # its own words may name the account
    return data
