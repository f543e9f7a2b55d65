"""Which coding a client is sent, and parts that were compressed apart as one content."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import zstandard
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from sharing.feeds import blobs, bodies, segments
from sharing.feeds.bodies import Body
from sharing.feeds.codings import Coding, coded, coding_for
from sharing.feeds.frames import LAST_BLOCK, blocks, head, stored
from tests.factories import Reader, contribute, make_institution, make_reader, publish, withdraw

ASKED = [
    ("", Coding.IDENTITY),
    ("identity", Coding.IDENTITY),
    ("br", Coding.IDENTITY),
    ("gzip", Coding.GZIP),
    ("x-gzip", Coding.GZIP),
    ("GZIP", Coding.GZIP),
    ("gzip, deflate, br, zstd", Coding.ZSTD),
    ("zstd, gzip;q=0.8", Coding.ZSTD),
    ("zstd;q=0.2, gzip;q=0.8", Coding.GZIP),
    ("zstd;q=0, gzip", Coding.GZIP),
    ("gzip ; q=0.001", Coding.GZIP),
    ("*", Coding.GZIP),
    ("*;q=0.5, gzip;q=0", Coding.IDENTITY),
    ("gzip;q=0", Coding.IDENTITY),
    ("gzip;q=2", Coding.IDENTITY),
    ("gzip;q=0.5, identity;q=0.9", Coding.IDENTITY),
    ("gzip;q=0.5, identity;q=0", Coding.GZIP),
    ("zstd, identity;q=0", Coding.ZSTD),
    ("zstd, *;q=0", Coding.ZSTD),
    ("identity;q=0", None),
    ("br, identity;q=0", None),
    ("*;q=0", None),
    ("*;q=0, identity;q=0.1", Coding.IDENTITY),
]


@pytest.mark.parametrize(("header", "wanted"), ASKED, ids=[header or "none" for header, _wanted in ASKED])
def test_the_coding_is_the_one_that_the_client_likes_best(header: str, wanted: Coding | None) -> None:
    assert coding_for(header) == wanted


def unframed(content: bytes) -> bytes:
    """All frames."""
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 23).stream_reader(content, read_across_frames=True)
    return reader.read()


@settings(max_examples=40)
@given(st.binary(max_size=300), st.binary(max_size=3000), st.binary(max_size=300), st.integers(1, 999))
def test_small_parts_and_a_file_are_one_frame_that_says_its_length(
    before: bytes, text: bytes, after: bytes, piece: int
) -> None:
    text *= 50
    made = b"".join((stored(before), *blocks(io.BytesIO(text), piece=piece * 200), stored(after), LAST_BLOCK))
    whole = before + text + after
    frame = head(len(whole)) + made
    assert zstandard.get_frame_parameters(frame).content_size == len(whole)
    assert zstandard.ZstdDecompressor().decompress(frame) == whole  # the library reads one frame, and takes its word


def test_a_part_longer_than_a_block_is_several() -> None:
    text = bytes(range(256)) * 2000
    assert zstandard.ZstdDecompressor().decompress(head(len(text)) + stored(text) + LAST_BLOCK) == text


def test_the_window_is_one_that_every_client_has() -> None:
    """RFC 9659: eight megabytes at most."""
    assert zstandard.get_frame_parameters(head(5)).window_size <= 1 << 23


@pytest.mark.parametrize("coding", list(Coding))
def test_what_is_made_while_it_is_sent_is_coded_too(coding: Coding) -> None:
    parts = [b"", b"evil-cas.fr\n" * 5000, b"", b"45.9.20.1\n"]
    read = {Coding.ZSTD: unframed, Coding.GZIP: gzip.decompress, Coding.IDENTITY: bytes}[coding]
    assert read(b"".join(coded(iter(parts), coding))) == b"".join(parts)


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


def get(reader: Reader, path: str, accept: str = "", **headers: str) -> Any:
    return Client().get(path, headers={**reader.headers, "Accept-Encoding": accept, **headers})


@pytest.mark.django_db
@pytest.mark.parametrize("fmt", ["stix", "csv", "rpz", "text", "json"])
def test_a_feed_in_zstandard_is_the_feed_and_has_a_tag_of_its_own(reader: Reader, fmt: str) -> None:
    meriane = make_institution()
    for number in range(20):
        contribute(meriane, f"45.9.20.{number}")
    publish()
    path, plain = f"/feeds/{fmt}", get(reader, f"/feeds/{fmt}")
    answers = {accept: get(reader, path, accept) for accept in ("gzip", "zstd")}
    packed = answers["zstd"]
    assert (packed["Content-Encoding"], unframed(packed.content)) == ("zstd", plain.content)
    assert int(packed["Content-Length"]) == len(packed.content)
    assert len({plain["ETag"], *(answer["ETag"] for answer in answers.values())}) == 3
    assert "Accept-Encoding" in packed["Vary"]
    for accept, answer in answers.items():
        same = get(reader, path, "zstd", **{"If-None-Match": answer["ETag"]})
        assert (same.status_code, same["ETag"]) == (304, packed["ETag"]), accept
    if fmt != "stix":  # one file, one frame: clients that know of no second one read everything
        assert zstandard.ZstdDecompressor().decompress(packed.content) == plain.content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/feeds/csv", "/feeds/stix"])
def test_an_empty_feed_can_be_read_in_every_coding(reader: Reader, path: str) -> None:
    publish()
    assert unframed(get(reader, path, "zstd").content) == get(reader, path).content


@pytest.mark.django_db
def test_several_files_are_a_frame_each(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SIZE", 4)
    monkeypatch.setattr("sharing.feeds.answers.SMALL", 0)
    said = [contribute(reader.institution, f"45.9.20.{number}") for number in range(30)]
    publish()
    withdraw(said[7])
    publish()
    whole = b"".join(get(reader, "/feeds/stix").streaming_content)
    answer = get(reader, "/feeds/stix", "zstd")
    packed = b"".join(answer.streaming_content)
    assert packed.count(head(0)[:6]) > 5
    assert (unframed(packed), int(answer["Content-Length"])) == (whole, len(packed))
    parts = [get(reader, "/feeds/stix", "zstd", Range=f"bytes={a}-{b - 1}") for a, b in _cuts(len(packed), 331)]
    assert b"".join(b"".join(part) for part in parts) == packed


def _cuts(length: int, step: int) -> Iterator[tuple[int, int]]:
    yield from pairwise([*range(0, length, step), length])


@pytest.mark.django_db
def test_a_compressed_form_is_made_once_and_goes_with_its_file(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    contribute(reader.institution, "45.9.20.7")
    publish()
    assert get(reader, "/feeds/csv").status_code == 200
    before = {path.name for path in blobs.folder().iterdir()}
    assert get(reader, "/feeds/csv", "zstd").status_code == 200
    made = {path.name for path in blobs.folder().iterdir()} - before
    assert [name.rpartition(".")[2] for name in made] == ["zst"]
    monkeypatch.setattr("sharing.feeds.squeezed.frames.blocks", None)
    assert get(reader, "/feeds/csv", "zstd").status_code == 200
    blobs.sweep(set(), now=2**40)
    assert not [path for path in blobs.folder().iterdir() if not path.name.startswith(".")]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/feeds/csv", "/feeds/misp/manifest.json"])
def test_who_takes_no_coding_that_there_is_is_told_so(reader: Reader, path: str) -> None:
    publish()
    answer = get(reader, path, "br, identity;q=0")
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    tag = get(reader, path)["ETag"]
    assert get(reader, path, "*;q=0", **{"If-None-Match": tag}).status_code == 406


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["manifest.json", "hashes.csv"])
def test_the_files_of_a_misp_feed_are_coded_too(reader: Reader, name: str) -> None:
    contribute(make_institution(), "45.9.20.7")
    publish()
    path = f"/feeds/misp/{name}"
    plain = get(reader, path)
    text, tags = b"".join(plain.streaming_content), {plain["ETag"]}
    for accept, read in (("zstd", unframed), ("gzip", gzip.decompress)):
        answer = get(reader, path, accept)
        assert (answer["Content-Encoding"], read(b"".join(answer.streaming_content))) == (accept, text)
        assert get(reader, path, **{"If-None-Match": answer["ETag"]}).status_code == 304
        tags.add(answer["ETag"])
    assert len(tags) == 3


def test_a_file_that_vanished_closes_what_was_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PIECE", 10)
    here, gone = blobs.write([b"here" * 99]), blobs.Blob("0" * 40, 5)
    with pytest.raises(FileNotFoundError):
        Body([here, gone], Coding.ZSTD)
    body = Body([b"<", here, b">"], Coding.ZSTD)
    assert unframed(b"".join(body)) == b"<" + b"here" * 99 + b">"
