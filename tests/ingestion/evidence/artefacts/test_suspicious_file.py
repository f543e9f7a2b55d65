"""Programs that were collected: what is said of them, their strings, rules that match them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import yara_x

from tests.ingestion.evidence.artefacts.making import artefact, parsed, wanting

PROGRAM = b"MZ\x90\0" + bytes(60) + b"PE\0\0" + bytes(40) + "https://evil-maj.com/b?c=1".encode("utf-16-le") + bytes(9)
PROGRAM += b"beacon to 45.77.12.9 now" + bytes(30) + b"password: Hunter2Secret!" + bytes(4)
PATH = "Users/Public/Libraries/odupd.exe"


def compiled(source: str) -> bytes:
    held = io.BytesIO()
    yara_x.compile(source).serialize_into(held)
    return held.getvalue()


RULES = compiled(
    'rule Beacon : stage1 { meta: id = "r-1" description = "A beacon" strings: $a = "beacon to" condition: $a }'
    'rule Other { strings: $a = "absent words" condition: $a }'
)


def test_hashes_strings_and_rules(tmp_path: Path) -> None:
    one = artefact(tmp_path, PROGRAM, PATH, yara_rules=RULES)
    assert wanting(one) == ["suspicious_file"]
    records, faults, _ = parsed("suspicious_file", one)
    assert faults == []
    about, *found, match = records
    assert about["file.path"] == "C:\\Users\\Public\\Libraries\\odupd.exe"
    assert about["file.hash.md5"] == hashlib.md5(PROGRAM).hexdigest()
    assert about["file.hash.sha1"] == hashlib.sha1(PROGRAM).hexdigest()
    assert about["file.hash.sha256"] == hashlib.sha256(PROGRAM).hexdigest()
    assert about["file.size"] == len(PROGRAM)
    assert [one["event.original"] for one in found] == ["https://evil-maj.com/b?c=1", "45.77.12.9"]
    assert found[0]["url.full"] == "https://evil-maj.com/b?c=1"
    assert found[1]["destination.ip"] == "45.77.12.9"
    assert match["event.dataset"] == "detection.yara"
    assert (match["rule.name"], match["rule.id"], match["tags"]) == ("Beacon", "r-1", ["stage1"])
    assert "Hunter2Secret" not in str(records)


def test_a_text_that_is_called_a_program(tmp_path: Path) -> None:
    records, _, _ = parsed("suspicious_file", artefact(tmp_path, b"not a program", PATH))
    assert [one.get("tags") for one in records] == [["no-program"]]


def test_rules_that_cannot_be_read_are_a_fault(tmp_path: Path) -> None:
    records, faults, _ = parsed("suspicious_file", artefact(tmp_path, PROGRAM, PATH, yara_rules=b"no rules"))
    assert len(records) == 3
    assert [fault.where for fault in faults] == ["rules"]


def test_documents_and_logs_are_none(tmp_path: Path) -> None:
    one = artefact(tmp_path, b"ElfFile\0" + bytes(200), "Windows/System32/winevt/Logs/x.bin")
    assert "suspicious_file" not in wanting(one)
