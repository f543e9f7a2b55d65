"""While a hundred thousand entries expire and a new view is filled, whoever shares something is heard at once.

A client submits one value every 200 ms; one reader goes on by `added_after`, another asks the list of the API.
IOCMARKET_EXPIRING sets how many entries end at one moment (100 000). The machine is shared with other work, so what is
asserted is the goal of the design (p95 ≤ 2 s) or a share of the whole, and what was measured is printed.
"""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sharing.taxii.instance import Instance, running, submit

pytestmark = [pytest.mark.real, pytest.mark.alone]
COUNT = int(os.environ.get("IOCMARKET_EXPIRING", "100000"))
PATIENCE = 900.0
EVERY = 0.2
LEAST = 100
"""Submissions that are measured at least."""
READER, WRITER, AUTHORS = "Lectrice", "Écrivaine", [f"Autrice {number}" for number in range(5)]


class Beside(threading.Thread):
    """Does something again and again until told to stop, and once more after that; a fault is kept for the test."""

    def __init__(self, work: Callable[[], None], pause: float) -> None:
        super().__init__(daemon=True)
        self.work, self.pause = work, pause
        self.stopping = threading.Event()
        self.fault: BaseException | None = None

    def run(self) -> None:
        """Work."""
        try:
            while not self.stopping.is_set():
                self.work()
                time.sleep(self.pause)
            self.work()
        except BaseException as fault:  # noqa: BLE001
            self.fault = fault

    def stop(self) -> None:
        """Wait for its end."""
        self.stopping.set()
        self.join(PATIENCE)
        assert not self.is_alive()
        if self.fault is not None:
            raise self.fault


class Client:
    """Submits, reads, and notes when each value was sent and when it was seen, by way of reading."""

    def __init__(self, instance: Instance, secrets: dict[str, str]) -> None:
        self.instance, self.secrets = instance, secrets
        self.sent: dict[str, float] = {}
        self.seen: dict[str, dict[str, float]] = {"taxii": {}, "api": {}}
        (head,) = instance.rows("SELECT public_id, head FROM publication_view WHERE audience = 'community'")
        self.collection, self.after = str(head[0]), head[1].strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def submit_one(self) -> None:
        """A value that nobody has."""
        number = len(self.sent)
        value = f"46.200.{number >> 8}.{number & 255}"
        self.sent[value] = time.monotonic()
        answer = submit(self.instance.url, self.secrets[WRITER], {"indicators": [value]})
        assert answer["counts"]["accepted"] == 1, answer

    def poll_taxii(self) -> None:
        """Everything after what was given before."""
        while True:
            query = urlencode({"added_after": self.after, "limit": 1000})
            document, headers = self._get(f"/taxii2/api/collections/{self.collection}/objects/?{query}")
            self._note("taxii", [found.get("name", "") for found in document.get("objects", [])])
            self.after = headers.get("X-TAXII-Date-Added-Last") or self.after
            if not document["more"]:
                return

    def poll_api(self) -> None:
        """Each value that was not seen yet, by its name."""
        for value in [value for value in list(self.sent) if value not in self.seen["api"]][:20]:
            document, _headers = self._get(f"/api/v1/indicators?{urlencode({'value': value})}")
            if value in json.dumps(document):
                self._note("api", [value])

    def _note(self, way: str, names: list[str]) -> None:
        present = time.monotonic()
        for name in names:
            if name in self.sent:
                self.seen[way].setdefault(name, present)

    def _get(self, path: str) -> tuple[Any, Any]:
        request = urllib.request.Request(
            self.instance.url + path, headers={"Authorization": f"Bearer {self.secrets[READER]}"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response), response.headers

    def delays(self, way: str) -> list[float]:
        """Seconds from sending to seeing, in ascending order."""
        return sorted(self.seen[way][value] - sent for value, sent in self.sent.items())


@pytest.fixture
def instance() -> Iterator[Instance]:
    """One publisher."""
    with running() as found:
        yield found


def _until(holds: Callable[[], bool], instance: Instance) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, instance.log("publisher0")[-3000:]
        time.sleep(0.5)


def _do(instance: Instance, call: str) -> str:
    """Run a function of tests.real.expiring inside of the instance."""
    return instance.python(f"from tests.real import expiring\nprint(expiring.{call})").splitlines()[-1]


def _settled(instance: Instance) -> bool:
    (left,) = instance.rows(
        "SELECT (SELECT count(*) FROM publication_view WHERE filled_to IS NOT NULL),"
        " (SELECT count(*) FROM publication_entry WHERE due_at <= now()),"
        " (SELECT count(*) FROM publication_outbox)"
    )
    return bool(left[0] == left[1] == 0 and left[2] < 20)


def test_sharing_is_heard_while_all_expires_and_a_view_is_filled(instance: Instance) -> None:
    scopes = {READER: ["indicators:read"], WRITER: ["indicators:write"]} | {name: ["feeds:read"] for name in AUTHORS}
    secrets = instance.community(scopes)
    _until(lambda: _settled(instance) and bool(instance.rows("SELECT 1 FROM publication_view")), instance)
    _do(instance, f"fill_with({COUNT}, names={AUTHORS!r})")
    live = int(_do(instance, "end_all(seconds=3)"))
    assert live >= COUNT * 0.8
    client = Client(instance, secrets)
    beside = [Beside(client.submit_one, EVERY), Beside(client.poll_taxii, 0.05), Beside(client.poll_api, 0.05)]
    began = time.monotonic()
    for thread in beside:
        thread.start()
    time.sleep(3)
    _do(instance, f"provider_token({AUTHORS[0]!r})")
    _until(lambda: len(instance.rows("SELECT 1 FROM publication_view WHERE ceiling_tlp = 2")) >= 2, instance)
    _until(lambda: _settled(instance) and len(client.sent) >= LEAST, instance)
    took = time.monotonic() - began
    beside[0].stop()
    _until(lambda: all(set(client.sent) == set(found) for found in client.seen.values()), instance)
    for thread in beside[1:]:
        thread.stop()
    (expired, filled) = instance.rows(
        "SELECT count(*) FROM publication_entry e JOIN publication_view v ON v.id = e.view_id"
        " WHERE e.state = 'expired' GROUP BY v.ceiling_tlp ORDER BY v.ceiling_tlp DESC"
    )
    print(f"{live} entries ended, {expired[0]} told as expired, {filled[0]} filled into the new view, in {took:.0f} s")
    for way in client.seen:
        found = client.delays(way)
        p50, p95 = found[len(found) // 2], found[int(len(found) * 0.95)]
        print(f"{way}: {len(found)} values, p50 {p50:.3f} s, p95 {p95:.3f} s, max {found[-1]:.3f} s")
        # The goal is two seconds; where others use the machine too, a twentieth of what the whole took.
        assert p95 <= max(2, took / 20)
    assert expired[0] >= live
    assert "Traceback" not in instance.logs()
