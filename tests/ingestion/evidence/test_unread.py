"""What is known and not read is told as such; a hive and an unknown file are not."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ingestion.evidence.containers.base import Item
from ingestion.evidence.process import process
from ingestion.evidence.unread import why
from tests.ingestion.evidence.artefacts.making_hives import hive, made
from tests.ingestion.evidence.test_process import lines, order

LOG = b"regf" + bytes(24) + b"\6\0\0\0" + bytes(484) + b"HvLE"
ESE = b"\0\0\0\0\xef\xcd\xab\x89" + bytes(60)
WEB_CACHE = "Users/a/AppData/Local/Microsoft/Windows/WebCache/WebCacheV01.dat"


@pytest.mark.parametrize(
    ("path", "head", "word"),
    [
        ("Windows/System32/config/SYSTEM.LOG1", LOG, "transaction log"),
        ("Users/a/ntuser.dat.LOG2", LOG, "transaction log"),
        (WEB_CACHE, ESE, "ESE database"),
        ("Windows/System32/config/SYSTEM", hive(made())[:4096], ""),
        ("Windows/System32/wbem/Repository/INDEX.BTR", b"\0", ""),
        ("Users/a/x", b"", ""),
    ],
)
def test_a_file_is_known_by_its_head(path: str, head: bytes, word: str, tmp_path: Path) -> None:
    said = why(Item(tmp_path, path, path, len(head), "00" * 32), head)
    assert bool(said) == bool(word)
    assert word in said


def test_the_archive_tells_of_it(tmp_path: Path) -> None:
    source = tmp_path / "x.zip"
    with zipfile.ZipFile(source, "w") as file:
        file.writestr("C/Windows/System32/config/SYSTEM.LOG1", LOG)
        file.writestr(f"C/{WEB_CACHE}", ESE)
        file.writestr("C/Windows/notes.xyz", b"2")
    manifest = process(order(source, tmp_path / "out"), lambda _said: None)
    states = {
        entry["path"].rpartition("/")[2]: (entry["state"], entry["error_count"]) for entry in manifest["artefacts"]
    }
    assert states == {"SYSTEM.LOG1": ("unread", 1), "WebCacheV01.dat": ("unread", 1), "notes.xyz": ("unparsed", 0)}
    assert manifest["errors"] == len(lines(tmp_path / "out" / "errors.jsonl")) == 2
