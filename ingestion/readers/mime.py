"""The parts of a mail, without ever holding more than the mail itself: places in its bytes, read when asked for. Pure.

Headers are read by the standard library, bodies are found here: its parser holds every line of every level, and its
time grows with the depth times the size. Mails are written by attackers: whatever is broken is read as far as it goes.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import HeaderParser

from ingestion.readers.base import decoded
from iocmarket.kernel.decision import Refusal

DEPTH_MAX = 50
PARTS_MAX = 500
HEADERS_MAX = 256 * 1024
"""Bytes of the headers of a mail; those of a part are cut there."""
LINE_MAX = 1024 * 1024
"""Bytes of the longest line: RFC 5322 section 2.1.1 allows 998, programs that export mails do not keep to it."""
VALUE_MAX = 16 * 1024
"""Characters of a header that are looked at; what names recipients is looked at as a whole."""
_FOLD = re.compile(r"\r?\n[ \t]*")
_BLANK = re.compile(rb"\r?\n\r?\n|\r\r")
_FIELD = re.compile(rb"^([!-9;-~]{1,80}):", re.MULTILINE)
_CHARSETS = re.compile(r"utf|iso|cp|windows|koi8|gb|big5|euc|shift|mac|latin|hz|tis|johab|kz1048|ptcp154")
"""Encodings of people. Python knows others, some of which take quadratic time (punycode), or are no encodings."""


@dataclass(frozen=True, slots=True)
class Field:
    """One header."""

    name: str
    """In lower case."""
    value: str
    """Decoded and unfolded."""
    line: int


@dataclass(slots=True)
class Part:
    """A part that holds no others."""

    headers: Message
    data: bytes = field(repr=False)
    """The whole mail."""
    start: int
    end: int
    line: int
    """On which its body begins, the first being 1."""
    cut: Refusal | None = None
    """Why what it holds is not looked at."""

    @property
    def media_type(self) -> str:
        return self.headers.get_content_type()

    @property
    def file_name(self) -> str:
        """Its name, decoded; empty without any."""
        try:
            name = self.headers.get_filename() or ""
        except (ValueError, TypeError, LookupError, UnicodeError):
            return ""
        return words(name)[:VALUE_MAX].strip()

    @property
    def attached(self) -> bool:
        """Whether it says that it is a file of its own, not one that is shown within the mail."""
        return str(self.headers.get("content-disposition", "")).strip().lower().startswith("attachment")

    def content(self) -> bytes:
        """What it holds, its transfer encoding undone (RFC 2045 section 6), as far as it can be."""
        body = self.data[self.start : self.end]
        coding = str(self.headers.get("content-transfer-encoding", "")).strip().lower()
        if coding == "base64":
            return _base64(body)
        return binascii.a2b_qp(body) if coding == "quoted-printable" else body

    def text(self, limit: int) -> str:
        """Its text, no more than about that many characters."""
        return text_of(self.content()[: limit * 4], str(self.headers.get_param("charset", "") or ""))[:limit]


def _base64(body: bytes) -> bytes:
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def text_of(data: bytes, charset: str) -> str:
    """Text in an encoding that may be wrongly stated, or not at all."""
    name = charset.strip().strip("'\"").lower()
    if _CHARSETS.match(name) is None or name in {"utf-8", "utf8"}:
        return decoded(data)
    try:
        return data.decode(codecs.lookup(name).name, "replace")
    except (LookupError, ValueError):
        return decoded(data)


def words(value: str) -> str:
    """A header as people read it (RFC 2047), on one line, its stretches of blanks being one blank each."""
    return " ".join(_decoded(value).split())


def _decoded(value: str) -> str:
    value = _FOLD.sub(" ", value)
    value = decoded(value.encode("ascii", "surrogateescape")) if not value.isascii() and _raw(value) else value
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(
        piece if isinstance(piece, str) else text_of(piece, charset or "us-ascii") for piece, charset in pieces
    )


def _raw(value: str) -> bool:
    return all(letter < "\x80" or "\udc80" <= letter <= "\udcff" for letter in value)


def headers_of(data: bytes, start: int, end: int) -> tuple[Message, int]:
    """The headers that begin there, and where the body does."""
    if data[start : start + 1] in {b"\n", b"\r"}:
        return Message(), start + (2 if data.startswith(b"\r\n", start) else 1)
    blank = _BLANK.search(data, start, end)
    stop, body = (end, end) if blank is None else (blank.start(), blank.end())
    if blank is None and _FIELD.match(data, start, end) is None:
        return Message(), start
    head = data[start : min(stop, start + HEADERS_MAX)].decode("ascii", "surrogateescape")
    return HeaderParser().parsestr(head), body


def fields_of(data: bytes) -> tuple[list[Field], int]:
    """The headers of a mail in their order, each with its line, and where its body begins.

    Raises Refusal `not_a_mail`, `header_too_long`.
    """
    start = 0
    while data[start : start + 1] in {b"\n", b"\r", b"\xef", b"\xbb", b"\xbf"}:
        start += 1
    if data.startswith((b"From ", b">From "), start):  # of an mbox
        start = data.find(b"\n", start) + 1
    blank = _BLANK.search(data, start)
    stop = len(data) if blank is None else blank.start()
    if stop - start > HEADERS_MAX:
        raise Refusal("header_too_long", f"the headers of a mail have at most {HEADERS_MAX} bytes", where="line 1")
    message, _body = headers_of(data, start, len(data))
    places = [data.count(b"\n", 0, match.start()) + 1 for match in _FIELD.finditer(data, start, stop)]
    raw = [(name.lower(), str(value)) for name, value in message.raw_items()]
    if not {name for name, _value in raw} & {"from", "received", "return-path", "subject", "message-id"}:
        raise Refusal("not_a_mail", "a mail begins with headers such as From, Subject, Received", where="line 1")
    lines = places if len(places) == len(raw) else [1] * len(raw)
    return [Field(name, words(value), line) for (name, value), line in zip(raw, lines, strict=True)], start


def check_lines(data: bytes) -> None:
    """Raises Refusal `line_too_long`."""
    position, number = 0, 1
    while position < len(data):
        end = data.find(b"\n", position, position + LINE_MAX + 1)
        if end < 0:
            if len(data) - position > LINE_MAX:
                raise Refusal("line_too_long", f"a line of a mail has at most {LINE_MAX} bytes", where=f"line {number}")
            return
        position, number = end + 1, number + 1


def parts_of(data: bytes, start: int) -> Iterator[Part]:
    """The parts that hold no others, in their order; those that are cut say so."""
    counted, line = 0, 1
    waiting = [(start, len(data), 0)]
    told = 0
    while waiting:
        begin, end, depth = waiting.pop()
        headers, body = headers_of(data, begin, end)
        line, counted = line + data.count(b"\n", counted, body), body
        part = Part(headers, data, body, end, line)
        told += 1
        inner = _inner(part) if headers.get_content_maintype() == "multipart" else []
        if told > PARTS_MAX:
            part.cut = Refusal("too_many_parts", f"of a mail {PARTS_MAX} parts are looked at")
        elif inner and depth >= DEPTH_MAX:
            part.cut = Refusal("too_deep", f"of a mail {DEPTH_MAX} levels are looked at")
        elif inner:
            waiting += [(first, last, depth + 1) for first, last in reversed(inner)]
            continue
        yield part
        if told > PARTS_MAX:
            return


def _inner(part: Part) -> list[tuple[int, int]]:
    """Where the parts within a part begin and end; none when its boundary is not there (RFC 2046 section 5.1.1)."""
    try:
        boundary = part.headers.get_boundary() or ""
    except (ValueError, TypeError, LookupError, UnicodeError):
        return []
    sign = b"--" + boundary.encode("utf-8", "surrogateescape").rstrip()
    if not boundary.strip():
        return []
    found: list[tuple[int, int]] = []
    begin: int | None = None
    position = part.start
    while len(found) <= PARTS_MAX and (position := part.data.find(sign, position, part.end)) >= 0:
        after = position + len(sign)
        closing = part.data.startswith(b"--", after)
        if _is_boundary(part, position, after + 2 * closing):
            if begin is not None:
                found.append((begin, max(begin, position - 1)))
            line_end = part.data.find(b"\n", after, part.end)
            begin = None if closing or line_end < 0 else line_end + 1
            if begin is None:
                return found
        position = after
    if begin is not None:
        found.append((begin, part.end))
    return found


def _is_boundary(part: Part, position: int, after: int) -> bool:
    at_start = position == part.start or part.data[position - 1 : position] == b"\n"
    rest = part.data[after : min(after + 80, part.end)]
    return at_start and rest[:1] in {b"", b"\n", b"\r", b" ", b"\t"}
