"""Findings of an archive: made with its records, judged by its institution, kept when it is processed again."""

from __future__ import annotations

import json
from uuid import uuid4

import orjson
import pytest
from django.test import Client

from ingestion.evidence import analysis, archives, hunting, storing
from ingestion.evidence.cases import open_case
from ingestion.evidence.findings.base import findings
from ingestion.evidence.keys import Private
from ingestion.evidence.models import Archive, Finding
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Role
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.marking import TLP
from tests.factories import make_institution, make_member, make_token
from tests.ingestion.evidence.conftest import SCOPES
from tests.ingestion.evidence.findings.test_families import service

ODD = service("Up", r"C:\Windows\Temp\a.exe")


@pytest.fixture
def archive(home: Institution, private: Private) -> Archive:
    """A processed one, whose records tell of one odd service and of an honest one."""
    viewer = viewer_of_member(make_member(home, role=Role.MANAGER))
    case = open_case(title="Droit", tlp=TLP.AMBER_STRICT, viewer=viewer)
    made = Archive.objects.create(case=case, filename="PC.zip", size=1, arrival=uuid4(), state="done", host="pc-1")
    _write(made, ODD, service("disk", r"system32\drivers\disk.sys"))
    return made


def _write(archive: Archive, *records: dict[str, object]) -> None:
    folder = storing.results_folder(archive) / "pc-1" / str(archive.public_id)
    folder.mkdir(parents=True, exist_ok=True)
    lines = b"".join(orjson.dumps(record) + b"\n" for record in records)
    (folder / "windows.services.jsonl").write_bytes(lines)
    (folder / "manifest.json").write_text('{"datasets": {}, "records": 0}')


def at(archive: Archive, finding: Finding | None = None) -> str:
    path = f"/api/v1/evidence/archives/{archive.public_id}/findings"
    return f"{path}/{finding.public_id}" if finding else path


def test_findings_are_told_with_what_tells_of_them(archive: Archive, machine: Client) -> None:
    analysis.analyse(archive)
    [told] = machine.get(at(archive)).json()["findings"]
    assert (told["category"], told["technique"], told["location"]) == ("services", "T1543.003", "Up")
    assert (told["state"], told["records"], told["score"]) == ("proposed", ["b" * 32], 70)


def test_what_a_person_said_stays_when_the_archive_is_processed_again(archive: Archive, machine: Client) -> None:
    analysis.analyse(archive)
    finding = Finding.objects.get()
    answer = machine.patch(at(archive, finding), json.dumps({"state": "dismissed"}), content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "dismissed")
    assert Event.objects.filter(action="evidence.finding_judged", details={"state": "dismissed"}).count() == 1
    analysis.analyse(archive)
    assert [one.state for one in Finding.objects.all()] == ["dismissed"]
    _write(archive)  # a later rule finds it no more: it was judged, and stays
    analysis.analyse(archive)
    assert Finding.objects.count() == 1
    hunting.decide(finding, "proposed", viewer=viewer_of_member(make_member(archive.case.institution)))
    analysis.analyse(archive)
    assert not Finding.objects.exists()


def test_nobody_else_judges(archive: Archive, private: Private) -> None:
    analysis.analyse(archive)
    stranger = Client(headers={"Authorization": f"Bearer {make_token(make_institution('Autre'), scopes=SCOPES)}"})
    path = at(archive, Finding.objects.get())
    assert stranger.patch(path, '{"state": "confirmed"}', content_type="application/json").status_code == 404
    assert stranger.get(at(archive)).status_code == 404
    assert Finding.objects.get().state == "proposed"


def test_findings_go_with_the_archive(archive: Archive) -> None:
    analysis.analyse(archive)
    archives.shred(archive, actor=PLATFORM)
    analysis.analyse(archive)
    assert hunting.keep(archive, findings([ODD])) == 0
    assert not Finding.objects.exists()


def test_a_step_that_fails_loses_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_archive: Archive) -> None:
        raise ValueError("C:\\secret")

    monkeypatch.setattr(analysis, "STEPS", (("findings", broken), ("again", hunting.hunt)))
    analysis.analyse(archive)
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text
    assert Finding.objects.count() == 1
