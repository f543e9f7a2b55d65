"""From an archive to the community: what may leave, who may let it, and that nothing tells where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import serializers
from django.test import Client

from ingestion.evidence import storing
from ingestion.evidence.containers.base import Keys
from ingestion.evidence.models import Archive, Case, Guest, SharedValues
from ingestion.evidence.running import Origin, run
from ingestion.submissions.models import Submission, SubmissionItem
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Role, Scope
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution, Indicator, Report
from tests.factories import contribute, make_institution, make_member, make_token, publish
from tests.ingestion.evidence.test_expected import SHARED

SAMPLE, PASSWORD = "scout_PC-LABO-12.7z", "Mot2Passe-é"
SHA256 = "871072f89618d2abab66e06ce596a2938bb122dffc1c555613762dcc65931dcf"
SCOPES = (Scope.EVIDENCE_READ, Scope.EVIDENCE_WRITE, Scope.INDICATORS_WRITE, Scope.INDICATORS_READ)
pytestmark = [pytest.mark.shareddata, pytest.mark.real]


@pytest.fixture
def archive(home: Institution, place: Path) -> Archive:
    """The sample of Scout, processed."""
    if not (SHARED / SAMPLE).exists():
        pytest.skip(f"the archives are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    case = Case.objects.create(institution=home, title="Incident du labo")
    made = Archive.objects.create(
        case=case, filename=SAMPLE, size=13307, arrival=uuid4(), state="done", host="PC-LABO-12", sha256="e" * 64
    )
    origin = Origin(str(case.public_id), str(made.public_id), made.sha256, "2026-11-22T10:00:00Z")
    folder = storing.results_folder(made)
    folder.mkdir(parents=True)
    assert (
        run(SHARED / SAMPLE, folder, origin=origin, keys=Keys((), ()), password=PASSWORD, name=SAMPLE).state == "done"
    )
    return made


def client(institution: Institution, *scopes: Scope) -> Client:
    return Client(headers={"Authorization": f"Bearer {make_token(institution, scopes=scopes or SCOPES)}"})


def url(archive: Archive, act: str) -> str:
    return f"/api/v1/evidence/archives/{archive.public_id}/{act}"


def post(who: Client, archive: Archive, *values: Any, **more: Any) -> Any:
    return who.post(url(archive, "share"), {"indicators": list(values), **more}, content_type="application/json")


def values(listed: list[dict[str, Any]]) -> dict[str, str]:
    return {one["value"]: one["left_out"] for one in listed}


def test_the_sample_proposes_its_program_and_leaves_out_the_rest_with_reasons(
    archive: Archive, home: Institution
) -> None:
    answer = client(home).get(url(archive, "proposals")).json()
    assert {"odupd.exe", SHA256, "\\MajNavigateurQuotidienne"} <= set(values(answer["proposals"]))
    left = values(answer["left_out"])
    assert left["198.51.100.23"] == left["203.0.113.45"] == "documentation_address"
    assert left["https://cdn-maj.exemple-malveillant.test/b"] == "reserved_name"
    assert all(one["detail"] for one in answer["left_out"])
    assert Event.objects.filter(action="evidence.proposals_read").count() == 1


def test_what_others_said_is_marked_as_known(archive: Archive, home: Institution) -> None:
    contribute(make_institution(), SHA256, type_name="sha256")
    contribute(make_institution(), "odupd.exe", type_name="filename", audience="own")
    publish()
    known = {one["value"]: one["known"] for one in client(home).get(url(archive, "proposals")).json()["proposals"]}
    assert (known[SHA256], known["odupd.exe"]) == (1, 0)


def test_ticked_values_become_a_report_and_statements_and_nothing_names_the_source(
    archive: Archive, home: Institution
) -> None:
    machine = client(home)
    chosen = ({"value": SHA256, "threat_type": "dropper"}, {"value": "odupd.exe", "type": "filename"})
    answer = post(machine, archive, *chosen, defaults={"tlp": "GREEN"})
    assert answer.status_code == 201, answer.content
    publish()
    report = Report.objects.get()
    said = Contribution.objects.filter(report=report)
    assert set(said.values_list("indicator__value", "threat_type")) == {(SHA256, "dropper"), ("odupd.exe", "other")}
    assert SharedValues.objects.get().archive == archive
    rows: list[Any] = [*Submission.objects.all(), *SubmissionItem.objects.all(), *Report.objects.all(), *said]
    rows += [*Indicator.unscoped.all(), *Event.objects.filter(subject_type="submission")]
    told = serializers.serialize("json", rows)
    told += "".join(machine.get(path).content.decode() for path in ("/feeds/csv", "/feeds/stix", "/feeds/misp-json"))
    told += json.dumps(answer.json())
    assert SHA256 in told
    for name in ("LABO", "jdupont", "Incident", "scout_", str(archive.public_id), str(archive.case.public_id)):
        assert name not in told, name


@pytest.mark.parametrize("text", ["Vu sur PC-LABO-12", "compte de JDUPONT", "Incident du labo", SAMPLE])
def test_a_title_that_names_the_source_is_refused(archive: Archive, home: Institution, text: str) -> None:
    answer = post(client(home), archive, SHA256, report={"title": text})
    assert (answer.status_code, answer.json()["code"]) == (422, "names_source")
    assert not Submission.objects.exists()


@pytest.mark.parametrize("value", ["198.51.100.23", "45.9.20.1"])
def test_what_is_left_out_or_not_in_the_archive_cannot_be_sent(archive: Archive, home: Institution, value: str) -> None:
    assert post(client(home), archive, value).json()["code"] == "not_proposed"
    assert not Submission.objects.exists()


def test_a_command_in_a_folder_of_a_person_does_not_leave(archive: Archive, home: Institution) -> None:
    left = [one for one in client(home).get(url(archive, "proposals")).json()["proposals"] if "jdupont" in one["value"]]
    assert left == []


def test_guests_and_others_have_no_part_in_it(archive: Archive, home: Institution) -> None:
    guest = make_member(make_institution(), role=Role.MANAGER)
    Guest.objects.create(case=archive.case, member=guest)
    browser = Client()
    browser.force_login(guest)
    assert browser.get(f"/evidence/{archive.case.public_id}").status_code == 200
    for path in (f"/evidence/{archive.case.public_id}/propose", url(archive, "proposals")):
        assert browser.get(path).status_code == 404
    assert post(client(make_institution()), archive, SHA256).status_code == 404
    assert post(client(home, Scope.EVIDENCE_WRITE), archive, SHA256).status_code == 403
    assert not Submission.objects.exists()


def test_a_person_ticks_looks_and_shares(archive: Archive, home: Institution) -> None:
    browser = Client()
    browser.force_login(make_member(home, role=Role.CONTRIBUTOR))
    path = f"/evidence/{archive.case.public_id}/propose"
    page = browser.get(path)
    (one,) = [row for row in page.context["rows"] if row[0].candidate.value == SHA256]
    key = one[0].key
    form = {"take": key, f"threat-{key}": "dropper", "tlp": "green", "pap": "amber", "audience": "community"}
    looked = browser.post(path, {**form, "act": "share"})
    assert (looked.status_code, [line.value for line in looked.context["lines"]]) == (200, [SHA256])
    assert not Submission.objects.exists()
    done = browser.post(path, {**form, "act": "share", "seen": looked.context["seen"], "title": "Un implant"})
    made = Submission.objects.get()
    assert (done.status_code, done["Location"]) == (302, f"/share/{made.public_id}")
    (said,) = Contribution.objects.all()
    assert (said.threat_type, said.report.title if said.report else "") == ("dropper", "Un implant")
    assert str(made.public_id) in browser.get(path).content.decode()


def test_nothing_ticked_is_told(archive: Archive, home: Institution) -> None:
    browser = Client()
    browser.force_login(make_member(home, role=Role.CONTRIBUTOR))
    form = {"tlp": "green", "pap": "amber", "audience": "community", "act": "look"}
    assert browser.post(f"/evidence/{archive.case.public_id}/propose", form).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_proposals_are_read_outside_of_a_transaction_too(archive: Archive, home: Institution) -> None:
    """As every request is; what is recorded of it has one of its own."""
    assert client(home).get(url(archive, "proposals")).status_code == 200
