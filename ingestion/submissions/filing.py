"""A file on this machine as a body of the API: what format it has, said or found out, and the bounds of every body."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePath
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from django.conf import settings

from ingestion.readers.base import row_readers
from ingestion.readers.files import file_readers
from ingestion.submissions.receiving import FORMAT, HEAD, JSON, TEXT, row_reader_of
from iocmarket.api.problems import Problem
from iocmarket.api.spool import IN_MEMORY, PIECE, Body
from iocmarket.kernel.decision import Refusal

_OURS = re.compile(rb'(?:\xef\xbb\xbf)?\s*+\{\s*+(?:\}|"(?:indicators|text|defaults|report)"\s*+:)')
"""How the API's own document begins; any other JSON is of a tool."""


def formats() -> list[str]:
    """The words of `--format`: the readers, `text`; `json` is also the API's own document."""
    return sorted({"json", "text", *(reader.name for reader in (*row_readers, *file_readers))})


def guessed(name: str, head: bytes) -> str:
    """The format of a file by its name, else by how it begins, else text."""
    suffix = PurePath(name).suffix.lower()
    if (rows := row_reader_of(suffix)) is not None:
        return rows.name
    named = next((reader.name for reader in file_readers if suffix in reader.suffixes), None)
    begun = next((reader.name for reader in file_readers if reader.is_mine(head)), None)
    return named or begun or ("json" if suffix == ".json" else "text")


def body_of(source: IO[bytes], *, name: str, wanted: str = "") -> tuple[Body, dict[str, str]]:
    """A body with all that can be read from `source`, and what has to be said with it (`format`, or nothing).

    `name` is the file's, `wanted` the format that somebody named. Raises Refusal(`unknown_format`), Problem(413).
    """
    if wanted and wanted not in formats():
        raise Refusal("unknown_format", f"{wanted[:60]!r} is no format; one of {', '.join(formats())}")
    file, size, digest = _spooled(source)
    head = file.read(HEAD)
    file.seek(0)
    media_type, said = announced(wanted or guessed(name, head), head)
    return Body(media_type, "", size, digest, file), said


def announced(name: str, head: bytes) -> tuple[str, dict[str, str]]:
    """The media type in which a format comes, and what has to be said with it."""
    if name == "text" or (name == "json" and _OURS.match(head) is not None):
        return (JSON if name == "json" else TEXT), {}
    if (reader := file_readers.get(name)) is not None:
        return (*reader.media_types, *reader.carriers)[0], {FORMAT: name}
    return row_readers[name].media_types[0], {}


def _spooled(source: IO[bytes]) -> tuple[IO[bytes], int, bytes]:
    """A copy that can be read again, its size and SHA-256: what comes through a pipe can be read once."""
    file = cast("IO[bytes]", SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 (the body keeps it)
    digest, size = hashlib.sha256(), 0
    while piece := source.read(PIECE):
        size += len(piece)
        if size > settings.BULK_MAX_BYTES:
            raise Problem(413, "body_too_large", f"the file is longer than {settings.BULK_MAX_BYTES} bytes")
        digest.update(piece)
        file.write(piece)
    file.seek(0)
    return file, size, digest.digest()
