"""`/feeds/p/<profile>/changes`: what came and went between two contents, for whoever has the first of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from sharing.feeds import blobs, building
from sharing.feeds.state import give_up
from sharing.profiles import snapshots
from sharing.profiles.models import FeedSnapshot
from sharing.profiles.services import create_profile
from tests.factories import Reader, contribute, make_institution, make_reader, publish, withdraw

PATH = "/feeds/p/bloque"


def pull(reader: Reader, path: str) -> Any:
    return Client().get(path, headers=reader.headers)


@pytest.fixture
def reader(db: None) -> Reader:
    made = make_reader("Université de Valbrune")
    options = {"comments": "no"}
    create_profile(made.institution, name="bloque", format="text", options=options, actor=PLATFORM)
    return made


def test_what_came_and_went_since(reader: Reader) -> None:
    meriane = make_institution()
    gone = contribute(meriane, "45.9.20.7")
    contribute(meriane, "45.9.20.8")
    publish()
    first = pull(reader, f"{PATH}.txt")
    serial = int(first["X-IOC-Serial"])
    assert pull(reader, f"{PATH}/changes?after={serial}").json() == {
        "profile": "bloque", "format": "text", "after": serial, "serial": serial, "removed": [], "added": [],
    }  # fmt: skip
    withdraw(gone)
    contribute(meriane, "evil-cas.fr", type_name="domain")
    publish()
    told = pull(reader, f"{PATH}/changes?after={serial}").json()
    assert (told["removed"], told["added"]) == (["45.9.20.7"], ["evil-cas.fr"])
    second = pull(reader, f"{PATH}.txt")
    assert int(second["X-IOC-Serial"]) == told["serial"] > serial
    lines = (set(first.content.decode().split()) - set(told["removed"])) | set(told["added"])
    assert lines == set(second.content.decode().split())


def test_a_serial_that_is_not_kept_is_a_410(reader: Reader) -> None:
    contribute(make_institution(), "45.9.20.7")
    publish()
    serial = int(pull(reader, f"{PATH}.txt")["X-IOC-Serial"])
    for after in (1, serial - 1, serial + 1):
        answer = pull(reader, f"{PATH}/changes?after={after}")
        assert (answer.status_code, answer.json()["code"]) == (410, "reset")
    for query in (
        "",
        "?after=",
        "?after=-1",
        "?after=x",
        f"?after={serial}&after={serial}",
        f"?after={serial}&type=ipv4",
    ):
        assert pull(reader, f"{PATH}/changes{query}").status_code == 400, query


def test_a_content_read_from_other_views_is_not_compared(reader: Reader) -> None:
    contribute(make_institution(), "45.9.20.7")
    publish()
    serial = int(pull(reader, f"{PATH}.txt")["X-IOC-Serial"])
    FeedSnapshot.objects.update(access=b"as if a circle had been left since")
    contribute(make_institution(), "45.9.20.8")
    publish()
    assert pull(reader, f"{PATH}/changes?after={serial}").status_code == 410


def test_another_ceiling_has_contents_of_its_own(reader: Reader) -> None:
    contribute(make_institution(), "45.9.20.7")
    publish()
    pull(reader, f"{PATH}.txt")
    held = FeedSnapshot.objects.get()
    FeedSnapshot.objects.filter(pk=held.pk).update(feed=b"of another token")
    assert pull(reader, f"{PATH}/changes?after={held.serial - 5}").status_code == 410


def test_whole_objects_have_no_lines(reader: Reader) -> None:
    create_profile(reader.institution, name="objets", format="stix", actor=PLATFORM)
    publish()
    assert pull(reader, "/feeds/p/objets.json").status_code == 200
    answer = pull(reader, "/feeds/p/objets/changes?after=1")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_lines")
    assert not FeedSnapshot.objects.exists()


def test_snapshots_keep_their_files_and_go_after_a_week(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    contribute(make_institution(), "45.9.20.7")
    publish()
    serial = int(pull(reader, f"{PATH}.txt")["X-IOC-Serial"])
    contribute(make_institution(), "45.9.20.8")
    publish()
    pull(reader, f"{PATH}.txt")
    give_up(timezone.now() + timedelta(days=1))  # nobody asked for the feed itself for long
    monkeypatch.setattr(blobs, "GRACE", -10.0)
    monkeypatch.setattr(building, "SWEEP_EVERY", -10.0)
    building.tidy()
    assert pull(reader, f"{PATH}/changes?after={serial}").json()["added"] == ["45.9.20.8"]
    FeedSnapshot.objects.update(made_at=clock.now() - snapshots.KEPT_FOR - timedelta(hours=1))
    building.tidy()
    assert pull(reader, f"{PATH}/changes?after={serial}").status_code == 410


def test_so_many_are_kept_and_no_more(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MOST", 3)
    meriane, serials = make_institution(), []
    for number in range(5):
        contribute(meriane, f"45.9.20.{number}")
        publish()
        serials.append(int(pull(reader, f"{PATH}.txt")["X-IOC-Serial"]))
    assert set(FeedSnapshot.objects.values_list("serial", flat=True)) == set(serials[-3:])
    monkeypatch.setattr(snapshots, "BYTES_MOST", 1)
    contribute(meriane, "45.9.20.9")
    publish()
    pull(reader, f"{PATH}.txt")
    assert FeedSnapshot.objects.count() == 2


def test_an_erasure_forgets_them(reader: Reader) -> None:
    contribute(make_institution(), "45.9.20.7")
    publish()
    pull(reader, f"{PATH}.txt")
    snapshots.forget()
    assert not FeedSnapshot.objects.exists()


LINES = st.lists(st.integers(0, 40), max_size=30, unique=True)


@given(old=LINES, new=LINES, ordered=st.booleans())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_the_difference_leads_from_the_one_to_the_other(
    old: list[int], new: list[int], ordered: bool, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    if ordered:
        old, new = sorted(old), sorted(new)
    before, after = ([blobs.write(f"{number}\n".encode() for number in side)] for side in (old, new))
    found = snapshots.difference(before, after)
    assert set(found.added) == {str(number) for number in set(new) - set(old)}
    assert set(found.removed) == {str(number) for number in set(old) - set(new)}
    assert len(found.added) == len(set(found.added))


def test_more_than_so_many_lines_is_too_much(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(snapshots, "LINES_MOST", 10)
    few, many = (blobs.write([b"".join(b"%d\n" % n for n in range(count))]) for count in (5, 16))
    with pytest.raises(snapshots.TooMuch):
        snapshots.difference([few], [many])
    assert len(snapshots.difference([few], [few]).added) == 0
