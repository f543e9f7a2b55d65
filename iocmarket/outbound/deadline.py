"""An end to waiting that holds for the whole act: a timeout of a socket begins again with each byte that drips in."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Any

from urllib3.connectionpool import HTTPConnectionPool


class Deadline:
    """After so many seconds the connection is shut down, whatever it is doing; `passed` then says so.

    The watchdog holds a duplicate of the descriptor: shutting it down ends the connection itself, also when TLS has
    taken the first one over.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for held in self._held:
                held.close()
            self._held.clear()

    def watch(self, pool: HTTPConnectionPool) -> HTTPConnectionPool:
        """The pool, whose connections are watched from the moment they are open."""
        deadline, plain = self, pool.ConnectionCls

        class Watched(plain):  # type: ignore[misc, valid-type]  # the class depends on the scheme
            """Opens its socket under the watchdog's eye."""

            def _new_conn(self) -> Any:
                made = super()._new_conn()
                deadline._hold(made)
                return made

        pool.ConnectionCls = Watched
        return pool

    def _hold(self, made: socket.socket) -> None:
        with self._lock:
            self._held.append(made.dup())
        if self.passed:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            for held in self._held:
                try:
                    held.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it ended by itself
