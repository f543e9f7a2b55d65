"""Asking /readyz without waiting for the answer: the one thread has children to look after.

At most one question is open: a web server that is still starting would otherwise answer a queue of them later.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress

PAUSE = 1.5  # seconds between two questions
REQUEST = b"GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
YES = b"200"


class Probe:
    """`ready()` is asked at every turn of the loop, and is true once the server has said yes."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._question: socket.socket | None = None
        self._ask_at = 0.0
        self._yes = False

    def ready(self) -> bool:
        """Whether a yes has been heard; asks, or listens for the answer, without blocking."""
        if self._yes:
            return True
        if self._question is None:
            self._ask()
            return False
        with suppress(BlockingIOError):
            self._yes = self._heard(self._question)
        return self._yes

    def close(self) -> None:
        """Give up the open question."""
        if self._question is not None:
            self._question.close()
            self._question = None

    def _ask(self) -> None:
        now = time.monotonic()
        if now < self._ask_at:
            return
        self._ask_at = now + PAUSE
        question = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            question.connect(self._address)  # loopback: accepted or refused at once
            question.sendall(REQUEST)
            question.setblocking(False)
        except OSError:
            question.close()
            return
        self._question = question

    def _heard(self, question: socket.socket) -> bool:
        """Raises BlockingIOError while there is no answer. The status line arrives in the first bytes."""
        try:
            line = question.recv(4096).partition(b"\r\n")[0]
        except ConnectionError:
            line = b""
        self.close()
        return line.split(b" ")[1:2] == [YES]
