"""Writers, publishers and readers at the same time: nobody who goes on from what he was given misses anything.

Four writing processes, two publishers of which one is killed at random again and again, two gunicorn workers. Of the
community's view one reader goes on by `added_after` and another by `next`; a third reads by `added_after` what a
provider's token sees, a view with a narrower ceiling, which values leave as their statements are tightened.
IOCMARKET_RACE_SECONDS sets how long they write (60).
"""

from __future__ import annotations

import json
import os
import random
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

from iocmarket.kernel.marking import TLP
from tests.sharing.taxii.instance import PROJECT, Instance, running

pytestmark = [pytest.mark.real, pytest.mark.alone]
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
            self.received += [(o["id"], o.get("name", ""), o.get("modified", "")) for o in document.get("objects", [])]
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


def _collection(instance: Instance, ceiling: TLP) -> str:
    deadline = time.monotonic() + DRAIN
    while True:
        rows = instance.rows(
            "SELECT public_id FROM publication_view"
            " WHERE audience='community' AND filled_to IS NULL AND ceiling_tlp = %s",
            int(ceiling),
        )
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
    _kill_publishers(instance, until=time.monotonic() + SECONDS)
    kept: set[str] = set()
    for writer in writers:
        printed, said = writer.communicate(timeout=SECONDS + DRAIN)
        assert writer.returncode == 0, said + instance.logs()
        kept.update(json.loads(printed))
    return kept


def _kill_publishers(instance: Instance, *, until: float) -> None:
    """Kill one of the two publishers now and then, and start another; how often is printed."""
    draw, running_ones, started = random.Random(SECONDS), ["publisher0", "publisher1"], 2
    while time.monotonic() < until:
        time.sleep(draw.uniform(0.5, SECONDS / 10))
        instance.signal(running_ones.pop(draw.randrange(2)), signal.SIGKILL)
        running_ones.append(f"publisher{started}")
        instance.start(running_ones[-1], "manage.py", "publish")
        started += 1
    print(f"{started - 2} publishers killed")


def _provider_token(instance: Instance, name: str) -> str:
    return instance.python(
        "from iocmarket.accounts.models import Institution\n"
        "from iocmarket.accounts.services import create_token\n"
        "from iocmarket.audit.services import PLATFORM\n"
        f"owner = Institution.objects.get(name={name!r})\n"
        "print(create_token(institution=owner, name='SOC', scopes=['indicators:read'], made_by=None, actor=PLATFORM,"
        " operated_by='provider').secret)"
    ).splitlines()[-1]


def _check(reader: Reader, instance: Instance, ceiling: TLP) -> None:
    """What came, came once in each version, in order, and the last version of each object is what is stored."""
    seen = [(stix_id, name, version) for stix_id, name, version in reader.received if "indicator--" in stix_id]
    versions = [version for _, _, version in seen]
    assert len(set(seen)) == len(seen), "an object came twice in the same version"
    assert all(earlier < later for earlier, later in pairwise(versions)), "out of order"
    stored = instance.rows(
        "SELECT e.stix_type || '--' || e.stix_id, e.version FROM publication_entry e"
        " JOIN publication_view v ON v.id = e.view_id"
        " WHERE v.audience = 'community' AND v.ceiling_tlp = %s AND e.stix_type = 'indicator'",
        int(ceiling),
    )
    final = {stix_id: version.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for stix_id, version in stored}
    assert {stix_id: version for stix_id, _, version in seen} == final
    said = instance.rows(
        "SELECT DISTINCT i.value FROM indicators_contribution c JOIN indicators_indicator i ON i.id = c.indicator_id"
        " WHERE c.withdrawn_at IS NULL AND c.tlp <= %s",
        int(ceiling),
    )
    held = {stix_id: name for stix_id, name, _ in seen}
    assert {name for name in held.values() if name != "withdrawn"} == {value for (value,) in said}


def test_readers_beside_concurrent_writers_and_publishers_miss_nothing(instance: Instance) -> None:
    names = [f"Écrivaine {number}" for number in range(WRITERS)]
    secrets = instance.community({"Lectrice": ["indicators:read"]} | {name: ["indicators:write"] for name in names})
    secrets["SOC"] = _provider_token(instance, "Lectrice")
    whole, narrow = _collection(instance, TLP.AMBER_STRICT), _collection(instance, TLP.AMBER)
    readers = [Reader(whole, secrets["Lectrice"], by_next=by_next) for by_next in (False, True)]
    readers.append(Reader(narrow, secrets["SOC"], by_next=False))
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
    print(f"{len(kept)} values, {[len(reader.received) for reader in readers]} objects read in {SECONDS:.0f} s")
    for reader, ceiling in zip(readers, [TLP.AMBER_STRICT, TLP.AMBER_STRICT, TLP.AMBER], strict=True):
        _check(reader, instance, ceiling)
    for reader in readers[:2]:
        assert {name for stix_id, name, _ in reader.received if "indicator--" in stix_id} == kept
    assert "Traceback" not in instance.logs()
