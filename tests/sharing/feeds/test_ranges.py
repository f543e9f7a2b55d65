"""One range of a feed's bytes, for transfers that are continued (RFC 9110 section 14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from tests.factories import Reader, contribute, make_institution, make_reader, publish

pytestmark = pytest.mark.django_db
PATH = "/feeds/text"


@pytest.fixture(autouse=True)
def _stopped_clock() -> Iterator[None]:
    with time_machine.travel("2026-11-20T09:30:00Z", tick=False):
        yield


@pytest.fixture
def reader() -> Reader:
    made, meriane = make_reader("Université de Valbrune"), make_institution()
    for number in range(9):
        contribute(meriane, f"45.9.20.{number}")
    publish()
    return made


def get(reader: Reader, **headers: str) -> Any:
    return Client().get(PATH, headers={**reader.headers, **headers})


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
def test_the_parts_of_a_feed_are_the_feed(reader: Reader, coding: str) -> None:
    accept = {"Accept-Encoding": coding}
    whole = get(reader, **accept)
    assert (whole.status_code, whole["Accept-Ranges"]) == (200, "bytes")
    length, parts = len(whole.content), b""
    for start in range(0, length, 17):
        part = get(reader, **accept, Range=f"bytes={start}-{start + 16}", **{"If-Range": whole["ETag"]})
        last = min(start + 16, length - 1)
        assert (part.status_code, part["Content-Range"]) == (206, f"bytes {start}-{last}/{length}")
        assert int(part["Content-Length"]) == len(part.content)
        parts += part.content
    assert parts == whole.content


def test_an_open_end_and_the_last_bytes(reader: Reader) -> None:
    whole = get(reader).content
    assert get(reader, Range="bytes=5-").content == whole[5:]
    assert get(reader, Range="bytes=-7").content == whole[-7:]
    assert get(reader, Range="bytes=-999999").content == whole


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=0-1", "bytes=-", "bytes=a-b", ""])
def test_what_is_not_one_range_of_bytes_gets_the_whole(reader: Reader, asked: str) -> None:
    assert get(reader, Range=asked).status_code == 200


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=5-4", "bytes=-0"])
def test_what_lies_nowhere_is_told_so(reader: Reader, asked: str) -> None:
    answer = get(reader, Range=asked)
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer["Content-Range"] == f"bytes */{len(get(reader).content)}"


def test_what_has_changed_meanwhile_is_sent_whole(reader: Reader) -> None:
    first = get(reader)
    going_on = {"Range": "bytes=5-"}
    assert get(reader, **going_on, **{"If-Range": first["Last-Modified"]}).status_code == 206
    contribute(make_institution(), "evil-cas.fr", type_name="domain")
    publish()
    for condition in (first["ETag"], first["Last-Modified"], f"W/{first['ETag']}", "Thu, 01 Jan 2099 00:00:00 GMT"):
        # The clock stands still: both contents bear the same date.
        assert get(reader, **going_on, **{"If-Range": condition}).status_code == 200, condition
    assert get(reader, **going_on, **{"If-Range": get(reader)["ETag"]}).status_code == 206
