"""Sigma rules and logons over the event logs of an archive: a dataset, findings, and what the API tells of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from django.test import Client
from pytest_django import Settings

from ingestion.evidence import analysis, detecting, hunting, logons, reading, storing
from ingestion.evidence.keys import Private
from ingestion.evidence.models import Archive, Case
from ingestion.evidence.writing import Files
from iocmarket.accounts.models import Institution

SYSMON = "Microsoft-Windows-Sysmon/Operational"
GUESSER, USER, GUEST = "203.0.113.9", "198.51.100.7", "192.0.2.3"


def event(number: int, channel: str, code: int, minute: int, **said: Any) -> dict[str, Any]:
    data = said.pop("data", {})
    return {
        "@timestamp": f"2026-11-03T{minute // 60:02}:{minute % 60:02}:00.000000Z", "event.id": f"{number:032x}",
        "event.dataset": "windows.evtx", "event.ingested": "2026-11-03T10:00:00.000000Z", "winlog.channel": channel,
        "winlog.event_id": code, "winlog.event_data": json.dumps(data), "iocmarket.artifact_path": "Security.evtx",
        "iocmarket.offset_or_record": str(number), "message": f"{code} {' '.join(map(str, data.values()))}", **said,
    }  # fmt: skip


def logon(number: int, code: int, minute: int, source: str | None, kind: str = "3") -> dict[str, Any]:
    from_where = {"source.ip": source} if source else {}
    return event(number, "Security", code, minute, **{"winlog.logon.type": kind, "user.name": "svc", **from_where})


def events() -> list[dict[str, Any]]:
    guessed = [logon(number, 4625, number, GUESSER, "10") for number in range(12)]
    few = [logon(100 + number, 4625, number, USER) for number in range(9)]
    never = [logon(200 + number, 4625, number, GUEST) for number in range(30)]
    checked = event(300, "Security", 4776, 40, data={"Workstation": "PC-9"})
    run = {"Image": "C:\\Windows\\System32\\vssadmin.exe", "CommandLine": "vssadmin delete shadows /all"}
    ran = [event(400 + number, SYSMON, 1, 50 + number, data=run) for number in range(3)]
    return [
        *guessed, logon(50, 4624, 30, GUESSER, "10"), *few, logon(150, 4624, 31, USER), *never, checked, *ran,
        logon(500, 4624, 35, None, "2"),
        event(600, "Application", 4624, 36, **{"source.ip": GUESSER}),
    ]  # fmt: skip


@pytest.fixture
def archive(home: Institution, private: Private, settings: Settings, tmp_path: Path) -> Archive:
    """One that was processed, with these events; no rules but ours."""
    settings.EVIDENCE_SIGMA_DIR = tmp_path / "sigma"
    case = Case.objects.create(institution=home, title="x")
    made = Archive.objects.create(
        case=case, filename="a.zip", size=7, arrival=uuid4(), state="done", host="PC-9", sha256="ab" * 32
    )
    folder = storing.results_folder(made) / "PC-9" / str(made.public_id)
    folder.mkdir(parents=True)
    files = Files(folder)
    for record in events():
        files.record(record)
    counts = files.finish()
    (folder / "manifest.json").write_text(json.dumps({"datasets": counts, "records": sum(counts.values())}))
    return made


def detected(archive: Archive) -> list[dict[str, Any]]:
    return list(reading.rows(archive, datasets=[detecting.DATASET]))


def test_each_match_is_a_record_of_its_own_dataset(archive: Archive) -> None:
    analysis.analyse(archive)
    found = detected(archive)
    assert {one["event.code"] for one in found} == {f"{400 + number:032x}" for number in range(3)}
    assert {(one["rule.name"], *one["threat.technique.id"]) for one in found} == {
        ("Shadow copies or backups are deleted", "T1490")
    }
    assert len({one["event.id"] for one in found}) == 3
    manifest = reading.manifest_of(archive)
    assert manifest["datasets"][detecting.DATASET] == 3
    assert manifest["records"] == sum(manifest["datasets"].values())
    (lines,), (table,) = (
        reading.files_of(archive, [detecting.DATASET], suffix=suffix) for suffix in (".jsonl", ".parquet")
    )
    assert len(pd.read_json(lines, lines=True)) == len(pd.read_parquet(table)) == 3
    again = reading.manifest_of(archive)
    analysis.analyse(archive)
    assert (detected(archive), reading.manifest_of(archive)) == (found, again)


def test_a_rule_is_one_finding_with_its_records(archive: Archive) -> None:
    hunting.hunt(archive)
    (finding,) = archive.findings.filter(category="sigma")
    assert (finding.technique, finding.location, finding.score) == (
        "T1490", "Shadow copies or backups are deleted", 85,
    )  # fmt: skip
    assert finding.command == "1 C:\\Windows\\System32\\vssadmin.exe vssadmin delete shadows /all"
    assert finding.records == [f"{400 + number:032x}" for number in range(3)]


def test_the_dataset_is_capped_and_the_count_is_not(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detecting, "RECORDS", 1)
    hunting.hunt(archive)
    assert len(detected(archive)) == 1
    assert list(reading.manifest_of(archive)["sigma"]["matched"].values()) == [3]


def test_rules_of_the_operators_folder_are_evaluated_and_what_is_none_is_told(
    archive: Archive, machine: Client, settings: Settings
) -> None:
    folder: Path = settings.EVIDENCE_SIGMA_DIR
    folder.mkdir()
    (folder / "ours.yml").write_text(
        "title: NTLM\nid: 12345678-1234-1234-1234-123456789012\nstatus: test\nlevel: low\n"
        "logsource: {product: windows, service: security}\ndetection: {a: {EventID: 4776}, condition: a}\n"
    )
    (folder / "bad.yml").write_text("title: nothing\n")
    hunting.hunt(archive)
    told = machine.get(f"/api/v1/evidence/archives/{archive.public_id}/findings").json()
    assert {one["location"] for one in told["findings"] if one["category"] == "sigma"} >= {"NTLM"}
    assert told["sigma"]["evaluated"] == 18
    assert list(told["sigma"]["skipped"]) == ["bad.yml"]
    assert told["sigma"]["matched"]["12345678-1234-1234-1234-123456789012"] == 1


def test_failures_before_a_success_from_the_same_address_are_a_finding(archive: Archive) -> None:
    hunting.hunt(archive)
    found = archive.findings.filter(category="logons")
    assert [(one.technique, one.location, one.value, one.score) for one in found] == [("T1110", GUESSER, "svc", 70)]
    assert found[0].command == "12 × 4625 → 4624"
    assert found[0].records == [f"{0:032x}"]


def test_logons_are_summed_up_by_source_and_type(archive: Archive, machine: Client) -> None:
    sums = {
        (one.source, one.type): (one.succeeded, one.failed, one.checked) for one in logons.logons_of(archive)
    }  # fmt: skip
    assert sums == {
        (GUEST, "3"): (0, 30, 0), (GUESSER, "10"): (1, 12, 0), (USER, "3"): (1, 9, 0), ("PC-9", ""): (0, 0, 1),
        ("", "2"): (1, 0, 0),
    }  # fmt: skip
    told = machine.get(f"/api/v1/evidence/archives/{archive.public_id}/findings").json()["logons"]
    assert [(one["source"], one["users"], one["user"]) for one in told][:1] == [(GUEST, 1, "svc")]
    assert told[0]["first_at"] == "2026-11-03T00:00:00.000000Z"


def test_an_archive_without_event_logs_has_none(home: Institution, machine: Client) -> None:
    case = Case.objects.create(institution=home, title="x")
    made = Archive.objects.create(case=case, filename="a.zip", size=7, arrival=uuid4(), state="failed")
    told = machine.get(f"/api/v1/evidence/archives/{made.public_id}/findings").json()
    assert (told["logons"], told["sigma"]["evaluated"]) == ([], 0)
