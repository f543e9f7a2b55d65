"""The process of an archive from outside: its end by success, refusal, kills, limits of time, memory and disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ingestion.evidence.confine import Limits
from ingestion.evidence.containers.base import Keys
from ingestion.evidence.running import Busy, Origin, Outcome, _alone, run
from tests.ingestion.evidence.artefacts.test_usn import v2
from tests.ingestion.evidence.test_process import archive, lines

ORIGIN = Origin("case-1", "e-1", "ab" * 32, "2026-11-22T10:00:00Z", "amber")
COUNTS = {"browser.history": 3, "ntfs.usn": 51, "powershell.history": 4}


def processed(source: Path, into: Path, **more: Any) -> Outcome:
    return run(source, into, origin=ORIGIN, keys=Keys(), name=source.name, **more)


def left(into: Path) -> list[str]:
    """Everything that stands in the folder but for the lock."""
    return sorted(str(path.relative_to(into)) for path in into.rglob("*") if not path.name.endswith(".lock"))


def test_from_end_to_end_and_again(tmp_path: Path) -> None:
    into = tmp_path / "case"
    told: list[dict[str, Any]] = []
    outcome = processed(archive(tmp_path), into, progress=told.append)
    assert outcome.state == "done"
    assert outcome.manifest["datasets"] == COUNTS
    assert outcome.folder == into / outcome.manifest["host"] / "e-1"
    assert outcome.manifest["memory_peak"] < 512 * 2**20
    assert {said.get("at") for said in told} >= {"opening", "opened", "parsing", "writing"}
    first = left(into)
    earlier = into / "another-host" / "e-1"
    earlier.mkdir(parents=True)
    assert processed(archive(tmp_path), into).state == "done"
    assert [path for path in left(into) if path != "another-host"] == first


def test_two_at_once_are_one(tmp_path: Path) -> None:
    with _alone(tmp_path / ".e-1.lock"), pytest.raises(Busy):
        processed(tmp_path / "x.zip", tmp_path)


def children() -> list[int]:
    """The processes of archives that this one has started and that still run."""
    found = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    return [int(pid) for pid in found if b"ingestion.evidence.process" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.real
def test_a_refused_archive_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no archive at all")
    outcome = processed(tmp_path / "x.zip", tmp_path / "case")
    assert outcome.state == "refused"
    assert outcome.code
    assert left(tmp_path / "case") == []


@pytest.mark.real
@pytest.mark.parametrize("kills", [1, 2])
def test_a_killed_child_starts_anew(kills: int, tmp_path: Path) -> None:
    done: list[int] = []

    def kill(said: dict[str, Any]) -> None:
        if said.get("key", "").startswith("usn|") and len(done) < kills:
            (child,) = children()
            assert b"secret" not in Path(f"/proc/{child}/cmdline").read_bytes()
            os.kill(child, signal.SIGKILL)
            done.append(child)

    # So long that the child is still at it when it is killed.
    source = archive(tmp_path, journal=b"".join(v2(f"{number}", number) for number in range(40_000)))
    outcome = processed(source, tmp_path / "case", progress=kill, password="secret")
    assert len(done) == kills
    assert outcome.state == "done"
    assert outcome.folder is not None
    counts = dict(outcome.manifest["datasets"])
    if kills == 2:  # the same artefact twice: it is left out, and told
        assert "ntfs.usn" not in counts
        assert outcome.manifest["states"]["crashed"] == 1
    else:
        assert counts == {**COUNTS, "ntfs.usn": 40_000}
    ids = [one["event.id"] for dataset in counts for one in lines(outcome.folder / f"{dataset}.jsonl")]
    assert len(ids) == len(set(ids)) == sum(counts.values())
    assert "secret" not in str(outcome.manifest)


WORKER = """
import sys
from pathlib import Path
from tests.ingestion.evidence.test_running import processed
processed(Path(sys.argv[1]), Path(sys.argv[2]), progress=lambda said: print(said["at"], flush=True))
"""


@pytest.mark.real
def test_a_killed_worker_takes_its_child_with_it_and_the_next_run_is_whole(tmp_path: Path) -> None:
    source, into = archive(tmp_path), tmp_path / "case"
    command = [sys.executable, "-c", WORKER, str(source), str(into)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as worker:
        assert worker.stdout is not None
        while worker.stdout.readline() != b"parsing\n":
            assert worker.poll() is None
        (child,) = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        worker.kill()
    ends = time.monotonic() + 10
    while Path(f"/proc/{child}/fd").exists() and time.monotonic() < ends:
        os.sched_yield()
    assert not Path(f"/proc/{child}/exe").exists()
    outcome = processed(source, into)
    assert outcome.manifest["datasets"] == COUNTS
    assert [path for path in left(into) if path.startswith(".")] == []


def large(folder: Path) -> Path:
    """A journal of 120 000 records, which takes some seconds."""
    piece = b"".join(v2(f"{number}".rjust(200, "f"), number) for number in range(2000))
    source = folder / "big.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as file, file.open("C/$Extend/$J", "w") as member:
        for _ in range(60):
            member.write(piece)
    return source


@pytest.mark.real
def test_limits_of_time_memory_and_disk_are_kept(tmp_path: Path) -> None:
    source = archive(tmp_path)
    slow = large(tmp_path)
    began = time.monotonic()
    assert processed(slow, tmp_path / "a", limits=Limits(seconds=1)).code == "time"
    assert time.monotonic() - began < 5
    assert processed(source, tmp_path / "b", limits=Limits(file_bytes=2000)).code == "storage"
    assert processed(source, tmp_path / "c", limits=Limits(memory=24 * 2**20)).state == "failed"
    assert [left(tmp_path / name) for name in "abc"] == [[], [], []]


@pytest.mark.real
def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    outcome = processed(large(tmp_path), tmp_path / "case")
    assert outcome.state == "done"
    assert outcome.manifest["datasets"] == {"ntfs.usn": 120_000}
    assert outcome.manifest["memory_peak"] < 512 * 2**20
