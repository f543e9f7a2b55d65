"""Mails as they were sent (RFC 5322, `.eml`): who sent them and from where, what they link to and carry. Pure.

Mails and archives within the mail are not opened.
"""

from __future__ import annotations

import re
from typing import ClassVar

from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, file_readers
from ingestion.readers.gathering import TEXT_MAX
from ingestion.readers.letters import File, Letter, opened
from ingestion.readers.mime import Part, check_lines, fields_of, parts_of

_FIRST = re.compile(
    rb"(?:From \S[^\n]*\n)?(?:Received|Return-Path|Delivered-To|MIME-Version|Message-ID|From|DKIM-Signature|Date|"
    rb"Subject|To|Authentication-Results|X-[\w-]{1,60}|ARC-[\w-]{1,40}):",
    re.IGNORECASE,
)
_FROM = re.compile(rb"^From:", re.IGNORECASE | re.MULTILINE)
_SECOND = re.compile(rb"^(?:Received|Message-ID|MIME-Version|Return-Path):", re.IGNORECASE | re.MULTILINE)
_ATTENDEE = re.compile(r"^ATTENDEE\b[^\r\n]*?mailto:([^\r\n;]{1,320})", re.IGNORECASE | re.MULTILINE)


class Eml(FileReader):
    """One mail a file."""

    name: ClassVar[str] = "eml"
    media_types: ClassVar[tuple[str, ...]] = ("message/rfc822",)
    suffixes: ClassVar[tuple[str, ...]] = (".eml",)
    size_max: ClassVar[int] = 25 * MIB

    def is_mine(self, head: bytes) -> bool:
        """It begins with a header of a mail, and has those of a sender and of a machine."""
        return _FIRST.match(head) is not None and bool(_FROM.search(head) and _SECOND.search(head))

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Raises Refusal `not_a_mail`, `header_too_long`, `line_too_long`, `too_many_recipients`."""
        return opened(letter_of(source.read()), context)


def letter_of(data: bytes) -> Letter:
    """A mail of bytes. Raises Refusal `not_a_mail`, `header_too_long`, `line_too_long`."""
    check_lines(data)
    fields, start = fields_of(data)
    letter = Letter(fields=fields)
    left = TEXT_MAX * 4
    for part in parts_of(data, start):
        if part.cut is not None:
            letter.cuts.append((part.cut, part.line))
            continue
        left -= _take(part, letter, left)
    return letter


def _take(part: Part, letter: Letter, left: int) -> int:
    """Put a part where it belongs, and say how much text was in it."""
    media_type, name = part.media_type, part.file_name
    if media_type in {"message/rfc822", "message/global"} or media_type.startswith("multipart/"):
        letter.files.append(File(name, b"", part.line, digested=False))
        letter.silent.append(part.line)
        return 0
    is_text = media_type.startswith("text/")
    if name or part.attached or not is_text:
        picture = media_type.startswith("image/") and not part.attached
        letter.files.append(File(name, part.content(), part.line, shown=picture))
    if not is_text or left <= 0:
        return 0
    text = part.text(left)
    if media_type == "text/html":
        letter.pages.append((text, part.line))
    else:
        letter.texts.append((text, part.line))
        for match in _ATTENDEE.finditer(text):
            letter.to.add(match[1])
    return len(text)


file_readers.register(Eml())
