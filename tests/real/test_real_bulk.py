"""Long submissions over HTTP on a real instance: kills at random, impossible bodies, slow clients, memory."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.sharing.taxii.instance import Instance, running

pytestmark = [pytest.mark.real, pytest.mark.alone]
ITEMS = int(os.environ.get("IOCMARKET_BULK_ITEMS", "50000"))
PATIENCE = 900.0
MIB = 1024 * 1024
WEB_WORKER_MOST = 180 * 1000 * 1000
CELERY = ("-m", "celery", "--quiet", "--app", "iocmarket")


class Bulk:
    """An instance with worker and beat, and one sender."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.secret = instance.community({"Université": ["indicators:write", "indicators:read"]})["Université"]
        self.start_worker()
        instance.start("beat", *CELERY, "beat", "--pidfile=", "--schedule", str(instance.folder / "beat"))
        self.until(lambda: self.send(b"value\n" + b"45.1.2.3\n" * 501)[0] == 202, "a worker lives")

    def start_worker(self) -> None:
        """As `make run` does."""
        self.instance.start("worker", *CELERY, "worker", "--concurrency", "2", "--without-mingle")

    def kill_worker(self) -> None:
        """The worker and its processes, without a word."""
        for pid in children_of(self.instance.pid("worker")):
            os.kill(pid, signal.SIGKILL)
        self.instance.kill("worker")

    def send(self, body: bytes, media_type: str = "text/csv", **headers: str) -> tuple[int, Any]:
        """POST; the status and the document."""
        connection = HTTPConnection("127.0.0.1", self.instance.port, timeout=300)
        told = {"Authorization": f"Bearer {self.secret}", "Content-Type": media_type, **headers}
        try:
            connection.request("POST", "/api/v1/submissions", body, told)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """GET a document."""
        connection = HTTPConnection("127.0.0.1", self.instance.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.secret}"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def until(self, holds: Any, what: str) -> None:
        """Wait; the test fails with what the processes said."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"in vain until {what}: {self.instance.logs()[-3000:]}"
            time.sleep(0.2)

    def tables(self) -> list[int]:
        """How many rows the tables have that a refused submission must leave alone."""
        names = ("submissions_submission", "submissions_submissionpart", "submissions_submissionitem",
                 "submissions_keptanswer", "indicators_indicator", "indicators_contribution")  # fmt: skip
        return [self.instance.rows(f"SELECT count(*) FROM {name}")[0][0] for name in names]

    def web_workers(self) -> list[int]:
        """The processes that answer."""
        return children_of(self.instance.pid("web"))


def children_of(pid: int) -> list[int]:
    """The living children of a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat[1]) == pid:
            found.append(int(folder.name))
    return found


def peak_of(pid: int) -> int:
    """The most memory that a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def addresses(count: int, first: int = 0) -> list[str]:
    """So many addresses, none of them twice."""
    return [
        f"{45 + n // 62_500_00}.{n // 62_500 % 250}.{n // 250 % 250}.{n % 250}" for n in range(first, first + count)
    ]


@pytest.fixture(scope="module")
def bulk() -> Iterator[Bulk]:
    """One instance for all: each test uses values of its own."""
    with running() as instance:
        yield Bulk(instance)


def test_worker_and_publisher_are_killed_at_random_and_every_item_is_in_exactly_once(bulk: Bulk) -> None:
    values = addresses(ITEMS, 1_000_000)
    repeated = [*values, *values[:: ITEMS // 500]]
    status, body = bulk.send(("valeur;tlp\n" + "".join(f"{value};GREEN\n" for value in repeated)).encode())
    assert (status, body["expected"]) == (202, len(repeated))
    url = f"/api/v1/submissions/{body['id']}"
    kills, chance = 0, random.Random(3)
    end = time.monotonic() + PATIENCE
    while bulk.get(url)["state"] != "done":
        assert time.monotonic() < end, bulk.instance.logs()[-3000:]
        time.sleep(chance.uniform(0.5, 3.0))
        if kills < 8:
            bulk.kill_worker()
            bulk.start_worker()
            bulk.instance.kill("publisher0")
            bulk.instance.start("publisher0", "manage.py", "publish")
            kills += 1
        counts = bulk.get(url)["counts"]
        assert counts["received"] == counts["accepted"] + counts["refreshed"] + counts["refused"]
    assert kills >= 3, "it was over too soon to be interrupted"
    counts = bulk.get(url)["counts"]
    extra = len(repeated) - len(values)
    assert counts == {"received": len(repeated), "accepted": len(values), "refreshed": extra, "refused": 0}
    rows = bulk.instance.rows
    stored = rows(
        "SELECT count(*), count(DISTINCT i.index), min(i.index), max(i.index) FROM submissions_submissionitem i "
        "JOIN submissions_submission s ON s.id = i.submission_id WHERE s.public_id = %s", body["id"],
    )  # fmt: skip
    assert stored == [(len(repeated), len(repeated), 0, len(repeated) - 1)]
    made = "SELECT count(*), count(DISTINCT indicator_id) FROM indicators_contribution WHERE submission = %s"
    assert rows(made, body["id"]) == [(len(values), len(values))]
    bulk.until(lambda: rows("SELECT count(*) FROM publication_outbox") == [(0,)], "all is published")
    published = rows(
        "SELECT count(*) FROM publication_entry e JOIN publication_view v ON v.id = e.view_id "
        "JOIN indicators_contribution c ON c.indicator_id = e.indicator_id "
        "WHERE v.audience = 'community' AND v.ceiling_tlp = 3 AND c.submission = %s", body["id"],
    )  # fmt: skip
    assert published == [(len(values),)]


def test_bodies_that_are_too_large_or_broken_leave_nothing_behind(bulk: Bulk) -> None:
    many = "\n".join(["value", *addresses(100_001, 3_000_000)]).encode()
    line = b"45.1.2.3;" + b"x" * 1000 + b"\n"
    large = line * (64 * MIB // len(line)) + b"\n" * (64 * MIB % len(line))
    assert len(large) == 64 * MIB
    zipped = gzip.compress(many)
    before = bulk.tables()
    for body, headers, expected in (
        (many, {}, (413, "too_many_items")),
        (large + b"\n", {}, (413, "body_too_large")),
        (large + b"\n" * MIB, {}, (413, "body_too_large")),
        (gzip.compress(large + b"\n", 1), {"Content-Encoding": "gzip"}, (413, "body_too_large")),
        (zipped[:-20], {"Content-Encoding": "gzip"}, (400, "truncated_gzip")),
        (b"not gzip at all", {"Content-Encoding": "gzip"}, (400, "not_gzip")),
    ):
        status, problem = bulk.send(body, **headers)
        assert (status, problem["code"]) == expected
    assert bulk.tables() == before
    assert max(peak_of(pid) for pid in bulk.web_workers()) <= WEB_WORKER_MOST


def test_a_body_of_sixty_four_mebibytes_does_not_fill_the_web_worker(bulk: Bulk) -> None:
    comment = "x" * 1300
    text = "value;comment\n" + "".join(f"{value};{comment}\n" for value in addresses(50_000, 5_000_000))
    body = text.encode().ljust(64 * MIB, b"\n")
    assert len(body) == 64 * MIB
    status, answer = bulk.send(body)
    assert (status, answer["expected"]) == (202, 50_000)
    assert max(peak_of(pid) for pid in bulk.web_workers()) <= WEB_WORKER_MOST


def head_of(bulk: Bulk, **headers: str) -> bytes:
    """The head of a request whose body a test sends as it likes."""
    told = {"Host": "127.0.0.1", "Authorization": f"Bearer {bulk.secret}", "Content-Type": "text/csv", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"POST /api/v1/submissions HTTP/1.1\r\n{lines}\r\n".encode()


def status_of(connection: socket.socket) -> int:
    """The status of what comes; 0 when the server hangs up."""
    head = b""
    while b"\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            return 0
        head += piece
    return int(head.split()[1])


def test_chunks_without_any_length_are_read_and_bounded(bulk: Bulk) -> None:
    before = bulk.tables()
    with socket.create_connection(("127.0.0.1", bulk.instance.port), timeout=60) as connection:
        connection.sendall(head_of(bulk, **{"Transfer-Encoding": "chunked"}))
        piece = b"\n" * MIB
        try:
            for _ in range(65):
                connection.sendall(b"%x\r\n" % len(piece) + piece + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
        except ConnectionError:
            pass  # it may hang up once it has said no
        assert status_of(connection) in {413, 0}
    assert bulk.tables() == before
    with socket.create_connection(("127.0.0.1", bulk.instance.port), timeout=60) as connection:
        connection.sendall(head_of(bulk, **{"Transfer-Encoding": "chunked"}))
        connection.sendall(b"9\r\n45.1.2.3\n\r\n0\r\n\r\n")
        assert status_of(connection) == 201


def test_a_length_that_lies_is_a_body_that_breaks_off(bulk: Bulk) -> None:
    before = bulk.tables()
    with socket.create_connection(("127.0.0.1", bulk.instance.port), timeout=60) as connection:
        connection.sendall(head_of(bulk, **{"Content-Length": "1000"}) + b"45.1.2.3\n")
        connection.shutdown(socket.SHUT_WR)
        assert status_of(connection) in {400, 0}
    assert bulk.tables() == before


def test_slow_clients_keep_nobody_else_waiting(bulk: Bulk) -> None:
    before = bulk.tables()
    slow = []
    try:
        for _ in range(12):
            connection = socket.create_connection(("127.0.0.1", bulk.instance.port), timeout=60)
            connection.sendall(head_of(bulk, **{"Content-Length": str(MIB)}) + b"45.1.2.3\n")
            slow.append(connection)
        time.sleep(2.0)
        waited = []
        for _ in range(10):
            started = time.monotonic()
            assert "counts" in bulk.send(b"value\n45.9.9.9\n")[1]
            waited.append(time.monotonic() - started)
        assert sorted(waited)[5] < 2.0, waited
        statuses = [status_of(connection) for connection in slow]
        assert set(statuses) <= {408, 429}
        assert {408, 429} <= set(statuses), statuses
    finally:
        for connection in slow:
            connection.close()
    after = bulk.tables()
    assert [now - then for then, now in zip(before, after, strict=True)][1] == 0
