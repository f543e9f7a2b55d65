"""Writers, publishers and readers at the same time: nobody who goes on from what he was given misses anything.

Four writing processes, two publishers (one of which is killed half-way), two gunicorn workers; one reader goes on by
`added_after`, another by `next`. IOCMARKET_RACE_SECONDS sets how long they write (60).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sharing.taxii.instance import PROJECT, Instance, running

pytestmark = pytest.mark.real
SECONDS = float(os.environ.get("IOCMARKET_RACE_SECONDS", "60"))
WRITERS = 4
DRAIN = 180.0


class Reader(threading.Thread):
    """Reads the community's collection again and again until told to stop, then to the end."""

    def __init__(self, collection: str, secret: str, *, by_next: bool) -> None:
        super().__init__(daemon=True)
        self.collection, self.secret, self.by_next = collection, secret, by_next
        self.received: list[tuple[str, str, str]] = []
        self.stopping = threading.Event()
        self.fault: BaseException | None = None

    def run(self) -> None:
        """Read; a fault is kept for the test."""
        try:
            self._read()
        except BaseException as fault:  # noqa: BLE001
            self.fault = fault

    def _read(self) -> None:
        query: dict[str, str] = {"limit": "50"}
        last = ""
        while True:
            finishing = self.stopping.is_set()
            document, headers = self._get(query)
            self.received += [(o["id"], o["name"], o.get("modified", "")) for o in document.get("objects", [])]
            last = headers.get("X-TAXII-Date-Added-Last") or last
            if self.by_next and document["more"]:
                query = {"next": document["next"]}
            elif last:
                query = {"limit": "50", "added_after": last}
            if not document.get("objects"):
                if finishing:
                    return
                time.sleep(0.05)

    def _get(self, query: dict[str, str]) -> tuple[Any, Any]:
        url = f"{self.collection}objects/?{urlencode(query)}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.secret}"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response), response.headers


@pytest.fixture
def instance() -> Iterator[Instance]:
    """Two publishers."""
    with running(publishers=2) as found:
        yield found


def _collection(instance: Instance) -> str:
    deadline = time.monotonic() + DRAIN
    while True:
        rows = instance.rows("SELECT public_id FROM publication_view WHERE audience='community' AND filled_to IS NULL")
        if rows:
            return f"{instance.url}/taxii2/api/collections/{rows[0][0]}/"
        assert time.monotonic() < deadline, instance.logs()
        time.sleep(0.2)


def _write(instance: Instance, secrets: list[str]) -> set[str]:
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.sharing.taxii.writer", instance.url, secret, str(number), str(SECONDS)],
            cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number, secret in enumerate(secrets)
    ]  # fmt: skip
    time.sleep(SECONDS / 2)
    instance.signal("publisher0", signal.SIGKILL)
    instance.start("publisher2", "manage.py", "publish")
    kept: set[str] = set()
    for writer in writers:
        printed, said = writer.communicate(timeout=SECONDS + DRAIN)
        assert writer.returncode == 0, said + instance.logs()
        kept.update(json.loads(printed))
    return kept


def test_readers_beside_concurrent_writers_and_publishers_miss_nothing(instance: Instance) -> None:
    names = [f"Écrivaine {number}" for number in range(WRITERS)]
    secrets = instance.community({"Lectrice": ["indicators:read"]} | {name: ["indicators:write"] for name in names})
    collection = _collection(instance)
    readers = [Reader(collection, secrets["Lectrice"], by_next=by_next) for by_next in (False, True)]
    for reader in readers:
        reader.start()
    kept = _write(instance, [secrets[name] for name in names])
    deadline = time.monotonic() + DRAIN
    while instance.rows("SELECT 1 FROM publication_outbox LIMIT 1"):
        assert time.monotonic() < deadline, instance.logs()
        time.sleep(0.2)
    for reader in readers:
        reader.stopping.set()
        reader.join(DRAIN)
        assert not reader.is_alive()
        assert reader.fault is None
    stored = instance.rows(
        "SELECT e.stix_type || '--' || e.stix_id, e.version FROM publication_entry e"
        " JOIN publication_view v ON v.id = e.view_id WHERE v.audience = 'community' AND e.stix_type = 'indicator'"
    )
    final = {stix_id: version.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for stix_id, version in stored}
    print(f"{len(kept)} values, {[len(reader.received) for reader in readers]} objects read in {SECONDS:.0f} s")
    for reader in readers:
        seen = [(stix_id, name, version) for stix_id, name, version in reader.received if "indicator--" in stix_id]
        versions = [version for _, _, version in seen]
        assert {name for _, name, _ in seen} == kept
        assert len(set(seen)) == len(seen), "an object came twice in the same version"
        assert all(earlier < later for earlier, later in pairwise(versions)), "out of order"
        assert {stix_id: version for stix_id, _, version in seen} == final, "the last version of each is what is stored"
    assert "Traceback" not in instance.logs()
