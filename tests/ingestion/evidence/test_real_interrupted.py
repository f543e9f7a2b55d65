"""Uploads whose connection breaks and workers that are killed, at random, for real: nothing lost or double."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyrage
import pytest

from tests.ingestion.evidence.real_evidence import PATIENCE, SWEEP, Evidence, children_of, serving
from tests.ingestion.evidence.test_expected import SHARED, keys

pytestmark = [pytest.mark.real, pytest.mark.shareddata]
ARCHIVE = "Collection-TP-07_univ-exemple_fr-2026-11-02T08_14_33Z.zip"
INTERRUPTIONS = 20
KILLS = 3
"""Fewer than the times that an archive is begun, after which it is told as failed."""
UPLOADS = "/api/v1/evidence/uploads"


@pytest.fixture(scope="module")
def evidence() -> Iterator[Evidence]:
    if not SHARED.is_dir():
        pytest.skip(f"the archives are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def body() -> bytes:
    return (SHARED / ARCHIVE).read_bytes()


def begin(evidence: Evidence, size: int) -> str:
    """Announce an upload; where it goes."""
    case = evidence.ask("POST", "/api/v1/evidence/cases", b'{"title": "Droit"}', Content_Type="application/json")[1]
    pairs = {"filename": ARCHIVE, "case": case["id"]}
    said = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())
    status, document, headers = evidence.ask(
        "POST", UPLOADS, Upload_Length=str(size), Upload_Metadata=said, Tus_Resumable="1.0.0"
    )
    assert status == 201, document
    return headers["Location"].removeprefix(evidence.instance.url)


def offset_of(evidence: Evidence, place: str) -> int:
    """How far it came, as a client asks that has lost its connection."""
    status, _document, headers = evidence.ask("HEAD", place, Tus_Resumable="1.0.0")
    assert status == 200
    return int(headers["Upload-Offset"])


def patch(evidence: Evidence, place: str, offset: int, body: bytes, cut: int, *, pause: float, hard: bool) -> None:
    """Announce the rest of the body, send so many bytes of it, and break off: by a reset or by an end."""
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1:{evidence.instance.port}\r\nTus-Resumable: 1.0.0\r\n"
        f"Authorization: Bearer {evidence.secret}\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Upload-Offset: {offset}\r\nContent-Length: {len(body) - offset}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", evidence.instance.port)) as connection:
        with suppress(OSError):  # the server may be the first to give up
            connection.sendall(head.encode() + body[offset : offset + cut])
            time.sleep(pause)
        if hard:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def resumed(evidence: Evidence, place: str, offset: int, body: bytes) -> None:
    """Send all that is left, once the server has let go of the broken connection."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status, document, _headers = evidence.ask(
            "PATCH", place, body[offset:], Upload_Offset=str(offset), Content_Length=str(len(body) - offset),
            Content_Type="application/offset+octet-stream", Tus_Resumable="1.0.0",
        )  # fmt: skip
        if status == 204:
            return
        assert status in {409, 423}, document
        time.sleep(0.1)
        offset = offset_of(evidence, place)
    raise AssertionError("it never took the rest")


def original(evidence: Evidence, name: str) -> bytes:
    """What is stored, opened with the key of the platform."""
    (stored,) = (evidence.folder / "evidence").glob(f"**/{name}/original")
    identities = [pyrage.x25519.Identity.from_str(one) for one in keys().age]
    opened: bytes = pyrage.decrypt(stored.read_bytes(), identities)
    return opened


def test_an_upload_that_is_interrupted_twenty_times_is_the_same(
    evidence: Evidence, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = random.Random(int(os.environ.get("IOCMARKET_SEED") or 7))
    place = begin(evidence, len(body))
    offsets = [0]
    for _ in range(INTERRUPTIONS):
        offset = offset_of(evidence, place)
        assert offset >= offsets[-1], "what was kept stays kept"
        offsets.append(offset)
        cut = drawn.randrange(min(len(body) - offset, 2 * len(body) // INTERRUPTIONS))
        patch(evidence, place, offset, body, cut, pause=drawn.choice((0, 0.2)), hard=drawn.random() < 0.5)
        time.sleep(drawn.choice((0, 0.3)))  # a client that comes back at once, or when the server has noticed
    resumed(evidence, place, offset_of(evidence, place), body)
    name = evidence.ask("GET", place)[1]["archive"]
    told = evidence.ended(name)
    with capsys.disabled():
        print(f"\n{INTERRUPTIONS} interruptions, {len(set(offsets))} different offsets, {len(body)} bytes")
    assert told["sha256"] == hashlib.sha256(body).hexdigest()
    assert told["state"] == "done"
    assert original(evidence, name) == body
    assert len(set(offsets)) > INTERRUPTIONS // 3, "many of them came further"


def processing(evidence: Evidence) -> int:
    """The child that is at it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := children_of(evidence.worker):
            return found[0]
        time.sleep(0.005)
    raise AssertionError(evidence.instance.log("evidence")[-3000:])


def test_a_worker_that_is_killed_while_processing_leaves_no_record_twice(
    evidence: Evidence, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = evidence.ended(evidence.put(ARCHIVE, body)[1]["id"])
    drawn = random.Random(int(os.environ.get("IOCMARKET_SEED") or 7))
    status, answer = evidence.put(ARCHIVE, body)
    assert status == 202
    moments = []
    for _ in range(KILLS):
        child = processing(evidence)
        moments.append(drawn.uniform(0, 1.0))
        time.sleep(moments[-1])
        assert evidence.told(answer["id"])["state"] == "processing"
        evidence.instance.kill("evidence")
        gone(child)
        evidence.start_worker()
        evidence.instance.python(SWEEP)
    told = evidence.ended(answer["id"])
    records = evidence.records(told)
    with capsys.disabled():
        print(f"\n{KILLS} kills after {', '.join(f'{moment:.2f}' for moment in moments)} s: {len(records)} records")
    assert told["state"] == "done"
    assert told["records"] == len(records) == len({one["event.id"] for one in records}) == whole["records"]
    assert sum(one["records"] for one in told["artefacts"]) == told["records"]
    assert len(evidence.results(told)) == 1
    assert evidence.left_aside() == []
    acts = "SELECT line.act FROM evidence_custodyentry line JOIN evidence_archive one ON one.id = line.archive_id"
    lines = Counter(act for (act,) in evidence.instance.rows(f"{acts} WHERE one.public_id = %s", answer["id"]))
    assert lines == {"received": 1, "sealed": 1, "processed": 1}
    kept = evidence.instance.rows("SELECT count(*), count(DISTINCT (archive_id, number)) FROM evidence_artefactstate")
    assert kept[0][0] == kept[0][1]


def gone(pid: int) -> None:
    """Wait for the end of a process whose parent was killed: it must not work on for nobody."""
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/exe").exists():
        assert time.monotonic() < deadline
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
        time.sleep(0.01)
