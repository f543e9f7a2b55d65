"""Mails as Outlook keeps them (`.msg`, [MS-OXMSG]): the few properties of them that matter here. Pure.

The container is read by olefile. The headers of the way, where Outlook has kept them, are read as those of any mail;
what they do not say is taken from the properties.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from io import BytesIO
from typing import ClassVar

import olefile

from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, file_readers
from ingestion.readers.letters import File, Letter, opened
from ingestion.readers.mime import HEADERS_MAX, Field, fields_of, text_of
from ingestion.readers.rtf import body_of
from iocmarket.kernel.decision import Refusal

FILES_MAX = 500
"""Attachments, and recipients, that are looked at."""
_SIGN = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NAME = "__substg1.0_".encode("utf-16-le")
# Properties by their number ([MS-OXPROPS]).
_SUBJECT, _HEADERS, _BODY, _HTML, _RTF, _MESSAGE_ID = 0x0037, 0x007D, 0x1000, 0x1013, 0x1009, 0x1035
_SENDERS = (0x5D01, 0x0C1F, 0x5D02, 0x0065)
_SENDER_NAME = 0x0C1A
_TO = (0x0E04, 0x0E03, 0x0E02, 0x0076, 0x5D07, 0x0040, 0x3FE3)
_RECIPIENT = (0x3003, 0x39FE, 0x3001, 0x5FF6)
_FILE_NAMES, _FILE = (0x3707, 0x3704, 0x3001), 0x3701
_TEXT, _TEXT8, _BINARY = "001F", "001E", "0102"


class Msg(FileReader):
    """One mail a file."""

    name: ClassVar[str] = "msg"
    media_types: ClassVar[tuple[str, ...]] = ("application/vnd.ms-outlook",)
    suffixes: ClassVar[tuple[str, ...]] = (".msg",)
    size_max: ClassVar[int] = 25 * MIB

    def is_mine(self, head: bytes) -> bool:
        """A compound file with properties of a message: documents of Office begin in the same way."""
        return head.startswith(_SIGN) and _NAME in head

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Raises Refusal `not_a_msg`, `too_many_recipients`."""
        data = source.read()
        if not data.startswith(_SIGN):
            raise Refusal("not_a_msg", "a message of Outlook is a compound file")
        try:
            letter = _letter(_Store(data))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error, RecursionError) as error:
            raise Refusal("not_a_msg", "the compound file is broken") from error
        return opened(letter, context)


class _Store:
    """The properties of a message."""

    def __init__(self, data: bytes) -> None:
        self._file = olefile.OleFileIO(BytesIO(data))
        self._names = ["/".join(path) for path in self._file.listdir(streams=True, storages=False)]
        self._left = len(data)

    def folders(self, kind: str) -> list[str]:
        """The folders of attachments or recipients of the message itself, with a slash at their end."""
        found = dict.fromkeys(name.partition("/")[0] for name in self._names if name.startswith(kind) and "/" in name)
        return [f"{name}/" for name in found][:FILES_MAX]

    def has(self, start: str) -> bool:
        """Whether a property begins with that name."""
        return any(name.startswith(start) for name in self._names)

    def binary(self, number: int, folder: str = "") -> bytes:
        """The bytes of a property; none without it."""
        return self._stream(f"{folder}__substg1.0_{number:04X}{_BINARY}")

    def text(self, number: int, folder: str = "") -> str:
        """The text of a property; empty without it."""
        wide = self._stream(f"{folder}__substg1.0_{number:04X}{_TEXT}")
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return text_of(self._stream(f"{folder}__substg1.0_{number:04X}{_TEXT8}"), "").rstrip("\0")

    def first(self, numbers: tuple[int, ...], folder: str = "") -> str:
        """The first of several properties that says something."""
        return next((found for number in numbers if (found := self.text(number, folder).strip())), "")

    def _stream(self, name: str) -> bytes:
        """All streams together are no longer than the file: chains of sectors that meet again are no way around it."""
        if name not in self._names:
            return b""
        self._left -= self._file.get_size(name.split("/"))
        if self._left < 0:
            raise ValueError(name)
        content: bytes = self._file.openstream(name.split("/")).read()
        return content


def _letter(store: _Store) -> Letter:
    letter = Letter(fields=list(_fields(store)))
    if not letter.fields:
        raise ValueError("properties")
    for number in _TO:
        _hear(letter, store.text(number))
    for folder in store.folders("__recip_version1.0_"):
        for number in _RECIPIENT:
            _hear(letter, store.text(number, folder))
    body, page = store.text(_BODY), store.binary(_HTML) or store.text(_HTML).encode()
    if body:
        letter.texts.append((body, 1))
    if page:
        letter.pages.append((text_of(page, ""), 1))
    if not page and (packed := store.binary(_RTF)):
        _hear_rtf(letter, packed)
    for folder in store.folders("__attach_version1.0_"):
        content = store.binary(_FILE, folder)
        nested = store.has(f"{folder}__substg1.0_{_FILE:04X}000D/")
        letter.files.append(File(store.first(_FILE_NAMES, folder), content, 1, digested=not nested))
    return letter


def _hear_rtf(letter: Letter, packed: bytes) -> None:
    """Outlook keeps many an HTML mail as RTF: where its links lead stands nowhere else."""
    try:
        text, is_html = body_of(packed)
    except ValueError as error:
        letter.cuts.append((Refusal("rtf_body", f"the body in RTF is not read: {error}"), 1))
        return
    if is_html:
        letter.pages.append((text, 1))
    elif not letter.texts:
        letter.texts.append((text, 1))


def _hear(letter: Letter, text: str) -> None:
    """Addresses and names of recipients, with semicolons between them."""
    letter.to.hear(text)
    for name in text.split(";"):
        letter.to.hear_a_name(name)


def _fields(store: _Store) -> Iterator[Field]:
    """The headers of the way, and those that follow from properties where these are silent."""
    found: list[Field] = []
    head = re.sub(r"\r?\n[ \t]*\r?\n[\s\S]*", "", store.text(_HEADERS).lstrip("\r\n"))[: HEADERS_MAX // 2]
    head = re.sub(r"\AMicrosoft Mail Internet Headers[^\n]*\n", "", head)
    if head:
        try:
            found = fields_of(head.encode("utf-8", "replace"))[0]
        except Refusal:
            found = []
    yield from (Field(each.name, each.value, 1) for each in found)
    names = {each.name for each in found}
    address = next((text for number in _SENDERS if "@" in (text := store.text(number))), "")
    stated = (("subject", store.text(_SUBJECT)), ("message-id", store.text(_MESSAGE_ID)),
              ("from", _named(store.text(_SENDER_NAME), address)))  # fmt: skip
    for name, value in stated:
        if name not in names and value.strip():
            yield Field(name, " ".join(value.split()), 1)


def _named(name: str, address: str) -> str:
    """A person as a header names one."""
    return f'"{name}" <{address}>' if address else ""


file_readers.register(Msg())
