"""Who sees a case, that it is written down, and that what is shredded or erased is gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as conf
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from ingestion.evidence import keys, storing, working
from ingestion.evidence.commands import commands
from ingestion.evidence.models import Archive, Case, CustodyEntry, PlatformKey
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role, Scope
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from iocmarket.privacy.erasing_institutions import erase_institution, take_chunk
from tests.factories import make_institution, make_member, make_token
from tests.ingestion.evidence.conftest import SCOPES

pytestmark = pytest.mark.usefixtures("only_sealed")

CASES = "/api/v1/evidence/cases"
Commit = DjangoCaptureOnCommitCallbacks


def person(institution: Institution, role: Role = Role.CONTRIBUTOR) -> tuple[Client, Member]:
    member = make_member(institution, role=role)
    client = Client()
    client.force_login(member)
    return client, member


def opened(client: Client, **said: str) -> str:
    answer = client.post(CASES, {"title": "Droit", **said}, content_type="application/json")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def sent(client: Client, case: str, body: bytes = b"archive of a machine") -> str:
    path = f"/api/v1/evidence/archives/PC-12.zip?case={case}"
    return str(client.put(path, body, content_type="application/zip").json()["id"])


def statuses(client: Client, case: str, archive: str) -> list[int]:
    paths = (f"{CASES}/{case}", f"/api/v1/evidence/archives/{archive}", f"/evidence/{case}")
    return [client.get(path).status_code for path in paths]


def acts(case: str) -> list[str]:
    return list(Event.objects.filter(subject_id=case).order_by("pk").values_list("action", flat=True))


def test_a_case_exists_for_its_institution_and_its_guests_alone(machine: Client, home: Institution) -> None:
    other = make_institution("Ailleurs")
    guest, member = person(other)
    colleague, _ = person(other, Role.MANAGER)
    case = opened(machine)
    archive = sent(machine, case)
    assert statuses(guest, case, archive) == statuses(colleague, case, archive) == [404] * 3

    invited = machine.post(f"{CASES}/{case}/guests", {"member": member.email}, content_type="application/json")
    assert invited.status_code == 201
    assert statuses(guest, case, archive) == [200] * 3
    assert statuses(colleague, case, archive) == [404] * 3
    elsewhere = Client(headers={"Authorization": f"Bearer {make_token(other, scopes=SCOPES)}"})
    assert statuses(elsewhere, case, archive)[:2] == [404, 404]
    assert [each["id"] for each in guest.get(CASES).json()["cases"]] == [case]

    path = f"{CASES}/{case}/guests/{invited.json()['id']}"
    assert guest.delete(path).status_code == 404
    assert guest.delete(f"/api/v1/evidence/archives/{archive}").status_code == 404
    assert (
        guest.put(f"/api/v1/evidence/archives/x.zip?case={case}", b"x", content_type="application/zip").status_code
        == 404
    )
    assert machine.delete(path).status_code == 204
    assert statuses(guest, case, archive) == [404] * 3
    lines = CustodyEntry.objects.order_by("position").values_list("act", flat=True)
    assert list(lines) == ["received", "invited", "parted"]


def test_a_guest_is_out_when_the_owner_is_not_let_in(machine: Client, home: Institution) -> None:
    guest, member = person(make_institution())
    case = opened(machine)
    machine.post(f"{CASES}/{case}/guests", {"member": member.email}, content_type="application/json")
    Institution.objects.filter(pk=home.pk).update(state="suspended")
    assert guest.get(f"{CASES}/{case}").status_code == 404


def test_who_cannot_be_a_guest_is_told_in_one_way(machine: Client, home: Institution) -> None:
    _, reader = person(make_institution(), Role.READER)
    _, own = person(home)
    case = opened(machine)
    codes = {
        machine.post(f"{CASES}/{case}/guests", {"member": address}, content_type="application/json").json()["code"]
        for address in (reader.email, own.email, "nobody@nowhere.example")
    }
    assert codes == {"cannot_be_guest"}


def test_a_token_with_a_lower_ceiling_sees_no_case_above_it(machine: Client, home: Institution) -> None:
    strict, green = opened(machine), opened(machine, tlp="GREEN")
    token = make_token(home, scopes=SCOPES, operated_by="provider")
    provider = Client(headers={"Authorization": f"Bearer {token}"})
    assert provider.get(f"{CASES}/{strict}").status_code == 404
    assert provider.get(f"{CASES}/{green}").status_code == 200
    refused = provider.post(CASES, {"title": "x", "tlp": "AMBER+STRICT"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_case_marking")
    assert provider.put("/api/v1/evidence/archives/a.zip", b"x", content_type="application/zip").status_code == 202


def test_reading_is_written_down_each_time(machine: Client, home: Institution) -> None:
    client, member = person(home)
    case = opened(client)
    archive = sent(client, case)
    assert statuses(client, case, archive) == [200] * 3
    stranger, _ = person(make_institution())
    stranger.get(f"{CASES}/{case}")
    assert acts(case) == ["evidence.case_opened", "evidence.case_read", "evidence.case_read"]
    assert acts(archive) == ["evidence.received", "evidence.archive_read"]
    assert set(Event.objects.filter(subject_id=case).values_list("actor", flat=True)) == {member.pk}
    client.get("/evidence")
    client.get(CASES)
    assert Event.objects.filter(action="evidence.cases_listed").count() == 2


def test_tokens_need_their_scope(home: Institution, machine: Client) -> None:
    case = opened(machine)
    writer, reader = (
        Client(headers={"Authorization": f"Bearer {make_token(home, scopes=[scope])}"})
        for scope in (Scope.EVIDENCE_WRITE, Scope.EVIDENCE_READ)
    )
    assert writer.get(f"{CASES}/{case}").status_code == 403
    assert reader.get(f"{CASES}/{case}").status_code == 200
    assert reader.put("/api/v1/evidence/archives/a.zip", b"x", content_type="application/zip").status_code == 403
    assert writer.put("/api/v1/evidence/archives/a.zip", b"x", content_type="application/zip").status_code == 202
    assert reader.head("/api/v1/evidence/uploads/00000000-0000-4000-8000-000000000000").status_code == 403


def files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


def test_shredding_leaves_the_hash_and_the_chain(
    machine: Client, place: Path, django_capture_on_commit_callbacks: Commit
) -> None:
    case = opened(machine)
    archive = Archive.objects.get(public_id=sent(machine, case))
    working.work_on(archive.pk)
    archive.refresh_from_db()
    made = storing.results_folder(archive) / "PC-12" / str(archive.public_id)
    made.mkdir(parents=True)
    (made / "windows.evtx.jsonl").write_text("{}")
    with django_capture_on_commit_callbacks(execute=True):
        assert machine.delete(f"/api/v1/evidence/archives/{archive.public_id}").status_code == 204
    assert files(place) == []
    told = machine.get(f"/api/v1/evidence/archives/{archive.public_id}").json()
    assert (told["state"], told["sha256"]) == ("shredded", archive.sha256)
    assert list(archive.custody.order_by("position").values_list("act", flat=True)) == [
        "received", "sealed", "shredded",
    ]  # fmt: skip


def test_shredding_that_was_cut_off_is_ended_by_the_sweep(machine: Client, place: Path) -> None:
    archive = Archive.objects.get(public_id=sent(machine, opened(machine)))
    assert machine.delete(f"/api/v1/evidence/archives/{archive.public_id}").status_code == 204
    assert files(place), "the transaction of the test never ends"
    working.sweep()
    assert files(place) == []


def test_what_is_shredded_is_written_over_first(place: Path, private: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with storing.draft() as file:
        file.write(b"age-encryption.org/v1" + b"k" * 100_000)
        storing.put("case/archive/original", file)
    seen: list[bytes] = []
    monkeypatch.setattr(
        type(storing.storage()), "delete", lambda self, name: seen.append(Path(self.path(name)).read_bytes())
    )
    storing.shred("case/archive/original")
    assert b"k" * 8 not in seen[0][: storing.HEADER]
    assert len(seen[0]) == 100_021


def test_purge_shreds_what_is_old(machine: Client, place: Path, django_capture_on_commit_callbacks: Commit) -> None:
    archive = Archive.objects.get(public_id=sent(machine, opened(machine)))
    with django_capture_on_commit_callbacks(execute=True):
        call_command("purge", verbosity=0)
    archive.refresh_from_db()
    assert archive.state == "received"
    later = clock.now() + timedelta(days=conf.EVIDENCE_DAYS, hours=1)
    with time_machine.travel(later, tick=False), django_capture_on_commit_callbacks(execute=True):
        call_command("purge", verbosity=0)
    archive.refresh_from_db()
    assert archive.state == "shredded"
    assert files(place) == []


def test_the_database_refuses_to_change_the_chain(machine: Client, home: Institution) -> None:
    sent(machine, opened(machine))
    for change in (
        lambda: CustodyEntry.objects.update(act="shredded"),
        lambda: CustodyEntry.objects.all().delete(),
        lambda: Case.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert CustodyEntry.objects.count() == 1


def test_everything_goes_with_the_institution(machine: Client, home: Institution, place: Path) -> None:
    sent(machine, opened(machine))
    theirs = make_institution()
    kept = Client(headers={"Authorization": f"Bearer {make_token(theirs, scopes=SCOPES)}"})
    stays = opened(kept)
    sent(kept, stays)
    make_member(role=Role.MANAGER, administrator=True)
    erasure = erase_institution(home, reason="fusion", actor=PLATFORM)
    while take_chunk(erasure.pk):
        pass
    assert [str(case.public_id) for case in Case.objects.all()] == [stays]
    assert {path.relative_to(place / "originals").parts[0] for path in files(place)} == {stays}


def test_the_pages_lead_from_a_new_case_to_its_end(home: Institution, private: Any, place: Path) -> None:
    client, _ = person(home)
    _, member = person(make_institution("Ailleurs"))
    made = client.post("/evidence", {"title": "Faculté de droit", "tlp": "2"})
    assert made.status_code == 302
    where = made["Location"]
    case = Case.objects.get()
    sent(client, str(case.public_id))
    client.post(f"{where}/invite", {"member": member.email})
    body = client.get(where).content.decode()
    assert "PC-12.zip" in body
    assert str(member) in body
    client.post(f"{where}/part", {"guest": str(case.guests.get().public_id)})
    client.post(f"{where}/shred", {"archive": str(case.archives.get().public_id)})
    assert case.archives.get().state == "shredded"
    assert not case.guests.exists()
    assert "Faculté de droit" in client.get("/evidence").content.decode()
    assert client.post("/evidence", {"title": " ", "tlp": "2"}).status_code == 422


def test_the_keys_are_for_everybody_and_what_is_secret_for_the_worker(private: Any, drawn: Path) -> None:
    key = PlatformKey.objects.get()
    body = Client().get("/evidence/keys").content.decode()
    assert key.age_recipient in body
    assert "BEGIN CERTIFICATE" in body
    assert "AGE-SECRET-KEY" not in body
    assert "PRIVATE KEY" not in body
    assert {ready.tool for ready in commands(key, "https://ioc.example")} == {
        "age", "OpenSSL", "DFIR-ORC", "Velociraptor", "KAPE", "curl",
    }  # fmt: skip
    [file] = drawn.glob("*.json")
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert "AGE-SECRET" not in repr(private)
    assert keys.ensure().age == private.age
    assert PlatformKey.objects.count() == 1
