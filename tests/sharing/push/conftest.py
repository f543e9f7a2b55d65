"""A receiver of web hooks and an index, both real web servers on loopback, and an institution with hooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Role
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from sharing.push import running
from sharing.push.models import Hook
from sharing.push.services import NewHook, Told, create_hook
from tests.factories import make_institution, make_member, publish

KEY = "VnVhQ2ZHY0JDZFEtLi4uOnVpMmxwMmF4"


@pytest.fixture
def institution(db: None) -> Institution:
    """Whose hooks these are; with a manager."""
    made = make_institution("Université de la Mériane")
    make_member(made, role=Role.MANAGER, email="manager@meriane.example")
    return made


@dataclass
class Request:
    """What a target received."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> str:
        """The id of the message."""
        return self.headers["webhook-id"]

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What it says."""
        told = json.loads(self.body)
        assert set(told) == {"type", "timestamp", "data"}
        assert told["type"] == "indicators.changed"
        found: list[dict[str, Any]] = told["data"]["changes"]
        return found

    @property
    def actions(self) -> list[tuple[str, str]]:
        """The same in short."""
        return [(change["action"], change["value"]) for change in self.changes]


def verify(request: Request, secret: str, *, tolerance: int = 300) -> None:
    """As the Standard Webhooks specification tells receivers to, written from its text: raises AssertionError."""
    assert abs(clock.now().timestamp() - int(request.headers["webhook-timestamp"])) < tolerance
    signed = b".".join((request.message.encode(), request.headers["webhook-timestamp"].encode(), request.body))
    key = base64.b64decode(secret.split("_", 1)[1])
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [each.split(",", 1) for each in request.headers["webhook-signature"].split(" ")]
    assert any(version == "v1" and hmac.compare_digest(wanted, text) for version, text in given)


@dataclass
class Target:
    """A web server. Each answer is the next of `answers`, and then `then` for ever."""

    port: int = 0
    received: list[Request] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    then: tuple[int, dict[str, str]] = (204, {})

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def actions(self) -> list[tuple[str, str]]:
        """Everything that it was told, in the order in which it was told."""
        return [action for request in self.received for action in request.actions]

    def held(self) -> dict[str, str]:
        """What a receiver holds that takes each message once, by its id, and does as it is told."""
        found: dict[str, str] = {}
        seen = set()
        for request in self.received:
            if request.message in seen:
                continue
            seen.add(request.message)
            for change in request.changes:
                if change["action"] == "removed":
                    found.pop(change["id"], None)
                else:
                    found[change["id"]] = change["tlp"]
        return found

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        """What it says to a request."""
        status, headers = self.answers.pop(0) if self.answers else self.then
        return status, headers, b""


@dataclass
class Index(Target):
    """An index that speaks `_bulk` as documented. `refuses`: identifiers that it answers with that error."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuses: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/iocmarket/_bulk"

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        """One result for each action."""
        if self.answers:
            return *self.answers.pop(0), b""
        if request.headers.get("authorization") != f"ApiKey {KEY}":
            return 401, {}, b'{"error":{"type":"security_exception"},"status":401}'
        if not request.body.endswith(b"\n") or request.headers["content-type"] != "application/x-ndjson":
            return 400, {}, b'{"error":{"type":"illegal_argument_exception"},"status":400}'
        items = list(self._done([json.loads(line) for line in request.body.splitlines()]))
        errors = any("error" in next(iter(item.values())) for item in items)
        return 200, {}, json.dumps({"took": 3, "errors": errors, "items": items}).encode()

    def _done(self, lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        following = iter(lines)
        for line in following:
            ((action, meta),) = line.items()
            assert action in {"index", "delete"}
            number = meta["_id"]
            document = next(following) if action == "index" else None
            if number in self.refuses:
                status, kind = self.refuses[number]
                yield {action: {"_id": number, "status": status, "error": {"type": kind, "reason": "[x.example]"}}}
            elif document is None:
                status = 200 if self.documents.pop(number, None) else 404
                yield {"delete": {"_id": number, "status": status, "result": "deleted" if status == 200 else ""}}
            else:
                status = 200 if number in self.documents else 201
                self.documents[number] = document
                yield {"index": {"_id": number, "status": status}}


def _serving(target: Target) -> Iterator[Target]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(self.path, {name.lower(): text for name, text in self.headers.items()}, body)
            target.received.append(request)
            status, headers, answer = target.answer(request)
            self.send_response(status)
            for name, text in {"Content-Length": str(len(answer)), **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        target.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield target
        server.shutdown()
        thread.join()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Target]:
    """A receiver of web hooks inside our network, which the operator allows."""
    for target in _serving(Target()):
        settings.OUTBOUND_ALLOWED = [f"127.0.0.1:{target.port}"]
        yield target


@pytest.fixture
def index(settings: Settings) -> Iterator[Index]:
    """An index inside our network."""
    for target in _serving(made := Index()):
        settings.OUTBOUND_ALLOWED = [f"127.0.0.1:{target.port}"]
        yield made


def make_hook(institution: Institution, url: str, **told: Any) -> NewHook:
    """A new one in the institution's own hands, unless another is told."""
    said = Told(**{"name": "SOAR", "url": url, "operated_by": "self", "from_start": True, **told})
    return create_hook(institution, said, actor=PLATFORM)


def turn(hook: Hook | None = None) -> None:
    """What the worker does: each hook that is due has its turn; or this one, due or not."""
    publish()
    for pk in running.due() if hook is None else [hook.pk]:
        running.run(pk, 60.0)


def pass_time(clock_of_test: time_machine.Traveller, **span: float) -> None:
    """Later."""
    clock_of_test.shift(timedelta(**span))
