"""While an institution that said very much leaves, and another one merges, whoever shares something is heard at once.

The writer whose submissions are measured is the very institution into which the other one merges: it shares its lock.
The worker is killed in the middle, again and again. IOCMARKET_LEAVING sets how many values each of the two speaks of
at least half of (100 000).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from iocmarket.indicators.settling import CHUNK
from tests.real.test_real_bulk import CELERY, children_of
from tests.real.test_real_publication import READER, WRITER, Beside, Client, _do, _settled, _until
from tests.sharing.taxii.instance import Instance, running

pytestmark = pytest.mark.real
COUNT = int(os.environ.get("IOCMARKET_LEAVING", "100000"))
LEAVER, ENDING = "Partante", "Absorbée"
EVERY = 0.2
KILLS = 4
_STANDING = """SELECT count(*) FROM indicators_contribution said JOIN accounts_institution who
ON who.id = said.institution_id WHERE who.name = %s AND said.withdrawn_at IS NULL"""
_PUBLISHED = """SELECT count(*) FROM publication_entry e JOIN publication_view v ON v.id = e.view_id
WHERE v.audience = 'community' AND e.indicator_id IS NOT NULL AND e.state IN ('live', 'expired') AND v.ceiling_tlp =
(SELECT max(ceiling_tlp) FROM publication_view)"""
_ACT = """
import time
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.departing import leave_community
from iocmarket.indicators.merging import merge_institutions
found = lambda name: Institution.objects.get(name=name)
started = time.monotonic()
{act}
print(time.monotonic() - started)
"""
_LEAVE = f"leave_community(found({LEAVER!r}), withdraw=True, actor=PLATFORM)"
_MERGE = f"merge_institutions(found({ENDING!r}), found({WRITER!r}), actor=PLATFORM)"


@pytest.fixture
def instance() -> Iterator[Instance]:
    """With a worker, and beat, which finds what a killed worker lost."""
    with running() as found:
        _start_worker(found)
        found.start("beat", *CELERY, "beat", "--pidfile=", "--schedule", str(found.folder / "beat"))
        yield found


def _start_worker(instance: Instance) -> None:
    instance.start("worker", *CELERY, "worker", "--concurrency", "1", "--without-mingle")


def _kill_worker(instance: Instance) -> None:
    for pid in children_of(instance.pid("worker")):
        os.kill(pid, signal.SIGKILL)
    instance.kill("worker")


def _standing(instance: Instance, name: str) -> int:
    return int(instance.rows(_STANDING, name)[0][0])


def _act(instance: Instance, act: str) -> float:
    """Do it as a page does; the seconds that the page takes."""
    return float(instance.python(_ACT.format(act=act)).splitlines()[-1])


def test_sharing_is_heard_while_one_leaves_and_one_merges(instance: Instance) -> None:
    scopes = {READER: ["indicators:read"], WRITER: ["indicators:write"], LEAVER: ["feeds:read"], ENDING: ["feeds:read"]}
    secrets = instance.community(scopes)
    _until(lambda: _settled(instance) and bool(instance.rows("SELECT 1 FROM publication_view")), instance)
    _do(instance, f"fill_with({COUNT}, names={[LEAVER, ENDING]!r})")
    said = {name: _standing(instance, name) for name in (LEAVER, ENDING)}
    assert min(said.values()) >= COUNT / 2
    client = Client(instance, secrets)
    beside = [Beside(client.submit_one, EVERY), Beside(client.poll_taxii, 0.05), Beside(client.poll_api, 0.05)]
    for thread in beside:
        thread.start()
    began = time.monotonic()
    _kill_worker(instance)
    pages = [_act(instance, _LEAVE), _act(instance, _MERGE)]
    left_over = {name: _standing(instance, name) for name in said}
    assert left_over == {name: count - CHUNK for name, count in said.items()}, "a page leaves the rest to the worker"
    _start_worker(instance)
    kills, before = 0, sum(left_over.values())
    while instance.rows("SELECT 1 FROM indicators_settlement"):
        left = sum(_standing(instance, name) for name in said)
        if kills < KILLS and left != before:
            _kill_worker(instance)
            _start_worker(instance)
            kills += 1
        before = left
        assert time.monotonic() - began < 1500, instance.logs()[-3000:]
        time.sleep(3)
    assert kills >= KILLS / 2, "it was over too soon to be interrupted"
    settled = time.monotonic() - began
    _until(lambda: _settled(instance), instance)
    took = time.monotonic() - began
    beside[0].stop()
    _until(lambda: all(set(client.sent) == set(found) for found in client.seen.values()), instance)
    for thread in beside[1:]:
        thread.stop()
    print(f"{said[LEAVER]} statements taken back, {said[ENDING]} handed over in {settled:.0f} s, {kills} kills;")
    print(f"published after {took:.0f} s; the pages took {pages[0]:.2f} and {pages[1]:.2f} s")
    for way in client.seen:
        found = client.delays(way)
        p50, p95 = found[len(found) // 2], found[int(len(found) * 0.95)]
        print(f"{way}: {len(found)} values, p50 {p50:.3f} s, p95 {p95:.3f} s, max {found[-1]:.3f} s")
        # The goal is two seconds; where others use the machine too, a twentieth of what the whole took.
        assert p95 <= max(2, took / 20)
    assert _standing(instance, LEAVER) == _standing(instance, ENDING) == 0
    assert _standing(instance, WRITER) == said[ENDING] + len(client.sent)
    named = instance.rows("SELECT 1 FROM accounts_institution who JOIN indicators_contribution said"
                          " ON who.id = ANY(said.recipients) WHERE who.name = %s", ENDING)  # fmt: skip
    assert not named
    counts = dict(
        instance.rows(
            "SELECT who.name, (event.details->'counts'->>'statements')::int FROM audit_event event"
            " JOIN accounts_institution who ON who.public_id = event.subject_id"
            " WHERE event.action = 'institution.settled'"
        )
    )
    assert counts == said, "each statement was counted once, whoever was killed"
    assert "Traceback" not in instance.log("publisher0")
