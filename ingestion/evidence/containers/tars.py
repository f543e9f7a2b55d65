"""tar: ustar, GNU and pax, by the standard library, of which nothing but the reading of members is used.

A pax header or a long name is read into memory by the size it claims, so reads are bounded. The library takes a spoilt
header for the end: an archive without the block of zeros that ends it is refused.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.decoding import CHUNK, Archive, Entry, Secrets, raise_if_ours
from ingestion.evidence.containers.guarded import Guarded
from ingestion.evidence.containers.names import oem

_HEADERS = 1 << 20
"""Bytes of one pax header or long name."""
_FAULTS = (tarfile.TarError, ValueError, ArithmeticError, EOFError, RecursionError, LookupError, OSError)


class Tar(Archive):
    """What collectors of UNIX and acquire write."""

    name = "tar"
    windows = False

    def recognises(self, head: bytes) -> bool:
        if len(head) < 512:
            return False
        if head[257:262] == b"ustar":
            return True
        try:
            claimed = int(head[148:156].strip(b"\0 ") or b"x", 8)
        except ValueError:
            return False
        return claimed == sum(head[:148]) + 8 * 32 + sum(head[156:512])

    def members(self, source: Path, secrets: Secrets, entries: int) -> Iterator[Entry]:  # noqa: ARG002 (never sealed)
        with Guarded(source, _HEADERS, "damaged") as file, self._open(file) as archive:
            count = 0
            while (info := self._next(archive)) is not None:
                count += 1
                if count > entries:
                    raise Refused("too-many-entries")
                chunks = self._chunks(archive, info) if info.isreg() else iter(())
                yield Entry(_name(info), chunks, _kind(info), 0, _facts(info))
            self._ended(file, archive.offset)

    @staticmethod
    def _open(file: Guarded) -> tarfile.TarFile:
        try:
            return tarfile.TarFile(fileobj=file, errors="surrogateescape", encoding="utf-8")
        except _FAULTS as error:
            raise_if_ours(error)
            raise Refused("damaged", Tar.name) from None

    @staticmethod
    def _next(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
        try:
            return archive.next()
        except _FAULTS as error:
            raise_if_ours(error)
            raise Refused("truncated" if "nexpected end" in str(error) else "damaged", Tar.name) from None

    @staticmethod
    def _chunks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
        try:
            member = archive.extractfile(info)
            if member is None:
                return
            while data := member.read(CHUNK):
                yield data
        except _FAULTS as error:
            raise_if_ours(error)
            raise Refused("truncated", Tar.name) from None

    @staticmethod
    def _ended(file: Guarded, at: int) -> None:
        file.seek(at)
        block = file.read(512)
        if block.strip(b"\0"):
            raise Refused("damaged", Tar.name)
        if len(block) != 512:
            raise Refused("truncated", Tar.name)


def _name(info: tarfile.TarInfo) -> str:
    return oem(info.name.encode("utf-8", "surrogateescape"))


def _facts(info: tarfile.TarInfo) -> dict[str, str]:
    try:
        return {"modified": datetime.fromtimestamp(info.mtime, UTC).isoformat()}
    except (ValueError, OverflowError, OSError):
        return {}


def _kind(info: tarfile.TarInfo) -> str:
    if info.isdir():
        return "directory"
    if info.issym() or info.islnk():
        return "link"
    if info.ischr() or info.isblk():
        return "device"
    return "file" if info.isreg() else "special"
