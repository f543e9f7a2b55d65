"""One archive from end to end, in this process: what is written, that it can be read, that it is the same again."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from ingestion.evidence.artefacts.base import Artefact, Context, parsers
from ingestion.evidence.confine import Limits
from ingestion.evidence.containers.base import Caps, Item, Refused
from ingestion.evidence.places import folder_name
from ingestion.evidence.process import process
from ingestion.evidence.records import COLUMNS, Recorder, fit, instant
from ingestion.evidence.writing import GROUP_BYTES, Files
from tests.ingestion.evidence.artefacts.test_histories import CHROMIUM, database
from tests.ingestion.evidence.artefacts.test_usn import v2

CONTEXT = {
    "case_id": "case-1", "evidence_id": "e-1", "archive_sha256": "ab" * 32, "ingested": "2026-11-22T10:00:00Z",
    "tlp": "amber",
}  # fmt: skip
HISTORY = "Users/alice/AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt"
BROWSED = "Users/alice/AppData/Local/Google/Chrome/User Data/Default/History"


def archive(folder: Path, journal: bytes = b"") -> Path:
    """A tree as KAPE leaves it: good artefacts, a broken one, one that nobody reads, one at two places."""
    target = folder / "2026-11-03T101500_PC-9.zip"
    usual = b"".join(v2(f"f{number}.tmp", number) for number in range(50)) + b"\xff" * 64 + v2("last.exe", 99)
    browsed = database(folder / "db", CHROMIUM)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("C/$Extend/$J", journal or usual)
        file.writestr(f"C/{HISTORY}", "whoami\nexit\n")
        file.writestr(f"C/{HISTORY.replace('alice', 'bob')}", "whoami\nexit\n")
        file.writestr(f"C/{BROWSED}", browsed)
        file.writestr("C/Users/bob/AppData/Local/Google/Chrome/User Data/Default/History", browsed[:3000])
        file.writestr("C/Windows/System32/config/notes.xyz", "nothing that is known")
    return target


def order(source: Path, folder: Path, **more: Any) -> dict[str, Any]:
    folder.mkdir()
    return {
        "archive": str(source), "name": source.name, "folder": str(folder), "password": "", "rules": "", "skip": [],
        "keys": {"age": [], "private_pem": []}, "caps": {"entries": Caps().entries}, "limits": Limits().said(),
        "context": CONTEXT, **more,
    }  # fmt: skip


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_is_written_can_be_read_and_counts_are_those_of_the_manifest(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    manifest = process(order(archive(tmp_path), tmp_path / "out"), told.append)
    assert manifest["datasets"] == {"browser.history": 3, "ntfs.usn": 51, "powershell.history": 4}
    assert manifest["records"] == 58
    for dataset, count in manifest["datasets"].items():
        records = lines(tmp_path / "out" / f"{dataset}.jsonl")
        assert len(records) == count
        assert len(pd.read_json(tmp_path / "out" / f"{dataset}.jsonl", lines=True)) == count
        table = pd.read_parquet(tmp_path / "out" / f"{dataset}.parquet")
        assert len(table) == count
        assert list(table.columns) == list(COLUMNS)
        assert str(table["@timestamp"].dtype) == "datetime64[us, UTC]"
        assert table["@timestamp"].dropna().is_monotonic_increasing
        assert set(table["event.id"]) == {record["event.id"] for record in records}
        assert all(fit(record) == [] for record in records)
        assert all(list(record) == [name for name in COLUMNS if name in record] for record in records)
        assert all(record["iocmarket.case_id"] == "case-1" and record["iocmarket.tlp"] == "amber" for record in records)
    errors = lines(tmp_path / "out" / "errors.jsonl")
    assert len(errors) == manifest["errors"] == sum(entry["error_count"] for entry in manifest["artefacts"])
    assert told[0]["at"] == "opened"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        [f"{dataset}.{kind}" for dataset in manifest["datasets"] for kind in ("jsonl", "parquet")] + ["errors.jsonl"]
    )


def test_one_bad_artefact_does_not_stop_the_rest(tmp_path: Path) -> None:
    manifest = process(order(archive(tmp_path), tmp_path / "out"), lambda _said: None)
    states = {entry["path"].removeprefix("Users/"): entry["state"] for entry in manifest["artefacts"]}
    assert states["$Extend/$UsnJrnl:$J"] == "partial"
    assert states["bob/AppData/Local/Google/Chrome/User Data/Default/History"] == "failed"
    assert states[BROWSED.removeprefix("Users/")] == "parsed"
    assert states["Windows/System32/config/notes.xyz"] == "unparsed"
    assert manifest["states"] == dict(Counter(states.values()))


def test_ids_are_the_same_on_every_run_and_no_two_are_alike(tmp_path: Path) -> None:
    source = archive(tmp_path)
    process(order(source, tmp_path / "one"), lambda _said: None)
    process(order(source, tmp_path / "two"), lambda _said: None)
    seen = []
    for path in sorted((tmp_path / "one").glob("*.jsonl")):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
        seen += [record["event.id"] for record in lines(path) if "event.id" in record]
    assert len(seen) == len(set(seen)) == 58, "the same history lies at two places"


def test_what_ended_a_process_is_left_out_and_told(tmp_path: Path) -> None:
    source = archive(tmp_path)
    keys: list[str] = []
    process(order(source, tmp_path / "one"), lambda said: keys.append(said.get("key", "")))
    journal = next(key for key in keys if key.startswith("usn|"))
    manifest = process(order(source, tmp_path / "two", skip=[journal]), lambda _said: None)
    (entry,) = [entry for entry in manifest["artefacts"] if entry["parser"] == "usn"]
    assert (entry["state"], entry["records"], entry["error_count"]) == ("crashed", 0, 1)
    assert manifest["datasets"] == {"browser.history": 3, "powershell.history": 4}


def test_a_refused_archive_has_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no archive at all")
    with pytest.raises(Refused):
        process(order(tmp_path / "x.zip", tmp_path / "out"), lambda _said: None)


def test_records_that_lie_are_written_whole(tmp_path: Path) -> None:
    one = Artefact(Item(tmp_path, "a/\udcff", "a", 1, "00" * 32), Context(host="h"))
    recorder = Recorder(one, parsers["usn"])
    files = Files(tmp_path)
    fields: dict[str, Any] = {"_key": "k", "@timestamp": None, "process.pid": 2**63, "file.name": "\ud800\0"}
    files.record(recorder.record(fields | {"message": "m" * 9000}))
    assert files.finish() == {"ntfs.usn": 1}
    (record,) = lines(tmp_path / "ntfs.usn.jsonl")
    assert "process.pid" not in record
    assert len(record["message"]) == 2000
    assert record["file.name"] == "?\0"
    assert len(pd.read_parquet(tmp_path / "ntfs.usn.parquet")) == 1


def test_large_records_stand_in_smaller_groups(tmp_path: Path) -> None:
    """Or a hundred thousand of them, which the engine holds several times over, take more memory than a child has."""
    files = Files(tmp_path)
    for number in range(40_000):
        original = "x" * (3000 if number % 2 else 0)
        files.record({"event.dataset": "a.b", "event.id": f"{number:032}", "event.original": original, "message": "m"})
    files.finish()
    held = pq.ParquetFile(tmp_path / "a.b.parquet").metadata
    sizes = [held.row_group(at).num_rows for at in range(held.num_row_groups)]
    assert sum(sizes) == 40_000
    assert len(sizes) >= (tmp_path / "a.b.jsonl").stat().st_size // GROUP_BYTES
    assert max(sizes) < 25_000


@pytest.mark.parametrize(
    ("said", "instant_"),
    [
        ("2026-11-03T10:15:00Z", "2026-11-03T10:15:00.000000Z"),
        ("2026-11-03T10:15:00.123456+02:00", "2026-11-03T08:15:00.123456Z"),
        ("2026-11-03 10:15:00", "2026-11-03T10:15:00.000000Z"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_instants_have_one_form(said: str, instant_: str) -> None:
    assert instant(said) == instant_
    with pytest.raises(ValueError, match="isoformat"):
        instant("yesterday")


def test_a_host_does_not_choose_where_its_records_go() -> None:
    assert folder_name("../../etc/passwd", "unknown") == "_.._etc_passwd"
    assert folder_name("..", "unknown") == "unknown"
    assert folder_name("PC-é 1", "unknown") == "PC-_1"


CLOSED = """
import socket, subprocess, sys
from ingestion.evidence.confine import Limits, confine
how = confine(Limits())
for act in (lambda: socket.create_connection(("127.0.0.1", 9)), lambda: subprocess.run(["true"])):
    try:
        act()
    except PermissionError as error:
        print("closed")
print(how, open("/proc/self/net/dev").read().count("eth"))
"""


def test_a_confined_process_reaches_no_network_and_starts_no_program() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", CLOSED], capture_output=True, text=True, check=True, cwd=root)
    first, second, how = done.stdout.splitlines()
    assert first == second == "closed"
    assert how == "namespace 0" or how.startswith("hook")
