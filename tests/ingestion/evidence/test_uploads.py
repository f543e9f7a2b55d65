"""Uploads: tus 1.0.0 and one-shot, and that nothing of them is ever on the disk plain."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
import time_machine
from django.db import connections
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from ingestion.evidence import custody, keys, storing, working
from ingestion.evidence.keys import Private
from ingestion.evidence.models import Archive, Case, Upload
from ingestion.evidence.uploads import LOCK_SPACE
from iocmarket.accounts.models import Institution
from iocmarket.api.problems import Problem
from iocmarket.kernel import clock
from tests.factories import make_token

pytestmark = pytest.mark.usefixtures("only_sealed")

TUS = {"Tus-Resumable": "1.0.0"}
UPLOADS = "/api/v1/evidence/uploads"
ARCHIVES = "/api/v1/evidence/archives/"
BODY = b"plain bytes that no disk may show " * 4000


@pytest.fixture
def case(machine: Client) -> str:
    return str(machine.post("/api/v1/evidence/cases", {"title": "Droit"}, content_type="application/json").json()["id"])


def begin(client: Client, case: str, size: int, **told: str) -> Any:
    pairs = {"filename": "collection.zip", "case": case, **told}
    metadata = ",".join(f"{name} {base64.b64encode(said.encode()).decode()}" for name, said in pairs.items())
    return client.post(UPLOADS, headers={**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata})


def proceed(client: Client, place: str, offset: int, body: bytes, **headers: str) -> Any:
    sent = {**TUS, "Upload-Offset": str(offset), **headers}
    return client.patch(place, body, content_type="application/offset+octet-stream", headers=sent)


def checksum(body: bytes) -> str:
    return f"sha256 {base64.b64encode(hashlib.sha256(body).digest()).decode()}"


def put(client: Client, name: str = "collection.zip", body: bytes = BODY, **headers: str) -> Any:
    return client.put(f"{ARCHIVES}{name}", body, content_type="application/zip", headers=headers)


def original(archive: Archive, private: Private) -> bytes:
    with storing.read(archive.stored) as file:
        stored = bytes(file.read())
    return pyrage.decrypt(stored, private.identities()) if archive.wrapped else stored


def test_what_the_server_speaks(machine: Client) -> None:
    answer = machine.options(UPLOADS)
    assert answer.status_code == 204
    assert answer["Tus-Version"] == answer["Tus-Resumable"] == "1.0.0"
    assert set(answer["Tus-Extension"].split(",")) == {"creation", "checksum", "expiration", "termination"}
    assert answer["Tus-Checksum-Algorithm"] == "sha256"
    assert int(answer["Tus-Max-Size"]) == 20 * 2**30


def test_an_upload_from_its_beginning_to_the_stored_original(
    machine: Client, case: str, private: Private, place: Path, hints: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    begun = begin(machine, case, len(BODY))
    where = begun["Location"]
    assert (begun.status_code, begun["Upload-Offset"]) == (201, "0")
    assert begun["Upload-Expires"].endswith("GMT")
    half = len(BODY) // 2
    assert proceed(machine, where, 0, BODY[:half], **{"Upload-Checksum": checksum(BODY[:half])})[
        "Upload-Offset"
    ] == str(half)
    asked = machine.head(where, headers=TUS)
    assert (asked["Upload-Offset"], asked["Upload-Length"], asked["Cache-Control"]) == (
        str(half), str(len(BODY)), "no-store",
    )  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        last = proceed(machine, where, half, BODY[half:])
    assert (last.status_code, last["Upload-Offset"]) == (204, str(len(BODY)))
    archive = Archive.objects.get()
    assert hints == [archive.pk]
    assert (archive.state, archive.sha256, archive.size) == ("received", "", len(BODY))
    assert machine.get(where).json()["archive"] == str(archive.public_id)

    working.work_on(archive.pk)
    archive.refresh_from_db()
    assert archive.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (archive.wrapped, archive.pieces, archive.state) == (True, [], "processing")
    assert original(archive, private) == BODY
    files = [path for path in place.rglob("*") if path.is_file()]
    assert len(files) == 1
    assert oct(files[0].stat().st_mode & 0o777) == "0o600"
    lines = list(archive.custody.order_by("position").values_list("act", "sha256"))
    assert lines == [("received", ""), ("sealed", archive.sha256)]


def test_nothing_lies_plain_while_it_comes(machine: Client, case: str, place: Path) -> None:
    where = begin(machine, case, len(BODY), password="s3cret-of-the-zip")["Location"]
    proceed(machine, where, 0, BODY[:60_000])
    kept = b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())
    assert len(kept) > 60_000
    assert BODY[:30] not in kept
    assert "s3cret-of-the-zip" not in str(Upload.objects.values())


def test_a_piece_with_another_checksum_is_not_kept(machine: Client, case: str, place: Path) -> None:
    where = begin(machine, case, len(BODY))["Location"]
    answer = proceed(machine, where, 0, BODY, **{"Upload-Checksum": checksum(b"other")})
    assert (answer.status_code, answer.json()["code"]) == (460, "checksum_mismatch")
    assert machine.head(where, headers=TUS)["Upload-Offset"] == "0"
    assert not [path for path in place.rglob("*") if path.is_file()]
    for bad in ("md5 AAAA", "sha256 ////", "sha256 no base64"):
        assert proceed(machine, where, 0, BODY, **{"Upload-Checksum": bad}).status_code == 400


def test_requests_that_no_tus_client_sends(machine: Client, case: str) -> None:
    where = begin(machine, case, 10)["Location"]
    answers = {
        "version": machine.post(UPLOADS, headers={"Upload-Length": "3"}),
        "length": machine.post(UPLOADS, headers={**TUS, "Upload-Length": "many"}),
        "empty": begin(machine, case, 0),
        "case": begin(machine, "nothing", 3),
        "metadata": machine.post(UPLOADS, headers={**TUS, "Upload-Length": "3", "Upload-Metadata": "case ???"}),
        "twice": machine.post(UPLOADS, headers={**TUS, "Upload-Length": "3", "Upload-Metadata": "case YQ==,case YQ=="}),
        "offset": proceed(machine, where, 5, b"12345"),
        "beyond": proceed(machine, where, 0, b"x" * 11),
        "type": machine.patch(where, b"x", content_type="text/plain", headers={**TUS, "Upload-Offset": "0"}),
        "name": begin(machine, case, 10, filename="a/b/"),
        "large": begin(machine, case, 20 * 2**30 + 1),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "version": 412, "length": 400, "empty": 422, "case": 404, "metadata": 400, "twice": 400, "offset": 409,
        "beyond": 413, "type": 415, "name": 422, "large": 413,
    }  # fmt: skip
    assert answers["version"]["Tus-Version"] == "1.0.0"
    assert machine.head(where, headers=TUS)["Upload-Offset"] == "0"


def test_two_requests_never_write_to_one_upload(machine: Client, case: str) -> None:
    where = begin(machine, case, 10)["Location"]
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_SPACE + Upload.objects.get().pk])
        assert proceed(machine, where, 0, b"0123456789").status_code == 423
        assert machine.delete(where, headers=TUS).status_code == 423
    finally:
        other.close()
    assert proceed(machine, where, 0, b"0123456789").status_code == 204


def test_an_upload_ends_by_termination_and_by_time(machine: Client, case: str, place: Path) -> None:
    for _ in range(2):
        where = begin(machine, case, 10)["Location"]
        proceed(machine, where, 0, b"01234")
    assert machine.delete(where, headers=TUS).status_code == 204
    assert machine.head(where, headers=TUS).status_code == 404
    [left] = Upload.objects.all()
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        late = proceed(machine, f"{UPLOADS}/{left.public_id}", 5, b"56789")
        assert (late.status_code, late.json()["code"]) == (410, "upload_expired")
        working.sweep()
    assert not Upload.objects.exists()
    assert not [path for path in place.rglob("*") if path.is_file()]


def test_room_is_shared_by_what_is_kept_and_what_is_announced(machine: Client, case: str, settings: Settings) -> None:
    settings.EVIDENCE_QUOTA_BYTES = 25
    assert begin(machine, case, 10).status_code == 201
    assert put(machine, body=b"0123456789").status_code == 202
    refused = begin(machine, case, 6)
    assert (refused.status_code, refused.json()["code"]) == (413, "quota_used_up")
    assert begin(machine, case, 5).status_code == 201


def test_one_request_takes_an_archive_with_its_password(machine: Client, private: Private) -> None:
    answer = put(machine, "PC-COMPTA-03.zip", BODY, **{"X-Archive-Password": "infected"})
    assert answer.status_code == 202
    told = machine.get(answer["Location"]).json()
    assert told["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert (told["state"], told["filename"], told["size"]) == ("received", "PC-COMPTA-03.zip", len(BODY))
    assert Case.objects.get().title == "PC-COMPTA-03.zip"
    archive = Archive.objects.get()
    assert "infected" not in archive.password
    assert keys.opened(archive.password, private) == "infected"


@pytest.mark.parametrize("sent", ["Mot2Passe-é".encode(), "Mot2Passe-é".encode("latin-1"), b"plain"])
def test_a_password_is_what_was_typed_whatever_the_client_sends(machine: Client, private: Private, sent: bytes) -> None:
    assert put(machine, "collection.zip", BODY, **{"X-Archive-Password": sent.decode("latin-1")}).status_code == 202
    assert keys.opened(Archive.objects.get().password, private) in {"Mot2Passe-é", "plain"}


@pytest.mark.parametrize("name", ["age", "cms", "acquire"])
def test_what_is_encrypted_stays_as_it_was_received(machine: Client, private: Private, name: str) -> None:
    recipient = keys.recipient()
    cms = bytes.fromhex("3080") + bytes.fromhex("06092a864886f70d010703") + b"\xa0\x80" + BODY
    body = {"age": pyrage.encrypt(BODY, [recipient]), "cms": cms, "acquire": b"ENCRYPTEDACQUIRE" + BODY}[name]
    put(machine, body=body)
    archive = Archive.objects.get()
    working.work_on(archive.pk)
    archive.refresh_from_db()
    assert (archive.wrapped, archive.sha256) == (False, hashlib.sha256(body).hexdigest())
    with storing.read(archive.stored) as file:
        assert file.read() == body
    assert machine.get(f"{ARCHIVES}{archive.public_id}").json()["stored_as_received"] is True


def test_a_worker_that_was_killed_is_followed_by_another(machine: Client, private: Private, place: Path) -> None:
    put(machine)
    archive = Archive.objects.get()
    assert working._claim(archive.pk) is not None  # and then it died
    working.sweep()
    archive.refresh_from_db()
    assert archive.sealed_at is not None
    assert archive.custody.filter(act="sealed").count() == 1
    working.sweep()
    assert archive.custody.count() == 2


def test_a_lost_piece_and_a_lost_key_are_told(machine: Client, place: Path, settings: Settings, tmp_path: Path) -> None:
    put(machine)
    put(machine)
    first, second = Archive.objects.order_by("pk")
    storing.shred(storing.piece_name(first.case, first.arrival, 0))
    working.work_on(first.pk)
    settings.EVIDENCE_KEYS_DIR = tmp_path / "other"
    working.work_on(second.pk)
    found = Archive.objects.order_by("pk").values_list("state", "failure", "password")
    assert list(found) == [("failed", "piece_lost", ""), ("failed", "keys_lost", "")]


def test_without_keys_nothing_is_taken(db: None, place: Path, home: Institution) -> None:
    client = Client(headers={"Authorization": f"Bearer {make_token(home, scopes=['evidence:write'])}"})
    answer = put(client)
    assert (answer.status_code, answer.json()["code"]) == (503, "no_evidence_keys")
    assert answer["Retry-After"] == "60"


def test_a_broken_one_shot_leaves_nothing(machine: Client, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pieces(request: Any, announced: Any, *, most: int) -> Iterator[bytes]:
        yield request.read(1000)
        raise Problem(400, "body_incomplete", "the body ended before its announced length")

    monkeypatch.setattr("ingestion.evidence.api.pieces_of", pieces)
    assert put(machine).status_code == 400
    assert not Upload.objects.exists()
    assert not Archive.objects.exists()
    assert not [path for path in place.rglob("*") if path.is_file()]


def test_the_chain_of_custody_shows_a_changed_line(machine: Client, private: Private) -> None:
    put(machine)
    archive = Archive.objects.get()
    working.work_on(archive.pk)
    case = Case.objects.get()
    assert custody.broken_at(case) is None
    line = archive.custody.get(position=0)
    line.details = {"size": 1}
    assert line.digest != custody.digest_of(line, custody.START)
