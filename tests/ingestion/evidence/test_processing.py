"""From an upload to records: what the worker makes of an archive, and what it tells when it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from ingestion.evidence import archives, processing, storing, working
from ingestion.evidence.keys import Private
from ingestion.evidence.models import Archive
from ingestion.evidence.running import Outcome, run
from iocmarket.audit.services import PLATFORM
from tests.ingestion.evidence.test_process import archive as packed

ARCHIVES = "/api/v1/evidence/archives/"
RECORDS = 58


def sent(machine: Client, body: bytes, **headers: str) -> Archive:
    answer = machine.put(f"{ARCHIVES}2026-11-03T101500_PC-9.zip", body, content_type="application/zip", headers=headers)
    assert answer.status_code == 202, answer.content
    return Archive.objects.get()


def files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


def test_an_archive_becomes_records_and_is_shredded_with_them(
    machine: Client, place: Path, tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    archive = sent(machine, packed(tmp_path).read_bytes(), **{"X-Archive-Password": "unused"})
    working.work_on(archive.pk)
    told = machine.get(f"{ARCHIVES}{archive.public_id}").json()
    assert (told["state"], told["failure"], told["layout"], told["host"]) == ("done", "", "plain", "PC-9")
    assert told["records"] == RECORDS == sum(one["records"] for one in told["artefacts"])
    broken = [one for one in told["artefacts"] if one["error_count"]]
    assert told["artefacts"][: len(broken)] == broken != []
    assert all(one["errors"][0]["what"] for one in broken)
    archive.refresh_from_db()
    assert archive.password == ""
    assert list(archive.custody.order_by("position").values_list("act", flat=True)) == [
        "received", "sealed", "processed",
    ]  # fmt: skip
    folder = storing.results_folder(archive) / "PC-9" / str(archive.public_id)
    lines = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    records = [line for line in lines if "event.id" in line]
    assert len({record["event.id"] for record in records}) == len(records) == RECORDS
    assert {record["iocmarket.archive_sha256"] for record in records} == {archive.sha256}
    with django_capture_on_commit_callbacks(execute=True):
        archives.shred(archive, actor=PLATFORM)
    assert files(place) == []


def test_a_worker_that_was_killed_while_processing_is_followed_by_another(
    machine: Client, private: Private, tmp_path: Path
) -> None:
    archive = sent(machine, packed(tmp_path).read_bytes())
    working.work_on(archive.pk)
    Archive.objects.filter(pk=archive.pk).update(state="processing", records=0)  # as if its last act was lost
    working.sweep()
    archive.refresh_from_db()
    assert (archive.state, archive.records, archive.artefacts.count()) == (
        "done", RECORDS, archive.artefacts.values("number").distinct().count(),
    )  # fmt: skip
    assert len(list(storing.results_folder(archive).glob("*/*/manifest.json"))) == 1


def test_what_is_no_archive_is_told_and_its_password_forgotten(machine: Client, private: Private) -> None:
    archive = sent(machine, b"no archive at all " * 100, **{"X-Archive-Password": "infected"})
    working.work_on(archive.pk)
    archive.refresh_from_db()
    assert (archive.state, archive.failure, archive.password) == ("failed", "not-an-archive", "")
    assert archive.custody.order_by("position").last().act == "failed"  # type: ignore[union-attr]
    assert working.FAILURES[archive.failure]


def test_what_is_shredded_while_it_is_processed_leaves_nothing(
    machine: Client, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    archive = sent(machine, packed(tmp_path).read_bytes())

    def shredding(*arguments: Any, **named: Any) -> Outcome:
        outcome = run(*arguments, **named)
        archives.shred(archive, actor=PLATFORM)
        return outcome

    monkeypatch.setattr(processing, "run", shredding)
    with django_capture_on_commit_callbacks(execute=True):
        working.work_on(archive.pk)
    archive.refresh_from_db()
    assert (archive.state, archive.records) == ("shredded", 0)
    assert files(place) == []


def test_a_full_disk_is_no_fault_of_the_archive_until_it_lasts(
    machine: Client, private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = sent(machine, b"x" * 100)
    monkeypatch.setattr(processing, "run", lambda *_arguments, **_named: Outcome("failed", "storage", "disk full"))
    for _ in range(working.TRIES + 1):
        archive.refresh_from_db()
        assert archive.state != "failed"
        working.work_on(archive.pk)
    working.work_on(archive.pk)
    archive.refresh_from_db()
    assert (archive.state, archive.failure) == ("failed", "our_fault")
