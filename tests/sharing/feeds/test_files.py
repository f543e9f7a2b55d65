"""Feeds in files: written once, shared, never more than the reader may see, written again when they vanish."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from iocmarket.accounts.models import Circle, Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from iocmarket.publication.models import Entry, View
from sharing.feeds import blobs, building, segments, services
from sharing.feeds.models import FeedState, ViewFiles
from sharing.feeds.segments import files_of
from tests.factories import Reader, contribute, make_institution, make_reader, publish, withdraw

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Reader:
    made = make_reader("Université de Valbrune")
    publish()
    return made


def get(client: Client, reader: Reader, path: str, **headers: str) -> Any:
    return client.get(path, headers={**reader.headers, **headers})


def community() -> View:
    return View.objects.get(audience="community", ceiling_tlp=3)


def held_by(view: View) -> bytes:
    """What the files of a view should hold, read from the entries."""
    spoken = Entry.objects.filter(view=view, state__in=["live", "expired"]).order_by("date_added")
    return b",\n".join(bytes(body) for body in spoken.values_list("body", flat=True))


def written_of(view: View) -> bytes:
    files = files_of(view.pk, separator=b",\n")
    found = b",\n".join(blob.path.read_bytes() for blob in files.blobs)
    assert files.count == (found.count(b",\n") + 1 if found else 0)
    return found


def test_the_files_of_a_view_hold_its_entries_after_whatever_happens(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four hundred acts, three entries a file: shared, withdrawn, and withdrawn ones removed."""
    monkeypatch.setattr(segments, "SIZE", 3)
    draw, said = random.Random(20), list[Contribution]()
    others = [make_institution() for _ in range(3)]
    for act in range(400):
        what = draw.random()
        if what < 0.45 or not said:
            number = draw.randrange(30)
            if not Contribution.unscoped.filter(indicator__value=f"45.9.20.{number}", withdrawn_at=None).exists():
                said.append(contribute(draw.choice(others), f"45.9.20.{number}", confidence=draw.randrange(40, 100)))
        elif what < 0.85:
            withdraw(said.pop(draw.randrange(len(said))))
        elif what < 0.9:
            Entry.objects.filter(state="withdrawn").delete()
        if act % 4 == 0:
            publish()
            assert written_of(community()) == held_by(community())


def test_one_change_writes_two_files_at_most(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SIZE", 4)
    said = [contribute(reader.institution, f"45.9.20.{number}") for number in range(40)]
    publish()
    before = {blob.name for blob in files_of(community().pk, separator=b",").blobs}
    withdraw(said[17])
    publish()
    after = {blob.name for blob in files_of(community().pk, separator=b",").blobs}
    assert len(before) > 10
    assert len(after - before) <= 2
    contribute(reader.institution, "45.9.21.1")
    publish()
    assert len({blob.name for blob in files_of(community().pk, separator=b",").blobs} - after) <= 1


def test_two_readers_of_one_view_share_its_files(client: Client, reader: Reader) -> None:
    other = make_reader()
    publish()
    contribute(reader.institution, "45.9.20.7")
    publish()
    bodies = [get(client, who, "/feeds/stix").content for who in (reader, other)]
    assert bodies[0] == bodies[1]
    listed = [set(map(tuple, state.files["blobs"])) for state in FeedState.objects.exclude(files=None) if state.files]
    assert listed[0] == listed[1]


@pytest.mark.parametrize("fmt", ["stix", "csv", "text"])
def test_a_feed_that_did_not_change_is_sent_without_reading_an_entry(client: Client, reader: Reader, fmt: str) -> None:
    contribute(reader.institution, "45.9.20.7")
    publish()
    first = get(client, reader, f"/feeds/{fmt}")
    with CaptureQueriesContext(connection) as statements:
        assert get(client, reader, f"/feeds/{fmt}").content == first.content
    assert "publication_entry" not in "\n".join(entry["sql"] for entry in statements.captured_queries)


@pytest.mark.parametrize("fmt", ["stix", "csv"])
def test_files_that_vanished_are_written_again(client: Client, reader: Reader, fmt: str) -> None:
    contribute(reader.institution, "45.9.20.7")
    publish()
    first = get(client, reader, f"/feeds/{fmt}")
    for path in blobs.folder().iterdir():
        path.unlink()
    again = get(client, reader, f"/feeds/{fmt}")
    assert (again.content, again["ETag"]) == (first.content, first["ETag"])


@pytest.mark.parametrize("fmt", ["stix", "csv", "rpz"])
def test_a_large_feed_is_sent_in_pieces_plain_and_packed(
    client: Client, reader: Reader, fmt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        contribute(reader.institution, f"45.9.20.{number}")
    publish()
    whole = get(client, reader, f"/feeds/{fmt}")
    monkeypatch.setattr("sharing.feeds.answers.SMALL", 0)
    monkeypatch.setattr("sharing.feeds.bodies.PIECE", 100)
    streamed = get(client, reader, f"/feeds/{fmt}")
    packed = get(client, reader, f"/feeds/{fmt}", **{"accept-encoding": "gzip"})
    assert b"".join(streamed.streaming_content) == whole.content
    content = b"".join(packed.streaming_content)
    assert gzip.decompress(content) == whole.content
    assert (int(streamed["Content-Length"]), int(packed["Content-Length"])) == (len(whole.content), len(content))
    head = client.head(f"/feeds/{fmt}", headers={**reader.headers, "accept-encoding": "gzip"})
    assert (head["Content-Length"], head["ETag"]) == (packed["Content-Length"], packed["ETag"])


@pytest.fixture
def somebody_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another request holds the lock of every feed."""

    @contextmanager
    def taken(number: int, *, wait: bool = True) -> Iterator[bool]:
        del number
        yield wait

    monkeypatch.setattr(services, "held", taken)


def changed(client: Client, reader: Reader, fmt: str) -> bytes:
    """A feed that was read, and then changed; what was read."""
    contribute(make_institution("Ailleurs"), "45.9.20.7")
    publish()
    before: bytes = get(client, reader, f"/feeds/{fmt}").content
    contribute(Institution.objects.get(name="Ailleurs"), "45.9.20.8")
    publish()
    return before


@pytest.mark.parametrize("fmt", ["stix", "text"])
@pytest.mark.usefixtures("somebody_builds")
def test_the_last_one_is_served_while_somebody_writes_the_next(client: Client, reader: Reader, fmt: str) -> None:
    assert get(client, reader, f"/feeds/{fmt}").status_code == 200
    before = changed(client, reader, fmt)
    assert get(client, reader, f"/feeds/{fmt}").content == before


@pytest.mark.parametrize("fmt", ["stix", "text"])
@pytest.mark.usefixtures("somebody_builds")
def test_a_change_is_missing_for_a_minute_at_most(client: Client, reader: Reader, fmt: str) -> None:
    before = changed(client, reader, fmt)
    with time_machine.travel(clock.now() + timedelta(seconds=services.STALE + 1), tick=False):
        assert get(client, reader, f"/feeds/{fmt}").content != before


@pytest.mark.parametrize("fmt", ["stix", "text"])
@pytest.mark.usefixtures("somebody_builds")
def test_what_may_no_longer_be_read_is_not_served_while_somebody_writes(
    client: Client, reader: Reader, fmt: str
) -> None:
    """The institution was approved again: older withdrawals are no longer told, and nothing older is served."""
    before = changed(client, reader, fmt)
    Institution.objects.filter(pk=reader.institution.pk).update(approved_at=clock.now())
    assert get(client, reader, f"/feeds/{fmt}").content != before


def test_a_suspended_institution_reads_no_file(client: Client, reader: Reader) -> None:
    assert get(client, reader, "/feeds/stix").status_code == 200
    Institution.objects.filter(pk=reader.institution.pk).update(state=Institution.State.SUSPENDED)
    assert get(client, reader, "/feeds/stix").status_code == 401


def test_files_in_no_use_are_removed_after_a_while_and_no_others(client: Client, reader: Reader) -> None:
    contribute(reader.institution, "45.9.20.7")
    publish()
    get(client, reader, "/feeds/stix")
    get(client, reader, "/feeds/csv")
    kept = {path.name for path in blobs.folder().iterdir()}
    left = blobs.write([b"nobody's"])
    young = blobs.write([b"somebody's, in a moment"])
    for name in {*kept, left.name}:
        os.utime(blobs.folder() / name, (0, 0))
    building.tidy()
    found = {path.name for path in blobs.folder().iterdir()}
    assert left.name not in found
    assert young.name in found
    assert {blob for state in ViewFiles.objects.all() for *_, blob, _size in state.segments} <= found
    assert get(client, reader, "/feeds/csv").status_code == 200


@pytest.mark.parametrize("query", ["", "?type=ipv4"])
def test_who_joins_a_circle_is_not_told_what_was_taken_back_there_before(
    client: Client, reader: Reader, query: str
) -> None:
    circle = Circle.objects.create(name="Incident")
    member, stays = make_institution("INP Mériane"), make_reader("Université Haute-Ardoise")
    for institution in (member, stays.institution):
        join_circle(circle, institution, actor=PLATFORM)
    publish()
    statement = contribute(member, "45.9.20.7", audience="circle", circle=circle)
    publish()
    withdraw(statement)
    publish()
    assert b"45.9.20.7" in get(client, stays, f"/feeds/stix{query}").content
    join_circle(circle, reader.institution, actor=PLATFORM)
    publish()
    assert b"45.9.20.7" not in get(client, reader, f"/feeds/stix{query}").content
