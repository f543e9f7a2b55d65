"""Posting into Dépôt on a real server with four workers: the conformance checker, taxii2-client, a race with kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
import requests
from taxii2client.common import TokenAuth
from taxii2client.v21 import Collection, Server, Status

from tests.sharing.taxii.instance import PROJECT, Instance, running

pytestmark = pytest.mark.real
SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or PROJECT.parent / "shared" / "data")
CHECKER = SHARED.parent / "tools" / "taxii" / "taxii21_conformance.py"
SECONDS = float(os.environ.get("IOCMARKET_DEPOT_RACE_SECONDS", "30"))
WRITERS = 4
BATCH = 10
PATIENCE = 120.0


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """Four workers, as the benchmark of conformance asks."""
    with running(workers=4) as found:
        yield found


@pytest.fixture(scope="module")
def secrets(instance: Instance) -> dict[str, str]:
    """Tokens that read and write, and one of each kind alone."""
    both = ["indicators:read", "indicators:write"]
    made = instance.community({"Déposante": both, "Pilleuse": both, "Course": both, "Lectrice": both[:1]})
    code = """
from iocmarket.accounts.models import Institution
from iocmarket.accounts.services import create_token
from iocmarket.audit.services import PLATFORM
held = Institution.objects.get(name="Déposante")
print(create_token(institution=held, name="x", scopes=["indicators:write"], made_by=None, actor=PLATFORM).secret)
"""
    made["writes"] = instance.python(code).splitlines()[-1]
    _await_publication(instance)
    return made


def _await_publication(instance: Instance) -> None:
    deadline = time.monotonic() + PATIENCE
    while instance.rows(
        "SELECT 1 FROM publication_outbox UNION ALL SELECT 1 FROM publication_view WHERE filled_to IS NOT NULL"
        " UNION ALL SELECT 1 WHERE (SELECT count(*) FROM publication_view) < 5 LIMIT 1"
    ):
        assert time.monotonic() < deadline, instance.logs()
        time.sleep(0.2)


def _collections(instance: Instance, secret: str) -> dict[str, Collection]:
    [root] = Server(f"{instance.url}/taxii2/", auth=TokenAuth(key=secret)).api_roots
    return {collection.title: collection for collection in root.collections}


def _indicator(value: str, **extra: Any) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid4()}", "created": now, "modified": now,
        "valid_from": now, "pattern": f"[ipv4-addr:value = '{value}']", "pattern_type": "stix", **extra,
    }  # fmt: skip


def _live(instance: Instance, institution: str) -> list[str]:
    """The values that an institution states now."""
    rows = instance.rows(
        "SELECT i.value FROM indicators_contribution c JOIN indicators_indicator i ON i.id = c.indicator_id"
        " JOIN accounts_institution a ON a.id = c.institution_id WHERE a.name = %s AND c.withdrawn_at IS NULL",
        institution,
    )
    return sorted(value for (value,) in rows)


# — The checker —


def _checked(instance: Instance, secret: str, *arguments: str) -> str:
    if not CHECKER.is_file():
        pytest.skip(f"the conformance checker is not at {CHECKER}; set IOCMARKET_SHARED_DATA")
    done = subprocess.run(
        [sys.executable, str(CHECKER), f"{instance.url}/taxii2/", "--token", secret, "--scheme", "Token",
         "--insecure-http", *arguments],
        capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    assert not [line for line in done.stdout.splitlines() if line.startswith(("FAIL", "WARN"))], done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.shareddata
@pytest.mark.parametrize("strict", [[], ["--strict"]])
def test_the_conformance_checker_finds_no_fault(instance: Instance, secrets: dict[str, str], strict: list[str]) -> None:
    mine, others = (_collections(instance, secrets[name]) for name in ("Déposante", "Pilleuse"))
    said = _checked(
        instance, secrets["Déposante"], "--write-collection", mine["Dépôt"].id, "--read-collection",
        mine["Communauté"].id, "--nowrite-collection", mine["Communauté"].id, "--hidden-collection",
        others["Dépôt"].id, "--race", *strict,
    )  # fmt: skip
    print(f"\n{said} {strict}")
    assert said.endswith(" passed, 0 failed")
    assert int(said.split()[0]) > 400
    # It deletes what it posted, and so takes back what it said.
    assert _live(instance, "Déposante") == []


@pytest.mark.shareddata
def test_the_conformance_checker_finds_no_fault_in_what_is_closed_to_a_token(
    instance: Instance, secrets: dict[str, str]
) -> None:
    depot = _collections(instance, secrets["Déposante"])["Dépôt"].id
    print("\n" + _checked(instance, secrets["writes"], "--noread-collection", depot, "--strict"))
    print(_checked(instance, secrets["Lectrice"], "--hidden-collection", depot, "--strict"))
    print(_checked(instance, secrets["Lectrice"], "--nowrite-collection", "Dépôt", "--strict"))


# — taxii2-client —


def test_taxii2_client_adds_reads_and_deletes(instance: Instance, secrets: dict[str, str]) -> None:
    depot = _collections(instance, secrets["Pilleuse"])["Dépôt"]
    assert (depot.can_read, depot.can_write) == (True, True)
    sent = [_indicator(f"45.30.0.{number}", x_big=10**30 + number) for number in range(20)]
    status = depot.add_objects({"objects": sent})
    assert (status.status, status.success_count, status.failure_count, status.pending_count) == ("complete", 20, 0, 0)
    again = Status(f"{instance.url}/taxii2/api/status/{status.id}/", auth=TokenAuth(key=secrets["Pilleuse"]))
    assert [success["id"] for success in again.successes] == [found["id"] for found in sent]
    assert depot.get_objects()["objects"] == sent
    newer = {**sent[0], "modified": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "name": "newer"}
    depot.add_objects(json.dumps({"objects": [newer]}))
    assert depot.get_object(newer["id"])["objects"] == [newer]
    assert depot.object_versions(newer["id"])["versions"] == [sent[0]["modified"], newer["modified"]]
    assert depot.get_object(newer["id"], version="first")["objects"] == [sent[0]]
    assert len(_live(instance, "Pilleuse")) == 20
    depot.delete_object(newer["id"], version=newer["modified"])
    assert depot.get_object(newer["id"])["objects"] == [sent[0]]
    for found in sent:
        depot.delete_object(found["id"])
    with pytest.raises(requests.HTTPError, match="404"):
        depot.get_object(newer["id"])
    assert _live(instance, "Pilleuse") == []


def test_what_is_posted_reaches_another_institution(instance: Instance, secrets: dict[str, str]) -> None:
    depot = _collections(instance, secrets["Pilleuse"])["Dépôt"]
    community = _collections(instance, secrets["Lectrice"])["Communauté"]
    one = _indicator("45.31.0.1", labels=["TLP:GREEN", "c2"])

    def told() -> list[dict[str, Any]]:
        _await_publication(instance)
        found = community.get_objects(type=["indicator"]).get("objects", [])
        return [o for o in found if o["pattern"] == one["pattern"]]

    depot.add_objects({"objects": [one]})
    [published] = told()
    assert published["id"] != one["id"]
    assert "c2" in published["labels"]
    depot.delete_object(one["id"])
    [published] = told()
    assert published["labels"] == ["iocmarket:withdrawn"]


def test_as_much_as_one_post_may_hold(instance: Instance, secrets: dict[str, str]) -> None:
    """The promise of max_content_length is kept: such a post is stored, shared and answered."""
    depot = _collections(instance, secrets["Pilleuse"])["Dépôt"]
    sent = [_indicator(f"45.{64 + number // 65536}.{number // 256 % 256}.{number % 256}") for number in range(5000)]
    started = time.monotonic()
    status = depot.add_objects({"objects": sent})
    took = time.monotonic() - started
    print(f"\n{len(sent)} indicators posted in {took:.1f} s: {len(sent) / took:.0f}/s")
    assert status.success_count == len(sent)
    assert len(_live(instance, "Pilleuse")) == len(sent)


# — The race —


class _Writer(threading.Thread):
    """Posts batch after batch; what fails is posted again, unchanged, until it is in."""

    def __init__(self, number: int, url: str, secret: str, until: float) -> None:
        super().__init__(daemon=True)
        self.number, self.url, self.secret, self.until = number, url, secret, until
        self.posted: dict[str, str] = {}
        self.repeated = 0
        self.fault: BaseException | None = None

    def run(self) -> None:
        """Post; a fault is kept for the test."""
        try:
            batch = 0
            while time.monotonic() < self.until:
                values = [f"45.{100 + self.number}.{batch // 20}.{batch % 20 * BATCH + i}" for i in range(BATCH)]
                self._post([_indicator(value) for value in values])
                batch += 1
        except BaseException as fault:  # noqa: BLE001
            self.fault = fault

    def _post(self, objects: list[dict[str, Any]]) -> None:
        request = urllib.request.Request(
            f"{self.url}objects/",
            data=json.dumps({"objects": objects}).encode(),
            headers={"Authorization": f"Bearer {self.secret}", "Content-Type": "application/taxii+json;version=2.1"},
        )
        for _attempt in range(60):
            try:
                with urllib.request.urlopen(request, timeout=60) as response:
                    assert json.load(response)["success_count"] == len(objects)
                    self.posted |= {found["id"]: found["pattern"][20:-2] for found in objects}
                    return
            except urllib.error.HTTPError:
                raise
            except (urllib.error.URLError, OSError):
                self.repeated += 1
                time.sleep(0.2)
        raise AssertionError("the server did not come back")


class _Poller(threading.Thread):
    """Goes on by `added_after` from what it was given."""

    def __init__(self, url: str, secret: str) -> None:
        super().__init__(daemon=True)
        self.url, self.secret = url, secret
        self.received: list[str] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        """Poll until told to stop, then to the end."""
        after = "2000-01-01T00:00:00Z"
        while True:
            finishing = self.stopping.is_set()
            try:
                found, after = self._get(after)
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
                continue
            self.received += found
            if not found and finishing:
                return

    def _get(self, after: str) -> tuple[list[str], str]:
        url = f"{self.url}objects/?{urlencode({'added_after': after, 'limit': 50})}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.secret}"})
        with urllib.request.urlopen(request, timeout=60) as response:
            found = [found["id"] for found in json.load(response).get("objects", [])]
            return found, response.headers.get("X-TAXII-Date-Added-Last") or after


def _worker_pids(instance: Instance) -> list[int]:
    """The workers of gunicorn: the children of the process that was started."""
    parent = instance.pid("web")
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue
        if int(lines.get("PPid", "0")) == parent:
            found.append(int(lines["Pid"]))
    return found


def test_posting_beside_each_other_while_workers_are_killed_loses_and_repeats_nothing(
    instance: Instance, secrets: dict[str, str]
) -> None:
    depot = _collections(instance, secrets["Course"])["Dépôt"].url
    poller = _Poller(depot, secrets["Course"])
    poller.start()
    until = time.monotonic() + SECONDS
    writers = [_Writer(number, depot, secrets["Course"], until) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    kills = 0
    while time.monotonic() < until - 2:
        time.sleep(SECONDS / 8)
        workers = _worker_pids(instance)
        os.kill(workers[kills % len(workers)], signal.SIGKILL)
        kills += 1
    for writer in writers:
        writer.join(PATIENCE)
        assert not writer.is_alive()
        assert writer.fault is None
    poller.stopping.set()
    poller.join(PATIENCE)
    assert not poller.is_alive()
    posted = {name: value for writer in writers for name, value in writer.posted.items()}
    repeated = sum(writer.repeated for writer in writers)
    print(f"\n{len(posted)} objects posted in {SECONDS:.0f} s, {kills} workers killed, {repeated} posts repeated")
    assert kills >= 3
    assert len(posted) > 100
    assert set(poller.received) == set(posted)
    assert len(poller.received) == len(posted)
    assert _live(instance, "Course") == sorted(posted.values())
