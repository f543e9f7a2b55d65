"""Reading the records of a processed archive: page by page, by a text, and whole in the forms that other tools load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from django.test import Client

from ingestion.evidence import archives, reading, working
from ingestion.evidence.downloads import NO_INSTANT
from ingestion.evidence.keys import Private
from ingestion.evidence.models import Archive, Case
from ingestion.evidence.records import COLUMNS
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.marking import TLP
from tests.factories import make_institution, make_token
from tests.ingestion.evidence.test_process import archive as packed
from tests.ingestion.evidence.test_processing import ARCHIVES, RECORDS, sent


@pytest.fixture
def archive(machine: Client, tmp_path: Path) -> Archive:
    """One that was processed."""
    held = sent(machine, packed(tmp_path).read_bytes())
    working.work_on(held.pk)
    return Archive.objects.select_related("case").get(pk=held.pk)


def records(machine: Client, archive: Archive, **query: Any) -> dict[str, Any]:
    answer = machine.get(f"{ARCHIVES}{archive.public_id}/records", query)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def whole(machine: Client, archive: Archive, form: str, **query: str) -> bytes:
    answer = machine.get(f"{ARCHIVES}{archive.public_id}/download.{form}", query)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith(f'attachment; filename="PC-9-{str(archive.public_id)[:8]}.')
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def written(archive: Archive) -> list[dict[str, Any]]:
    """As they stand in the files."""
    lines = (path.read_text().splitlines() for path in reading.files_of(archive, suffix=".jsonl"))
    return [json.loads(line) for some in lines for line in some]


def test_all_of_them_in_the_order_of_time_page_by_page(machine: Client, archive: Archive) -> None:
    found: list[dict[str, Any]] = []
    after = ""
    for _ in range(RECORDS):
        page = records(machine, archive, limit=7, **({"after": after} if after else {}))
        assert sum(page["datasets"].values()) == RECORDS
        found += page["records"]
        if not (after := page["next"] or ""):
            break
    stamps = [one.get("@timestamp") for one in found]
    dated = [stamp for stamp in stamps if stamp]
    assert stamps == sorted(dated) + [None] * (len(stamps) - len(dated))
    by_id = {one["event.id"]: one for one in written(archive)}
    assert {one["event.id"]: one for one in found} == {
        number: {key: value for key, value in one.items() if value is not None} for number, one in by_id.items()
    }
    assert len(found) == RECORDS


def test_every_result_tells_where_it_stands(machine: Client, archive: Archive) -> None:
    for one in records(machine, archive, limit=1000)["records"]:
        assert one["iocmarket.artifact_path"]
        assert one["iocmarket.offset_or_record"]


@pytest.mark.parametrize("quote", ["", "'", '"', "%", "\\", "é"])
def test_a_text_is_looked_for_as_it_stands_in_any_case(quote: str, machine: Client, archive: Archive) -> None:
    wanted = written(archive)[0]["message"][:12]
    found = records(machine, archive, q=wanted.swapcase() + quote, limit=1000)["records"]
    expected = [
        one for one in written(archive)
        if (wanted + quote).lower() in "\n".join(str(one.get(name, "")) for name in COLUMNS).lower()
    ]  # fmt: skip
    assert (len(found) > 0) == (quote == "")
    assert {one["event.id"] for one in found} <= {one["event.id"] for one in expected}


def test_by_dataset_and_time(machine: Client, archive: Archive) -> None:
    held = records(machine, archive)["datasets"]
    name = max(held, key=lambda each: int(held[each]))
    some = records(machine, archive, dataset=name, limit=1000)["records"]
    assert (len(some), {one["event.dataset"] for one in some}) == (held[name], {name})
    assert records(machine, archive, dataset="windows.unheard-of")["records"] == []
    stamps = sorted({one["@timestamp"] for one in written(archive) if one["@timestamp"]})
    until = records(machine, archive, until=stamps[-1], limit=1000)["records"]
    since = records(machine, archive, since=stamps[-1], limit=1000)["records"]
    assert all(one["@timestamp"] < stamps[-1] for one in until)
    assert {one["@timestamp"] for one in since} == {stamps[-1]}


@pytest.mark.parametrize(
    ("query", "code", "where"),
    [
        ({"limit": "0"}, "bad_limit", "limit"),
        ({"limit": "1001"}, "bad_limit", "limit"),
        ({"limit": "²"}, "bad_limit", "limit"),
        ({"after": "x"}, "bad_cursor", "after"),
        ({"since": "yesterday"}, "bad_moment", "since"),
        ({"until": "0001-01-01T00:00:00+14:00"}, "bad_moment", "until"),
        ({"q": "x" * 501}, "bad_search", "q"),
        ({"query": "x"}, "unknown_filter", "query"),
    ],
)
def test_what_cannot_be_asked_is_told(
    query: dict[str, str], code: str, where: str, machine: Client, archive: Archive
) -> None:
    answer = machine.get(f"{ARCHIVES}{archive.public_id}/records", query)
    assert (answer.status_code, answer.json()["code"], answer.json()["where"]) == (400, code, where)


def test_json_lines_and_parquet_are_what_pandas_reads(machine: Client, archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(whole(machine, archive, "jsonl"))
    (tmp_path / "x.parquet").write_bytes(whole(machine, archive, "parquet"))
    lines, table = pd.read_json(tmp_path / "x.jsonl", lines=True), pd.read_parquet(tmp_path / "x.parquet")
    assert len(lines) == len(table) == RECORDS == reading.manifest_of(archive)["records"]
    assert set(lines["event.id"]) == set(table["event.id"])
    assert list(table.columns) == list(COLUMNS)
    assert str(table["@timestamp"].dt.tz) == "UTC"


def test_of_one_dataset_alone(machine: Client, archive: Archive, tmp_path: Path) -> None:
    name, count = next(iter(reading.datasets(archive).items()))
    assert whole(machine, archive, "jsonl", dataset=name).count(b"\n") == count
    (tmp_path / "x.parquet").write_bytes(whole(machine, archive, "parquet", dataset="windows.unheard-of"))
    assert pd.read_parquet(tmp_path / "x.parquet").shape == (0, len(COLUMNS))


def test_bulk_requests_create_each_record_once(machine: Client, archive: Archive) -> None:
    lines = [json.loads(line) for line in whole(machine, archive, "bulk.ndjson").splitlines()]
    heads, bodies = lines[::2], lines[1::2]
    assert heads == [
        {"create": {"_index": f"iocmarket-evidence-{archive.case.public_id}", "_id": one["event.id"]}} for one in bodies
    ]
    assert bodies == written(archive)


def test_timesketch_gets_its_three_keys_on_every_line(machine: Client, archive: Archive) -> None:
    lines = [json.loads(line) for line in whole(machine, archive, "timesketch.jsonl").splitlines()]
    assert len(lines) == RECORDS
    assert all(one["message"] and one["datetime"].endswith("Z") and one["timestamp_desc"] for one in lines)
    without = [one for one in lines if one["@timestamp"] is None]
    assert {one["timestamp_desc"] for one in without} == {NO_INSTANT}


def test_nothing_of_a_download_stays_behind(machine: Client, archive: Archive, place: Path) -> None:
    whole(machine, archive, "parquet")
    answer = machine.get(f"{ARCHIVES}{archive.public_id}/download.parquet")
    next(iter(answer.streaming_content))  # type: ignore[attr-defined]
    answer.close()  # the reader went away
    assert list((place / "tmp").iterdir()) == []


def test_of_an_archive_without_records_the_state_is_told(machine: Client, private: Private) -> None:
    held = sent(machine, b"no archive at all")
    for path in ("records", "download.jsonl"):
        answer = machine.get(f"{ARCHIVES}{held.public_id}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "no_records")
        assert "received" in answer.json()["detail"]


def test_what_was_shredded_cannot_be_read(machine: Client, archive: Archive) -> None:
    archives.shred(archive, actor=PLATFORM)
    assert machine.get(f"{ARCHIVES}{archive.public_id}/download.jsonl").status_code == 409


@pytest.mark.parametrize("path", ["records", "download.jsonl", "download.parquet"])
def test_for_everybody_else_it_is_not_there(path: str, archive: Archive, home: Institution) -> None:
    for token in (
        make_token(make_institution("Ailleurs"), scopes=[Scope.EVIDENCE_READ]),
        make_token(home, scopes=[Scope.EVIDENCE_READ], tlp_ceiling=TLP.GREEN),
    ):
        client = Client(headers={"Authorization": f"Bearer {token}"})
        hidden = client.get(f"{ARCHIVES}{archive.public_id}/{path}")
        absent = client.get(f"{ARCHIVES}{uuid4()}/{path}")
        assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
        assert hidden.status_code == 404
    writer = Client(headers={"Authorization": f"Bearer {make_token(home, scopes=[Scope.EVIDENCE_WRITE])}"})
    assert writer.get(f"{ARCHIVES}{archive.public_id}/{path}").status_code == 403


def test_reading_is_recorded_without_what_was_looked_for(machine: Client, archive: Archive) -> None:
    records(machine, archive, q="secret word")
    whole(machine, archive, "jsonl")
    told = Event.objects.filter(action="evidence.records_read").order_by("pk")
    assert [each.details for each in told] == [{}, {}]


def test_a_form_that_is_none_is_not_there(machine: Client, archive: Archive) -> None:
    assert machine.get(f"{ARCHIVES}{archive.public_id}/download.xlsx").status_code == 404
    assert Case.objects.count() == 1
