"""Everything hostile through the whole program: sent over the network, taken by the worker, read by its confined child.

The worker runs in a group of its own, which marks every file that it or a child makes, wherever that is. Meanwhile the
site is asked again and again, and the largest memory of each child is read from /proc.
"""

from __future__ import annotations

import json
import lzma
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.ingestion.evidence.real_evidence import Evidence, children_of, serving
from tests.ingestion.evidence.test_expected import SHARED
from tests.real.instances import need_root

pytestmark = [pytest.mark.real, pytest.mark.alone, pytest.mark.shareddata]
GROUP = 61_234
PAGE = "/api/v1/evidence/cases"
MEMORY = 512 * 2**20
SECONDS = 20.0
"""Of each, from its last byte to its end; where others use the machine, that for each who waits for a processor."""
READY = 8.0
DISKS = {"btrfs", "ext4", "overlay", "tmpfs", "xfs"}

FAILURES = {
    "zipbomb.zip": "ratio",
    "truncated.zip": "truncated",
    "truncated.p7b": "truncated",
    "wrong_password.zip": "wrong-password",
    "wrong_key.zip.age": "no-matching-key",
    "wrong_key.7z.p7b": "not-a-recipient",
    "tampered.zip.age": "authentication-failed",
    "100k_entries.zip.xz": "too-many-entries",
    "empty.zip": "empty",
    "not_an_archive.zip": "not-an-archive",
}
"""What is refused, and as what. No byte at all is refused by the server before there is an archive."""

States = dict[str, tuple[str, int]]
TAKEN: dict[str, tuple[list[str], States]] = {
    "nested_bomb.zip": (["too-deep"], {}),
    "traversal.zip": (["absolute-name", "absolute-name", "traversal", "traversal"], {"ok/good.txt": ("unparsed", 0)}),
    "symlink.zip": (["link"], {}),
    "tar_symlink_device.tgz": (["device", "link"], {}),
    "nested_archive.zip": ([], {"collect/x.7z/a.txt": ("unparsed", 0)}),
    "corrupt_hive.zip": (
        [],
        {
            "Windows/System32/config/SAM": ("failed", 0),
            "Windows/System32/config/SYSTEM": ("failed", 0),
            "Users/a/NTUSER.DAT": ("parsed", 1),
        },
    ),
    "corrupt_evtx.zip": ([], {}),
    "names_cp850_dup.zip": ([], {"café\xa0.txt": ("unparsed", 0), "dup.txt": ("unparsed", 0)}),
    "weird_names.zip": ([], {}),
}
"""What is taken: what was left out of it and why, and what became of its artefacts, with at least so many records."""


@dataclass
class Beside(threading.Thread):
    """Asks for pages, and looks at the children, until it is stopped."""

    evidence: Evidence
    pages: list[float] = field(default_factory=list)
    peaks: dict[int, int] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    done: threading.Event = field(default_factory=threading.Event)
    __hash__ = threading.Thread.__hash__

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        asked = 0.0
        while not self.done.wait(0.01):
            for pid in children_of(self.evidence.worker):
                self.peaks[pid] = max(self.peaks.get(pid, 0), _peak(pid))
            if time.monotonic() - asked > 0.1:
                asked = time.monotonic()
                self.statuses |= {self.evidence.page("/healthz"), self.evidence.page(PAGE)}
                self.pages.append(time.monotonic() - asked)
                self.loads.append(os.getloadavg()[0])

    def share(self) -> float:
        """How many wait for a processor, this program included; one at least."""
        return max(1.0, sum(self.loads) / len(self.loads) / (os.cpu_count() or 1))


def _peak(pid: int) -> int:
    try:
        told = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(told.partition("VmHWM:")[2].split()[0]) * 1024 if "VmHWM:" in told else 0


def made_outside(folder: Path) -> list[str]:
    """What the worker and its children made anywhere else, but for the byte code that the interpreter keeps."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    places = [place for place, kind in mounts if kind in DISKS and Path(place).is_dir()]
    command = [
        "find",
        *places,
        "-xdev",
        "-path",
        str(folder / "evidence"),
        "-prune",
        "-o",
        "-gid",
        str(GROUP),
        "-print",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return [path for path in found if not (path.endswith(".pyc") and Path(path).parent.name == "__pycache__")]


@pytest.fixture(scope="module")
def evidence() -> Iterator[Evidence]:
    if not SHARED.is_dir():
        pytest.skip(f"the archives are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    need_root("a group of its own marks what the worker writes")
    with serving(group=GROUP) as found:
        yield found


def body_of(name: str) -> bytes:
    body = (SHARED / "hostile" / name).read_bytes()
    return lzma.decompress(body) if name.endswith(".xz") else body


def test_the_watcher_sees_what_is_made(evidence: Evidence, tmp_path: Path) -> None:
    """Else the next test would prove nothing."""
    command = ["python3", "-c", f"open({str(tmp_path / 'escaped')!r}, 'w')"]
    subprocess.run(command, check=True, group=GROUP)
    assert made_outside(evidence.folder) == [str(tmp_path / "escaped")]
    (tmp_path / "escaped").unlink()


def test_twenty_of_twenty(evidence: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    names = json.loads((SHARED / "hostile/EXPECTED.json").read_text())
    assert set(names) == {*FAILURES, *TAKEN, "zero_bytes.zip"}
    beside = Beside(evidence)
    beside.start()
    took: dict[str, float] = {}
    wrong: dict[str, Any] = {}
    for name in names:
        status, answer = evidence.put(name, body_of(name), password="incorrect")
        if name == "zero_bytes.zip":
            wrong |= {} if (status, answer["code"]) == (422, "empty_archive") else {name: answer}
            continue
        assert status == 202, answer
        began = time.monotonic()
        told = evidence.ended(answer["id"])
        took[name] = time.monotonic() - began
        if differs := difference(evidence, name, told):
            wrong[name] = differs
    beside.done.set()
    beside.join()
    share, largest = beside.share(), max(beside.peaks.values())
    slowest = max(took, key=lambda name: took[name])
    with capsys.disabled():
        print(
            f"\n{len(names) - len(wrong)} of {len(names)}; the slowest {slowest} {took[slowest]:.1f} s; largest child"
            f" {largest / 2**20:.0f} MiB of {len(beside.peaks)}; two pages at most {max(beside.pages):.2f} s of"
            f" {len(beside.pages)}; load {share:.1f} for each processor"
        )
    assert wrong == {}
    assert made_outside(evidence.folder) == []
    assert len(beside.peaks) >= len(took)
    assert largest <= MEMORY
    assert took[slowest] <= SECONDS * share
    assert beside.statuses == {200}
    assert max(beside.pages) <= 1.0 * share
    assert evidence.left_aside() == [], "no draft, nothing half made"


def difference(evidence: Evidence, name: str, told: dict[str, Any]) -> Any:
    """What is not as it should be; nothing when all is."""
    if name in FAILURES:
        expected: Any = ("failed", FAILURES[name], 0, [])
        found = (told["state"], told["failure"], told["records"], evidence.results(told))
        return None if found == expected else found
    codes, states = TAKEN[name]
    if told["state"] != "done":
        return told["failure"]
    manifest = evidence.manifest(told)
    rejected = sorted({one["code"] for one in manifest["rejected"]} if name == "nested_bomb.zip" else
                      [one["code"] for one in manifest["rejected"]])  # fmt: skip
    became = {one["path"]: one for one in manifest["artefacts"] if one["state"] != "duplicate"}
    missing = {path: became.get(path) for path, (state, least) in states.items()
               if path not in became or became[path]["state"] != state or became[path]["records"] < least}  # fmt: skip
    others = OTHERS.get(name, lambda _manifest: True)(manifest)
    return None if rejected == codes and not missing and others else (rejected, missing, manifest["artefacts"])


def _recovered(manifest: dict[str, Any]) -> bool:
    """Good chunks of each damaged log are read, bad spots counted."""
    found = [(one["state"], one["records"] > 0, one["error_count"] > 0) for one in manifest["artefacts"]]
    return len(found) == 3 and found.count(("partial", True, True)) >= 2


OTHERS: dict[str, Any] = {
    "corrupt_evtx.zip": _recovered,
    "names_cp850_dup.zip": lambda manifest: [one["path"] for one in manifest["artefacts"]].count("dup.txt") == 2,
    "nested_archive.zip": lambda manifest: len(manifest["artefacts"]) >= 2,
    "nested_bomb.zip": lambda manifest: sum(one["size"] for one in manifest["artefacts"]) < 16 * 2**20,
    "weird_names.zip": lambda manifest: len(manifest["artefacts"]) == 7,
}


def test_the_largest_sample_is_ready_in_eight_seconds(evidence: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    """From the first byte sent; where others use the machine, that for each who waits for a processor."""
    name = "Collection-TP-07_univ-exemple_fr-2026-11-02T08_14_33Z.zip"
    began = time.monotonic()
    told = evidence.ended(evidence.put(name, (SHARED / name).read_bytes())[1]["id"])
    took = time.monotonic() - began
    share = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    with capsys.disabled():
        print(f"\n{told['records']} records after {took:.1f} s; load {share:.1f} for each processor")
    assert told["state"] == "done"
    assert took <= READY * share


def test_the_worker_lives_and_works_on(evidence: Evidence) -> None:
    _status, answer = evidence.put("scout_PC-LABO-12.7z", (SHARED / "scout_PC-LABO-12.7z").read_bytes(), evidence.scout)
    assert evidence.ended(answer["id"])["records"] > 0
    assert os.waitpid(evidence.worker, os.WNOHANG) == (0, 0)
    evidence.instance.signal("evidence", signal.SIGTERM)
