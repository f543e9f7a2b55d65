"""What is large is streamed: memory stays flat, measured in a process of its own."""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from .making import SHARED, pem, rsa_key
from .sealing import Way, enveloping

pytestmark = pytest.mark.real

OPEN = """
import json, sys, time
from pathlib import Path
from ingestion.evidence.containers import open_archive
from ingestion.evidence.containers.base import Caps, Keys, Refused
start = time.monotonic()
try:
    found = open_archive(Path(sys.argv[1]), Path(sys.argv[2]), keys=Keys((), (Path(sys.argv[3]).read_bytes(),)),
                         caps=Caps(entries=int(sys.argv[4])))
    said = [[item.size, item.sha256] for item in found.items][:10]
    code = ""
except Refused as refused:
    said, code = [], refused.code
# The peak since this program began (proc_pid_status(5)); getrusage(2) holds also that of the process it was made of.
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
print(json.dumps({"items": said, "code": code, "mib": peak, "seconds": time.monotonic() - start}))
"""
MIB = 1 << 20
BIG = 300 * MIB


def run(tmp_path: Path, archive: Path, entries: int = 50_000) -> dict[str, object]:
    key = tmp_path / "key.pem"
    key.write_bytes(pem(rsa_key()))
    done = subprocess.run(
        [sys.executable, "-c", OPEN, archive, tmp_path / "work", key, str(entries)],
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=True,
    )
    said: dict[str, object] = json.loads(done.stdout)
    print(said)
    return said


def noise(size: int) -> Iterator[bytes]:
    """Bytes that do not compress, the same on every run."""
    block = bytes((at * at * 31 + at // 7) % 251 for at in range(MIB))
    for number in range(size // MIB):
        yield bytes([number % 256]) + block[1:]


def tar_of_one(size: int) -> Iterator[bytes]:
    import tarfile  # noqa: PLC0415

    info = tarfile.TarInfo("C/pagefile.sys")
    info.size = size
    yield info.tobuf()
    yield from noise(size)
    yield bytes(10240)


def test_a_cms_of_300_mib_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    archive = tmp_path / "big.p7b"
    with archive.open("wb") as file:
        for piece in enveloping(tar_of_one(BIG), way=Way("aes256_cbc", pieces=4096 * 16)):
            file.write(piece)
    said = run(tmp_path, archive)
    assert [size for size, _ in said["items"]] == [BIG]  # type: ignore[attr-defined]
    assert int(str(said["mib"])) <= 300


@pytest.mark.shareddata
@pytest.mark.parametrize("entries", [50_000, 200_000])
def test_a_hundred_thousand_entries_take_little(tmp_path: Path, entries: int) -> None:
    packed = SHARED / "hostile/100k_entries.zip.xz"
    if not packed.exists():
        pytest.skip(f"the archives are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    archive = tmp_path / "many.zip"
    archive.write_bytes(lzma.decompress(packed.read_bytes()))
    said = run(tmp_path, archive, entries)
    assert said["code"] == ("too-many-entries" if entries < 100_000 else "")
    assert int(str(said["mib"])) <= 300
