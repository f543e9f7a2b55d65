"""A client that costs next to nothing, so that what is measured is the server: prepared bytes over kept connections."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import orjson

from bench.timing import quantile

CLIENTS = 8
PATIENCE = 600.0
"""Seconds that one answer may take: a full feed of a million objects is slow."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_PIECE = 1 << 20


class Unexpected(AssertionError):  # noqa: N818 (a figure that would mean nothing, not a fault)
    """An answer that the measure did not ask for: its figure would mean nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, head and body as they came."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """One header; empty when it is not there."""
        found = re.search(rb"\r\n" + name.encode() + rb": *([^\r]*)", self.head, re.IGNORECASE)
        return found[1].decode() if found else ""


@dataclass(frozen=True, slots=True)
class Load:
    """What several clients at once got."""

    rate: float
    """Answers a second."""
    median: float
    """Seconds."""
    p99: float
    """Seconds."""


def get(path: str, secret: str, **headers: str) -> bytes:
    """A prepared GET."""
    return _prepared("GET", path, secret, b"", headers)


def post(path: str, secret: str, document: object) -> bytes:
    """A prepared POST of a JSON document."""
    return _prepared("POST", path, secret, orjson.dumps(document), {"Content-Type": "application/json"})


def send(path: str, secret: str, body: bytes, media_type: str) -> bytes:
    """A prepared POST of a body of any kind."""
    return _prepared("POST", path, secret, body, {"Content-Type": media_type})


def _prepared(method: str, path: str, secret: str, body: bytes, headers: dict[str, str]) -> bytes:
    told = {"Host": "127.0.0.1", "Authorization": f"Bearer {secret}", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Client:
    """One kept connection; made again when the server has closed it between two requests."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes, *, status: int = 200) -> Answer:
        """Send and read. Raises Unexpected for another status."""
        try:
            answer = self._exchange(request)
        except ConnectionError:
            self.close()
            answer = self._exchange(request)
        if answer.status != status:
            raise Unexpected(f"{request[:80]!r}: {answer.status} instead of {status}: {answer.body[:300]!r}")
        return answer

    def drain(self, request: bytes) -> int:
        """Send, and read the body as a sent file is read: piece by piece, keeping none. Its bytes.

        Raises Unexpected for another status than 200, or for a body without a length.
        """
        self.close()  # the server hangs up on a connection that waited
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        self._socket.sendall(request)
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            self._more(self._socket, data)
        told, arrived = _LENGTH.search(bytes(data[: end + 2])), len(data) - end - 4
        if told is None or data[9:12] != b"200":
            raise Unexpected(f"{request[:80]!r}: {bytes(data[:end])!r}")
        while arrived < int(told[1]):
            piece = self._socket.recv(_PIECE)
            if not piece:
                raise ConnectionResetError("the server has closed the connection")
            arrived += len(piece)
        return arrived

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, request: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            self._more(self._socket, data)
        head, data = bytes(data[: end + 2]), data[end + 4 :]
        status = int(head[9:12])
        if found := _LENGTH.search(head):
            body = self._exactly(self._socket, data, int(found[1]))
        elif _CHUNKED.search(head):
            body = self._chunks(self._socket, data)
        else:
            body = b""
        return Answer(status, head, body)

    @staticmethod
    def _more(connection: socket.socket, data: bytearray) -> None:
        piece = connection.recv(_PIECE)
        if not piece:
            raise ConnectionResetError("the server has closed the connection")
        data += piece

    @classmethod
    def _exactly(cls, connection: socket.socket, data: bytearray, length: int) -> bytes:
        while len(data) < length:
            cls._more(connection, data)
        return bytes(data)

    @classmethod
    def _chunks(cls, connection: socket.socket, data: bytearray) -> bytes:
        body = bytearray()
        while True:
            while (end := data.find(b"\r\n")) < 0:
                cls._more(connection, data)
            size = int(bytes(data[:end]).partition(b";")[0], 16)
            while len(data) < end + 2 + size + 2:
                cls._more(connection, data)
            body += data[end + 2 : end + 2 + size]
            del data[: end + 2 + size + 2]
            if size == 0:
                return bytes(body)


def hammer(port: int, requests: Sequence[bytes], *, duration: float, status: int = 200) -> Load:
    """Eight clients send these requests in a circle for so many seconds. Raises Unexpected."""
    ready = threading.Barrier(CLIENTS)

    def one(number: int) -> list[float]:
        client, own = Client(port), requests[number::CLIENTS] or requests
        taken: list[float] = []
        ready.wait()
        end = time.perf_counter() + duration
        while True:
            for request in own:
                started = time.perf_counter()
                if started >= end:
                    client.close()
                    return taken
                client.ask(request, status=status)
                taken.append(time.perf_counter() - started)

    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        latencies = [each for found in pool.map(one, range(CLIENTS)) for each in found]
        took = time.perf_counter() - started
    return Load(len(latencies) / took, quantile(latencies, 0.5), quantile(latencies, 0.99))
