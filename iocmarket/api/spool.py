"""A request's body on its way in: read as it arrives, bounded in size and time, and kept beside the memory.

However a body is announced — with its length, with a wrong one, in chunks, compressed — it is read here and nowhere
else. It goes to a temporary file that has no name and is gone with the request.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType

from iocmarket.api.bodies import codec_named, refuse_nul, text_of
from iocmarket.api.problems import Problem

PIECE = 64 * 1024
IN_MEMORY = 1024 * 1024
"""Bytes of a body that are kept in memory; what is longer goes to the file."""
SMALL = 64 * 1024
GRACE = 10.0
"""Seconds that every body may take."""
SLOWEST = 256 * 1024
"""Bytes a second that a longer one must make, on the whole."""
LARGE_AT_ONCE = 2
"""Large bodies that one process receives at the same time: it has four threads, and others must be served."""
WAIT_FOR_PLACE = 1.0
_places = threading.BoundedSemaphore(LARGE_AT_ONCE)


@dataclass(slots=True)
class Body:
    """A received body. `digest` is the SHA-256 of what it says, uncompressed."""

    media_type: str
    charset: str
    size: int
    digest: bytes
    file: IO[bytes]
    version: str = ""
    """The media type's parameter `version`; empty without it."""

    def read(self) -> bytes:
        """All of it."""
        self.file.seek(0)
        return self.file.read()

    def lines(self) -> Iterator[str]:
        """Its lines with their ends. Raises Problem 400 or 415 for what is no text, at the latest at the fault."""
        if self.size <= IN_MEMORY:
            return iter(io.StringIO(text_of(self.read(), charset=self.charset), newline=""))
        return self._streamed()

    def _streamed(self) -> Iterator[str]:
        codec = codec_named(self.charset) if self.charset else self._guessed()
        self.file.seek(0)
        number = 0
        reader = io.TextIOWrapper(self.file, encoding=codec, newline="")
        try:
            for number, line in enumerate(reader, start=1):
                refuse_nul(line, number)
                yield line
        except UnicodeDecodeError as error:
            detail = f"the body is not {error.encoding} text: {error.reason}"
            raise Problem(400, "not_text", detail, where=f"line {number + 1}") from error
        finally:
            reader.detach()

    def _guessed(self) -> str:
        """By its mark, else UTF-8 when all of it is, else Windows-1252 (see bodies.text_of)."""
        self.file.seek(0)
        start = self.file.read(2)
        if start in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            return "utf-16"
        decoder = codecs.getincrementaldecoder("utf-8")()
        self.file.seek(0)
        try:
            while piece := self.file.read(PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
        return "utf-8-sig"


@contextmanager
def spooled(request: HttpRequest, *, media_types: frozenset[str]) -> Iterator[Body]:
    """The body of a request. Raises Problem 400, 408, 413, 415 or 429, UnsupportedMediaType for another type."""
    announced = announced_length(request)
    if announced == 0:
        raise Problem(422, "nothing_sent", "the body is empty", where="/")
    media_type, parameters = parse_header_parameters(request.META.get("CONTENT_TYPE", ""))
    media_type = str(media_type).lower()
    if media_type not in media_types:
        raise UnsupportedMediaType(request.META.get("CONTENT_TYPE", ""))
    unpack = _unpacker(request)
    with place_for(announced), SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        digest = hashlib.sha256()
        size = 0
        arriving = pieces_of(request, announced, most=settings.BULK_MAX_BYTES)
        if announced is not None and announced > settings.BULK_MAX_BYTES:
            _let_finish(arriving)
            raise _too_large()
        for piece in unpack(arriving):
            size += len(piece)
            if size > settings.BULK_MAX_BYTES:
                _let_finish(arriving)
                raise _too_large()
            digest.update(piece)
            file.write(piece)
        charset, version = (str(parameters.get(name, "")) for name in ("charset", "version"))
        yield Body(media_type, charset, size, digest.digest(), cast("IO[bytes]", file), version)


def _let_finish(arriving: Iterator[bytes]) -> None:
    """Let a client that sends too much come to its end, if that is near: only then does it read why it is refused."""
    left = settings.BULK_MAX_BYTES
    for piece in arriving:
        left -= len(piece)
        if left < 0:
            return


def announced_length(request: HttpRequest) -> int | None:
    """The length that was announced; None when it is not known before the end."""
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    text = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(text) if text.isdigit() else 0


@contextmanager
def place_for(announced: int | None) -> Iterator[None]:
    """A place among the large bodies of this process; small ones need none."""
    if announced is not None and announced <= SMALL:
        yield
        return
    if not _places.acquire(timeout=WAIT_FOR_PLACE):
        raise Problem(429, "busy", "several large bodies are being received; try again in a moment", wait=5)
    try:
        yield
    finally:
        _places.release()


def pieces_of(request: HttpRequest, announced: int | None, *, most: int) -> Iterator[bytes]:
    """The body as it comes. Raises Problem 408 when it does not come in time, 400 when it ends too early.

    `most`: the bytes for which time is given when no length was announced.
    """
    stream: Any = request.META["wsgi.input"] if announced is None else request
    patience = GRACE + (most if announced is None else announced) / SLOWEST
    left = announced
    with _until(request.META.get("gunicorn.socket"), patience) as late:
        while left is None or left > 0:
            try:
                piece = stream.read(PIECE if left is None else min(PIECE, left))
            except (OSError, ValueError) as error:
                raise _broken_off(late) from error
            except Exception as error:
                # gunicorn's own exceptions for chunks that are none; they have no common name outside of it.
                if type(error).__module__.startswith("gunicorn"):
                    raise _broken_off(late) from error
                raise
            if not piece:
                if left or late.is_set():
                    raise _broken_off(late)
                return
            left = None if left is None else left - len(piece)
            yield piece


def _broken_off(late: threading.Event) -> Problem:
    if late.is_set():
        return Problem(408, "too_slow", "the body did not arrive in time")
    return Problem(400, "body_incomplete", "the body ended before its announced length")


@contextmanager
def _until(connection: socket.socket | None, seconds: float) -> Iterator[threading.Event]:
    """Stop listening to the client after so long: a read that waits for it then ends."""
    late = threading.Event()
    if connection is None:  # not under gunicorn: a test, whose body is there already
        yield late
        return

    def stop() -> None:
        late.set()
        try:
            connection.shutdown(socket.SHUT_RD)
        except OSError:
            late.set()  # it hung up itself

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _unpacker(request: HttpRequest) -> Any:
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding in {"", "identity"}:
        return lambda pieces: pieces
    if coding in {"gzip", "x-gzip"}:
        return _gunzipped
    detail = f"Content-Encoding {coding[:40]!r} is not supported: send the body as it is, or with gzip"
    raise Problem(415, "unsupported_encoding", detail, where="Content-Encoding")


def _gunzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """RFC 1952, one member after the other, never more than PIECE at a time. Raises Problem 400."""
    member = None
    for piece in pieces:
        rest = piece
        while rest:
            member = member or zlib.decompressobj(wbits=31)
            try:
                data = member.decompress(rest, PIECE)
            except zlib.error as error:
                raise Problem(400, "not_gzip", f"the body is not gzip: {error}", where="Content-Encoding") from error
            if data:
                yield data
            if member.eof:
                rest, member = member.unused_data, None
            else:
                rest = member.unconsumed_tail
    if member is not None:
        tail = member.flush()
        if tail:
            yield tail
        if not member.eof:
            raise Problem(400, "truncated_gzip", "the compressed body breaks off", where="Content-Encoding")


def _too_large() -> Problem:
    return Problem(413, "body_too_large", f"the body is longer than {settings.BULK_MAX_BYTES} bytes")
