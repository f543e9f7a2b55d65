"""A real SMTP server on loopback, and the letters that reached it. The fixture `mailbox` is in tests/conftest.py."""

from __future__ import annotations

import email
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connection


@dataclass(frozen=True, slots=True)
class Received:
    """One letter, as the server of its recipient got it."""

    to: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Decoded."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """The body, decoded."""
        return str(self.message.get_content())

    @property
    def links(self) -> list[str]:
        """Every address in the text."""
        return re.findall(r"https?://\S+", self.text)


@dataclass
class Mailbox:
    """What arrived. `refusals` are the answers that the server gives to the next letters instead of taking them."""

    port: int
    received: list[Received] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def letters(self, to: str = "") -> list[Received]:
        """Those to this address, or all. In a test without transactions of its own, what waits for the commit goes."""
        if connection.in_atomic_block:
            while connection.run_on_commit:  # what the worker does may wait for a commit of its own
                waiting, connection.run_on_commit = connection.run_on_commit, []
                for entry in waiting:
                    entry[1]()
        return [letter for letter in self.received if to in {"", letter.to}]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (its name)
        """Called by the server for each letter."""
        if self.refusals:
            return self.refusals.pop(0)
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        message = email.message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        self.received += [Received(str(to), message) for to in envelope.rcpt_tos]
        return "250 OK"


@contextmanager
def running() -> Iterator[Mailbox]:
    """The server, for a time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # the server's own talk names addresses
    mailbox = Mailbox(port)
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield mailbox
    finally:
        server.stop()
