"""The sealer as it runs: a process beside a real PostgreSQL, hurried, killed, doubled, and with a hostile owner."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.real.test_real_publication import Beside
from tests.sharing.taxii.instance import Instance, running, submit

pytestmark = [pytest.mark.real, pytest.mark.alone]
SENDER = "Université"
SUBMISSIONS = 240
EVERY = 0.04
"""Seconds between two submissions: a steady load, not a burst."""
BACKLOG = 30_000
KILLS = 5
PATIENCE = 120.0
_ACT = """INSERT INTO audit_event (public_id, at, action, subject_type, details, client)
SELECT gen_random_uuid(), clock_timestamp(), 'test.done', 'test', jsonb_build_object('number', n, 'word', 'é'), ''
FROM generate_series(1, %s) n"""
_SHAPE = """SELECT count(*), coalesce(max(position), 0), count(DISTINCT event_id), count(DISTINCT previous),
(SELECT count(*) FROM audit_event), (SELECT count(*) FROM audit_unsealed) FROM audit_seal"""

_LATE = """SELECT count(*) FROM audit_seal one JOIN audit_seal next ON next.position = one.position + 1
WHERE next.event_id < one.event_id"""


class Record:
    """The record of one instance, and the sealers beside it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.secret = instance.community({SENDER: ["indicators:write"]})[SENDER]

    def act(self, count: int) -> None:
        """So many events in one transaction: what the program's own INSERT does, without its speed."""
        with self.instance.connected() as connection, connection.cursor() as cursor:
            cursor.execute(_ACT, [count])

    def start(self, name: str = "sealer") -> None:
        """A sealer."""
        self.instance.start(name, "manage.py", "audit_seal")

    def stop(self, name: str = "sealer") -> None:
        """Without a word."""
        self.instance.kill(name)

    def sealed(self) -> int:
        """How many links there are."""
        return int(self.instance.rows("SELECT count(*) FROM audit_seal")[0][0])

    def waiting(self) -> int:
        """How many events have none."""
        return int(self.instance.rows("SELECT count(*) FROM audit_unsealed")[0][0])

    def until_sealed(self) -> None:
        """Wait."""
        end = time.monotonic() + PATIENCE
        while self.waiting():
            assert time.monotonic() < end, self.instance.logs()[-3000:]
            time.sleep(0.05)

    def verify(self, *options: str) -> tuple[int, str]:
        """Exit status and words of the command."""
        done = self.instance.ask("audit_verify", *options)
        return done.returncode, done.stdout + done.stderr

    def check(self) -> None:
        """One chain: every event in it once, no gap, nothing behind the same link."""
        links, last, events, behind, acts, waiting = self.instance.rows(_SHAPE)[0]
        assert links == last == events == behind == acts
        assert waiting == 0
        status, told = self.verify()
        assert (status, f"length: {links}" in told, "the chain holds" in told) == (0, True, True), told


@pytest.fixture(scope="module")
def record() -> Iterator[Record]:
    """One instance for all; each test leaves a chain that holds."""
    with running(publishers=1, workers=1) as instance:
        yield Record(instance)


def test_an_act_is_sealed_within_a_second_of_its_commit(record: Record) -> None:
    record.start()
    record.until_sealed()
    (first,) = record.instance.rows("SELECT coalesce(max(id), 0) FROM audit_event")[0]
    seen: dict[int, float] = {}
    stopping = threading.Event()

    def watch() -> None:
        with record.instance.connected() as connection, connection.cursor() as cursor:
            position = record.sealed()
            connection.commit()
            while not stopping.is_set():
                cursor.execute("SELECT position, event_id FROM audit_seal WHERE position > %s", [position])
                found = cursor.fetchall()
                connection.commit()
                present = time.time()
                for at, event in found:
                    position = max(position, at)
                    seen[event] = present
                time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for number in range(SUBMISSIONS):
            submit(record.instance.url, record.secret, {"indicators": [f"46.201.{number >> 8}.{number & 255}"]})
            time.sleep(EVERY)
        record.until_sealed()
        time.sleep(0.2)
    finally:
        stopping.set()
        watcher.join()
    # From the moment of the act, which is a little before its commit, to the first look that found its link.
    acts = dict(record.instance.rows("SELECT id, extract(epoch FROM at)::float8 FROM audit_event WHERE id > %s", first))
    delays = sorted(seen[event] - at for event, at in acts.items())
    p50, p95 = delays[len(delays) // 2], delays[int(len(delays) * 0.95)]
    print(f"{len(delays)} acts: sealed p50 {p50:.3f} s, p95 {p95:.3f} s, max {delays[-1]:.3f} s after the act")
    assert len(delays) >= SUBMISSIONS
    assert p95 <= 1.0
    record.stop()
    record.check()


def test_a_sealer_that_is_killed_leaves_no_gap_and_seals_nothing_twice(record: Record) -> None:
    record.act(BACKLOG)
    chance, interrupted = random.Random(4), 0
    for _ in range(KILLS):
        before = record.sealed()
        record.start()
        end = time.monotonic() + PATIENCE
        while record.sealed() == before:
            assert time.monotonic() < end, record.instance.log("sealer")[-3000:]
            time.sleep(0.002)
        time.sleep(chance.uniform(0.0, 0.15))
        record.stop()
        interrupted += bool(record.waiting())
    assert interrupted >= 3, "it was over too soon to be interrupted"
    record.start()
    record.until_sealed()
    record.stop()
    record.check()
    print(f"{BACKLOG} events, {interrupted} kills in the middle")


def test_two_sealers_at_once_write_one_chain(record: Record) -> None:
    """Beside acts whose ids are smaller than those of acts that are committed, and sealed, before them."""

    def act_late() -> None:
        with record.instance.connected() as connection, connection.cursor() as cursor:
            cursor.execute(_ACT, [7])
            time.sleep(0.3)

    record.act(1)
    for name in ("one", "two"):
        record.start(name)
    record.until_sealed()
    writers = [Beside(lambda: record.act(20), 0.01), Beside(act_late, 0.0)]
    before = record.sealed()
    for writer in writers:
        writer.start()
    end = time.monotonic() + PATIENCE
    # Until some acts were sealed that came late, too: else nothing is shown.
    while record.sealed() < before + 3000 or not record.instance.rows(_LATE)[0][0]:
        assert time.monotonic() < end, record.instance.logs()[-3000:]
        time.sleep(0.1)
    for writer in writers:
        writer.stop()
    record.until_sealed()
    for name in ("one", "two"):
        record.stop(name)
        assert "Traceback" not in record.instance.log(name)
    record.check()


@contextmanager
def _as_it_was(record: Record) -> Iterator[Any]:
    """A superuser with its hands free; afterwards every row is what it was."""
    tables = ("audit_event", "audit_seal", "audit_unsealed")
    with record.instance.connected() as connection, connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
    try:
        with record.instance.connected() as connection, connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            yield cursor, connection
    finally:
        with record.instance.connected() as connection, connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"TRUNCATE {table}")
                cursor.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
                cursor.execute(f"DROP TABLE kept_{table}")
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


_EVENT = "(SELECT event_id FROM audit_seal WHERE position = 20)"
_DRAW_TOGETHER = """UPDATE audit_seal SET previous = (SELECT hash FROM audit_seal WHERE position = 19), position = 20
WHERE position = 21"""
_CHANGE_PLACES = """UPDATE audit_seal
SET event_id = -(SELECT event_id FROM audit_seal WHERE position = 41 - held.position)
FROM (VALUES (20), (21)) held (position) WHERE audit_seal.position = held.position"""
_TAMPERING = {
    "a changed row": (
        (f"UPDATE audit_event SET action = 'nothing.happened' WHERE id = {_EVENT}",),
        r"first break: event \d+, at position 20: changed",
    ),
    "a changed link": (
        ("UPDATE audit_seal SET hash = sha256('') WHERE position = 20",),
        r"first break: event \d+, at position 20: changed",
    ),
    "a removed row": (
        (f"DELETE FROM audit_event WHERE id = {_EVENT}",),
        r"first break: event \d+, at position 20: missing",
    ),
    "a row removed with its link": (
        (f"DELETE FROM audit_event WHERE id = {_EVENT}", "DELETE FROM audit_seal WHERE position = 20"),
        r"first break: event \d+, at position 21: order",
    ),
    "a row removed and the rest drawn together": (
        (
            f"DELETE FROM audit_event WHERE id = {_EVENT}",
            "DELETE FROM audit_seal WHERE position = 20",
            _DRAW_TOGETHER,
            "UPDATE audit_seal SET position = -position WHERE position > 21",
            "UPDATE audit_seal SET position = -position - 1 WHERE position < 0",
        ),
        r"first break: event \d+, at position 20: changed",
    ),
    "a removed tail": (
        (
            "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_seal WHERE position > 20)",
            "DELETE FROM audit_seal WHERE position > 20",
        ),
        r"anchor \d+: NOT in the chain",
    ),
    "a row removed before its seal": (
        ("DELETE FROM audit_event WHERE id = (SELECT max(event_id) FROM audit_unsealed)",),
        r"first break: event \d+, at position 0: missing",
    ),
    "two rows that changed places": (
        (
            "UPDATE audit_seal SET event_id = -event_id WHERE position IN (20, 21)",
            _CHANGE_PLACES,
        ),
        r"first break: event \d+, at position 20: changed",
    ),
}


@pytest.fixture(scope="module")
def tail(record: Record) -> Record:
    """Some acts that are sealed, then some that are not."""
    record.act(40)
    record.start()
    record.until_sealed()
    time.sleep(1.0)  # the head is noted after the batch
    record.stop()
    record.act(3)
    return record


def test_what_has_no_seal_yet_is_told_and_is_no_damage(tail: Record) -> None:
    status, told = tail.verify()
    assert status == 0
    assert re.search(r"unsealed: 3, the oldest \d+\.\d s old", told), told
    assert "the chain holds" in told


@pytest.mark.parametrize("what", _TAMPERING)
def test_whatever_the_owner_of_the_database_does_is_found(tail: Record, what: str) -> None:
    statements, expected = _TAMPERING[what]
    with _as_it_was(tail) as (cursor, connection):
        for statement in statements:
            cursor.execute(statement)
            assert cursor.rowcount >= 1, statement
        connection.commit()
        status, told = tail.verify()
        assert (status, "the audit chain is broken" in told) == (1, True), told
        assert re.search(expected, told), told


def test_a_chain_that_was_written_anew_is_found_by_its_old_head(tail: Record) -> None:
    with _as_it_was(tail) as (cursor, connection):
        cursor.execute("UPDATE audit_event SET action = 'nothing.happened' WHERE id % 2 = 0")
        cursor.execute("DELETE FROM audit_seal")
        connection.commit()
        tail.instance.manage("audit_seal", "--once")
        status, told = tail.verify()
        assert status == 1
        assert "first break" not in told, "in itself it holds"
        assert re.search(r"anchor \d+: NOT in the chain", told), told
    assert tail.verify()[0] == 0, "what was put back after each of these is what it was"
