"""The mail server's neighbour: LMTP (RFC 2033) or SMTP on a unix socket or on loopback.

A mail is acknowledged once all that it led to is in the database. One recipient a conversation's mail: LMTP wants an
answer for each, and a mail for two keys would have two senders.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller, UnixSocketController
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import close_old_connections

from ingestion.mailbox.intake import MAX_BYTES, LaterError, take
from ingestion.mailbox.keys import key_behind, key_in
from iocmarket.settings.env import MailDoor

AT_ONCE = 2
"""Mails that are read at the same time; the others wait in their connections."""
TIMEOUT = 60
"""Seconds that a silent mail server is waited for."""
log = logging.getLogger(__name__)


class Handler:
    """What aiosmtpd calls at each step."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def handle_RCPT(  # noqa: N802 (its name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Our address, with a key that opens something or with none."""
        del server, session, options
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        secret = key_in(address)
        if secret is None or (secret and not await asyncio.to_thread(_opens, secret)):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (its name)
        """Take the mail. Whatever goes wrong here, the mail server keeps it and comes back."""
        del server, session
        content = envelope.original_content or b""
        secret = key_in(str(envelope.rcpt_tos[0])) or ""
        async with self._places:
            return await asyncio.to_thread(_answer, content, secret)


def _opens(secret: str) -> bool:
    close_old_connections()
    try:
        return key_behind(secret) is not None
    finally:
        close_old_connections()


def _answer(content: bytes, secret: str) -> str:
    close_old_connections()
    try:
        take(content, secret)
    except LaterError:
        return "451 4.7.1 not now, come back later"
    except Exception as error:  # noqa: BLE001 (the mail must not be lost; its text must be in no trace)
        log.error("a mail could not be taken: %s", type(error).__name__)  # noqa: TRY400 (same)
        return "451 4.3.0 something went wrong here, come back later"
    finally:
        close_old_connections()
    return "250 2.0.0 OK"


class _Socket(UnixSocketController):
    def factory(self) -> SMTP:
        """One conversation."""
        return _conversation(self.handler, lmtp=True)


class _Port(Controller):
    lmtp = True

    def factory(self) -> SMTP:
        """One conversation."""
        return _conversation(self.handler, lmtp=self.lmtp)


def _conversation(handler: Any, *, lmtp: bool) -> SMTP:
    kind = LMTP if lmtp else SMTP
    return kind(
        handler, data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, ident="iocmarket", timeout=TIMEOUT,
        hostname="localhost",
    )  # fmt: skip


def server_at(door: MailDoor) -> Controller | UnixSocketController:
    """A server that is not started yet. A socket that a killed one left behind is removed."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # the library's own talk names addresses
    if door.path:
        Path(door.path).unlink(missing_ok=True)
        return _Socket(Handler(), unix_socket=door.path)
    made = _Port(Handler(), hostname=door.host, port=door.port)
    made.lmtp = door.lmtp
    return made
