"""An institution with a manager, and a MISP server that speaks the part of its protocol that is documented."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from ingestion.subscriptions.models import Subscription, Turn
from ingestion.subscriptions.running import pull
from ingestion.subscriptions.services import Told, create
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from iocmarket.accounts.views import actor_of
from iocmarket.kernel import clock
from tests.factories import make_institution, make_member

KEY = "k3y-of-the-other-server"


@pytest.fixture(autouse=True)
def _no_limits(settings: Settings) -> None:
    settings.LIMITS = {"*": "0"}


@pytest.fixture
def manager(db: None) -> Member:
    """Who sets subscriptions up."""
    return make_member(make_institution("Université de la Mériane"), role=Role.MANAGER)


def subscribe(manager: Member, url: str, kind: str = "misp", **told: Any) -> Subscription:
    """A new one of the manager's institution, with the key of the other server unless another is told."""
    assert manager.institution is not None
    said = Told(**{"name": "Autre serveur", "kind": kind, "url": url, "secret": KEY, "published": False, **told})
    return create(manager.institution, said, author=manager, actor=actor_of(manager))


def turn_of(subscription: Subscription) -> Turn:
    """A turn now, whenever it is due; as it stands in the database."""
    Subscription.objects.filter(pk=subscription.pk).update(next_at=clock.now())
    turn = pull(subscription.pk)
    assert turn is not None
    turn.refresh_from_db()
    subscription.refresh_from_db()
    return turn


@dataclass
class Misp:
    """A server with events. `before` is called before each answer, with the number of the request from 1 on."""

    port: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    before: Callable[[int], None] = lambda _number: None
    answer: Callable[[], tuple[int, dict[str, str], bytes] | None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/misp/"

    def add(
        self, number: int, *values: str, stamp: int = 0, tags: tuple[str, ...] = ("tlp:green",), **said: Any
    ) -> None:
        """An event of another organisation with addresses in it."""
        self.events.append(
            {
                "uuid": f"00000000-0000-4000-8000-{number:012}",
                "info": f"Événement {number}",
                "timestamp": str(stamp or 1_700_000_000 + number),
                "publish_timestamp": str(stamp or 1_700_000_000 + number),
                "published": True,
                "distribution": "3",
                "Orgc": {"name": "CERT d'ailleurs"},
                "Tag": [{"name": tag} for tag in tags],
                "Attribute": [
                    {"uuid": f"{number}-{value}", "type": "ip-dst", "value": value, "to_ids": True, "distribution": "5"}
                    for value in values
                ],
                **said,
            }
        )

    def told(self, wish: dict[str, Any]) -> list[dict[str, Any]]:
        """What restSearch answers: times are compared inclusively, pages are counted over what matches."""
        found = self.events
        for clock_name in ("timestamp", "publish_timestamp"):
            if clock_name in wish:
                found = [each for each in found if int(each[clock_name]) >= int(wish[clock_name])]
        if wish.get("published"):
            found = [each for each in found if each["published"]]
        start = (wish["page"] - 1) * wish["limit"]
        return [{"Event": each} for each in found[start : start + wish["limit"]]]


@contextmanager
def serving() -> Iterator[Misp]:
    """The server for the time of the block, on loopback."""
    misp = Misp()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            misp.asked.append(wish)
            misp.heads.append(dict(self.headers))
            misp.before(len(misp.asked))
            status, headers, body = misp.answer() or (200, {}, json.dumps({"response": misp.told(wish)}).encode())
            if self.path != "/misp/events/restSearch":
                status = 404
            self.send_response(status)
            for name, text in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    misp.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield misp
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def misp(settings: Settings) -> Iterator[Misp]:
    """The server, which the operator allows to be reached."""
    with serving() as found:
        settings.OUTBOUND_ALLOWED = [f"localhost:{found.port}"]
        yield found
