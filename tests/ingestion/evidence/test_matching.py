"""From an archive to hits: what the institution may see and the records hold, now and once it becomes known."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.test import Client

from ingestion.evidence import analysis, archives, cases, matching, retro, storing, working
from ingestion.evidence.downloads import FORMS
from ingestion.evidence.keys import Private
from ingestion.evidence.models import Archive, Hit
from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.marking import TLP
from tests.factories import contribute, make_institution, make_member, make_token, publish, viewer_for, withdraw
from tests.ingestion.evidence.conftest import SCOPES
from tests.ingestion.evidence.test_expected import SHARED

SAMPLE = SHARED / "scout_PC-LABO-12.7z"
EXPECTED: dict[str, Any] = (
    json.loads(Path(f"{SAMPLE}.EXPECTED.json").read_text()) if Path(f"{SAMPLE}.EXPECTED.json").exists() else {}
)
ARCHIVES = "/api/v1/evidence/archives/"
HIDDEN = "142.250.74.238"

pytestmark = [
    pytest.mark.shareddata,
    pytest.mark.skipif(not EXPECTED, reason="the samples of archives are not here"),
]


def planted(other: Institution) -> dict[str, str]:
    """Five indicators of different types that the sample holds, and what their hits are called."""
    suspicious = EXPECTED["suspicious_file"]
    contribute(other, suspicious["sha256"], type_name="sha256")
    contribute(other, "ODUPD.exe", type_name="filename")
    contribute(other, "203.0.113.45", type_name="ipv4")
    contribute(other, "198.51.100.0/24", type_name="cidr")
    contribute(other, r"\majnavigateurquotidienne", type_name="scheduled-task")
    return {
        "sha256": suspicious["sha256"], "filename": "ODUPD.exe", "ipv4": "203.0.113.45", "cidr": "198.51.100.0/24",
        "scheduled-task": r"\majnavigateurquotidienne",
    }  # fmt: skip


def processed(machine: Client) -> Archive:
    path = f"{ARCHIVES}{SAMPLE.name}"
    password = EXPECTED["archive"]["password"].encode().decode("latin-1")
    headers = {"X-Archive-Password": password}
    answer = machine.put(path, SAMPLE.read_bytes(), content_type="application/octet-stream", headers=headers)
    assert answer.status_code == 202, answer.content
    archive = Archive.objects.select_related("case").get()
    working.work_on(archive.pk)
    archive.refresh_from_db()
    assert (archive.state, archive.failure) == ("done", "")
    assert archive.analysed_at is not None
    return archive


def told(client: Client, archive: Archive) -> dict[str, Any]:
    answer = client.get(f"{ARCHIVES}{archive.public_id}/hits")
    assert answer.status_code == 200, answer.content
    return {one["type"]: one for one in answer.json()["hits"]}


def folder_of(archive: Archive) -> Path:
    folder = storing.records_folder(archive)
    assert folder is not None
    return folder


def detections(archive: Archive) -> list[dict[str, Any]]:
    lines = folder_of(archive) / "detection.ioc.jsonl"
    return [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []


def test_what_the_institution_may_see_is_found_and_nothing_else(machine: Client) -> None:
    other = make_institution("Ailleurs")
    wanted = planted(other)
    contribute(other, HIDDEN, audience="own")
    contribute(other, "10.20.30.4")  # beside 10.20.30.40, which the sample holds
    archive = processed(machine)
    found = told(machine, archive)
    assert {kind: one["value"] for kind, one in found.items()} == wanted
    address = found["ipv4"]
    assert address["places"][0]["path"] == "Module_Output/LiveResponse/netstat.csv"
    assert address["places"][0]["field"] == "destination.ip"
    assert address["first_at"] is not None
    assert not any(one["late"] for one in found.values())
    assert HIDDEN not in json.dumps(found)
    assert Event.objects.filter(action="evidence.matched").count() == 1


def test_hits_are_a_dataset_that_equals_its_manifest_and_a_second_run_says_the_same(machine: Client) -> None:
    planted(make_institution("Ailleurs"))
    archive = processed(machine)
    first = detections(archive)
    folder = folder_of(archive)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["datasets"]["detection.ioc"] == len(first) == sum(archive.hits.values_list("count", flat=True))
    assert manifest["records"] == sum(manifest["datasets"].values())
    assert (folder / "detection.ioc.parquet").stat().st_size
    assert len({one["event.id"] for one in first}) == len(first)
    assert {one["event.kind"] for one in first} == {"alert"}
    named = {str(public_id) for public_id in archive.hits.values_list("indicator__public_id", flat=True)}
    assert {one["iocmarket.ioc_ids"][0] for one in first} == named
    before = list(archive.hits.order_by("pk").values("pk", "count", "places"))
    analysis.analyse(archive)
    assert detections(archive) == first
    assert list(archive.hits.order_by("pk").values("pk", "count", "places")) == before
    assert json.loads((folder / "manifest.json").read_text()) == manifest


def test_the_places_of_a_hit_are_capped_and_its_count_is_not(machine: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "PLACES", 1)
    monkeypatch.setattr(matching, "RECORDS", 2)
    contribute(make_institution("Ailleurs"), "chrome.exe", type_name="filename")
    archive = processed(machine)
    hit = archive.hits.get()
    assert (len(hit.places), len(detections(archive))) == (1, 2)
    assert hit.count > 2


def test_what_becomes_known_later_is_found_once_and_told_as_late(machine: Client) -> None:
    other = make_institution("Ailleurs")
    contribute(other, "203.0.113.45")
    publish()
    archive = processed(machine)
    assert retro.sweep() == 0
    planted(make_institution("Encore"))
    contribute(other, HIDDEN, audience="own")
    publish()
    assert retro.sweep() == 4
    assert retro.sweep() == 0
    found = told(machine, archive)
    assert {kind for kind, one in found.items() if one["late"]} == {"sha256", "filename", "cidr", "scheduled-task"}
    assert HIDDEN not in {one["value"] for one in found.values()}
    assert Event.objects.get(action="evidence.matched_late").details == {"count": 4}
    assert len(detections(archive)) == sum(archive.hits.values_list("count", flat=True))


def test_what_was_withdrawn_is_shown_no_more(machine: Client) -> None:
    said = contribute(make_institution("Ailleurs"), "203.0.113.45")
    archive = processed(machine)
    assert set(told(machine, archive)) == {"ipv4"}
    withdraw(said)
    assert told(machine, archive) == {}
    analysis.analyse(archive)
    assert (Hit.objects.count(), detections(archive)) == (0, [])


def test_a_guest_sees_the_hits_of_what_the_guest_may_see(machine: Client, home: Institution) -> None:
    other = make_institution("Ailleurs")
    contribute(other, "203.0.113.45")
    contribute(other, "198.51.100.0/24", type_name="cidr", audience="recipients", recipients=[home])
    archive = processed(machine)
    guest = make_member(institution=make_institution("Tiers"))
    client = Client()
    client.force_login(guest)
    stranger = Client(headers={"Authorization": f"Bearer {make_token(make_institution('Loin'), scopes=SCOPES)}"})
    assert stranger.get(f"{ARCHIVES}{archive.public_id}/hits").status_code == 404
    cases.invite(archive.case, guest.email, viewer=viewer_for(home))
    page = client.get(f"/evidence/{archive.case.public_id}").content.decode()
    assert "203.0.113.45" in page
    elsewhere = client.get("/evidence").content.decode()  # the box of the search has such a network as its example
    assert page.count("198.51.100") == elsewhere.count("198.51.100")
    seen = Hit.objects.visible_to(viewer_of_member(guest)).values_list("indicator__value", flat=True)
    assert list(seen) == ["203.0.113.45"]
    assert set(told(machine, archive)) == {"ipv4", "cidr"}


def named_in(client: Client, archive: Archive, path: str) -> tuple[set[str], int]:
    """The indicators that an answer names, and how many records of detections it has."""
    answer = client.get(f"{ARCHIVES}{archive.public_id}/{path}")
    assert answer.status_code == 200, path
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    if path.startswith("records"):
        found = answer.json()["records"]
        assert answer.json()["datasets"].get("detection.ioc", 0) == len(found)
    elif path.startswith("download.parquet"):
        found = [{"iocmarket.ioc_ids": list(ids)} for ids in pd.read_parquet(BytesIO(body))["iocmarket.ioc_ids"]]
    else:
        found = [one for one in map(json.loads, body.splitlines()) if "create" not in one]
    return {name for one in found for name in one["iocmarket.ioc_ids"]}, len(found)


@pytest.mark.parametrize("path", ["records", *(f"download.{form}" for form in FORMS)])
def test_records_of_hits_are_read_by_whoever_knows_of_the_indicator(
    path: str, machine: Client, home: Institution
) -> None:
    other = make_institution("Ailleurs")
    open_one = contribute(other, "203.0.113.45", tlp=TLP.GREEN)
    closed = contribute(other, "198.51.100.0/24", type_name="cidr", audience="recipients", recipients=[home])
    archive = processed(machine)
    both = {str(each.indicator.public_id) for each in (open_one, closed)}
    path += "?dataset=detection.ioc"
    whole = named_in(machine, archive, path)
    assert whole == (both, sum(archive.hits.values_list("count", flat=True)))
    guest = make_member(institution=make_institution("Tiers"))
    cases.invite(archive.case, guest.email, viewer=viewer_for(home))
    client = Client()
    client.force_login(guest)
    named, count = named_in(client, archive, path)
    assert named == {str(open_one.indicator.public_id)}
    assert 0 < count < whole[1]
    withdraw(open_one)
    assert named_in(client, archive, path) == (set(), 0)


def test_the_page_of_records_counts_what_its_reader_knows_of(machine: Client, home: Institution) -> None:
    contribute(make_institution("Ailleurs"), "203.0.113.45", audience="recipients", recipients=[home])
    archive = processed(machine)
    guest = make_member(institution=make_institution("Tiers"))
    cases.invite(archive.case, guest.email, viewer=viewer_for(home))
    for member, seen in ((make_member(institution=home), True), (guest, False)):
        client = Client()
        client.force_login(member)
        page = client.get(f"/evidence/{archive.case.public_id}/records").content.decode()
        assert ("detection.ioc" in page) == seen


def test_a_fault_loses_no_record_and_the_sweep_begins_again(
    machine: Client, private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(make_institution("Ailleurs"))

    def broken(_folder: Path) -> None:
        raise ValueError

    with monkeypatch.context() as patch:
        patch.setattr(matching, "observe", broken)
        with pytest.raises(AssertionError, match="analysed_at"):
            processed(machine)
    archive = Archive.objects.get()
    assert (archive.state, archive.analyses, archive.hits.count()) == ("done", 1, 0)
    working.sweep()
    archive.refresh_from_db()
    assert archive.analysed_at is not None
    assert archive.hits.count() == 5


def test_nothing_of_a_shredded_archive_is_left(machine: Client) -> None:
    planted(make_institution("Ailleurs"))
    archive = processed(machine)
    archives.shred(archive, actor=PLATFORM)
    assert Hit.objects.count() == 0
    analysis.analyse(archive)
    assert Hit.objects.count() == 0
