"""7z by py7zr, with its headers encrypted or not; one folder (solid block) after the other, a chunk at a time.

The library's own extraction writes by the archive's names and in pieces of 128 MB, so its decoders are driven here. A
wrong password shows as whatever its noise happens to be: every fault of an encrypted archive that has given nothing yet
is told as that.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import py7zr
from py7zr.exceptions import PasswordRequired, UnsupportedCompressionMethodError

from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.compressed import MEMORY
from ingestion.evidence.containers.decoding import CHUNK, Archive, Broken, Entry, Secrets, raise_if_ours

_MAGIC = b"7z\xbc\xaf\x27\x1c"
_START = struct.Struct("<6sBBLQQL")
_HEADER = 32 << 20
"""Bytes of the packed list of members."""
_FAULTS = (
    *(Refused, PasswordRequired, py7zr.exceptions.ArchiveError, lzma.LZMAError, zlib.error, struct.error),
    *(OSError, EOFError, MemoryError, ArithmeticError, ValueError, TypeError, LookupError, AssertionError),
    *(AttributeError, RuntimeError),
)
"""What the library and the libraries below it raise over bytes that make no sense."""
_CODES: dict[type[BaseException], str] = {
    UnsupportedCompressionMethodError: "unsupported",
    MemoryError: "too-large",
    EOFError: "truncated",
}
_AES, _LZMA, _LZMA2, _PPMD = b"\x06\xf1\x07\x01", b"\x03\x01\x01", b"\x21", b"\x03\x04\x01"


class Seven(Archive):
    """7-Zip's format; DFIR-ORC writes 7z in 7z."""

    name = "7z"

    def __init__(self) -> None:
        self._sealed = False
        self._proved = False

    def recognises(self, head: bytes) -> bool:
        return head.startswith(_MAGIC)

    def scheme(self, source: Path) -> str:  # noqa: ARG002 (it was seen while reading)
        return "encrypted 7z" if self._sealed else "7z"

    def members(self, source: Path, secrets: Secrets, entries: int) -> Iterator[Entry]:
        self._sealed = _sealed_header(source)
        with source.open("rb") as file, self._open(file, secrets.password) as archive:
            files = list(archive.files)
            if len(files) > entries:
                raise Refused("too-many-entries")
            self._sealed = self._sealed or any(coder["method"] == _AES for coder in _coders(archive))
            if self._sealed and not secrets.password:
                raise Refused("wrong-password")
            yield from (_empty(one) for one in files if one.emptystream)
            for number, folder in enumerate(_folders(archive)):
                yield from self._folder(archive, number, folder)

    def _open(self, file: Any, password: str) -> py7zr.SevenZipFile:
        try:
            return py7zr.SevenZipFile(file, password=password or None)
        except PasswordRequired:
            raise Refused("wrong-password") from None
        except UnsupportedCompressionMethodError:
            raise Refused("unsupported", self.name) from None
        except MemoryError:
            raise Refused("too-large", self.name) from None
        except Exception as error:  # noqa: BLE001 (whatever the library raises)
            raise_if_ours(error)
            raise Refused(self._code(), self.name) from None

    def _code(self) -> str:
        return "wrong-password" if self._sealed and not self._proved else "damaged"

    def _folder(self, archive: py7zr.SevenZipFile, number: int, folder: Any) -> Iterator[Entry]:
        """The members of one block. They share one stream: what follows a broken one is broken."""
        files = list(folder.files or ())
        packs = archive.header.main_streams.packinfo
        block = _Block(archive.fp, archive.afterheader + packs.packpositions[number], folder, packs.packsizes[number])
        for one in files:
            chunks = self._chunks(block, one)
            yield Entry(one.filename, chunks, _kind(one), 0)
            for _ in chunks:  # nobody wanted it, the next one lies behind it
                pass

    def _chunks(self, block: _Block, one: Any) -> Iterator[bytes]:
        if block.broken:
            raise Broken(block.broken)
        checksum = 0
        try:
            for data in block.read(one.uncompressed):
                checksum = zlib.crc32(data, checksum)
                yield data
        except _FAULTS as error:
            block.broken = _code_of(error)
        if not block.broken and one.crc32 not in {None, checksum}:
            block.broken = "damaged"
        if block.broken in {"damaged", "truncated"} and self._code() == "wrong-password":
            raise Refused("wrong-password")
        if block.broken:
            raise Broken(block.broken)
        self._proved = True


class _Block:
    """One folder of the archive while it is read."""

    def __init__(self, file: Any, at: int, folder: Any, packed: int) -> None:
        self._file = file
        self._at = at
        self._folder = folder
        self._packed = packed
        self._decoder: Any = None
        self.broken = ""

    def read(self, size: int) -> Iterator[bytes]:
        """The next so many bytes. Raises EOFError where nothing more comes."""
        if self._decoder is None:
            _check_memory(self._folder.coders)
            self._decoder = self._folder.get_decompressor(self._packed)
        self._file.seek(self._at)
        left = size
        while left > 0:
            data = bytes(self._decoder.decompress(self._file, min(left, CHUNK)))
            if not data and self._file.tell() == self._at:
                raise EOFError
            self._at = self._file.tell()
            left -= len(data)
            yield data


def _code_of(error: BaseException) -> str:
    """Why a block cannot be read on."""
    raise_if_ours(error)
    if isinstance(error, PasswordRequired):
        raise Refused("wrong-password") from None
    if isinstance(error, Refused):
        return error.code
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return code
    return "damaged"


def _sealed_header(source: Path) -> bool:
    """Whether the list of members is encrypted; refuses an archive that ends before that list does."""
    with source.open("rb") as file:
        head = file.read(_START.size)
        if len(head) != _START.size:
            raise Refused("truncated", Seven.name)
        _, _, _, checksum, offset, size, _ = _START.unpack(head)
        if zlib.crc32(head[12:]) != checksum:
            raise Refused("damaged", Seven.name)
        if size > _HEADER:
            raise Refused("too-many-entries")
        if _START.size + offset + size > source.stat().st_size:
            raise Refused("truncated", Seven.name)
        file.seek(_START.size + offset)
        listing = file.read(size)
        return listing[:1] == b"\x17" and _AES in listing


def _folders(archive: py7zr.SevenZipFile) -> list[Any]:
    streams = getattr(archive.header, "main_streams", None)
    if streams is None:
        return []
    folders = list(streams.unpackinfo.folders)
    if len(folders) != len(streams.packinfo.packsizes):
        raise Refused("unsupported", "BCJ2")
    return folders


def _coders(archive: py7zr.SevenZipFile) -> list[dict[str, Any]]:
    return [coder for folder in _folders(archive) for coder in folder.coders]


def _check_memory(coders: list[dict[str, Any]]) -> None:
    """Refuse a dictionary beyond what may be kept in memory: it is allocated as claimed."""
    for coder in coders:
        method, said = coder["method"], coder.get("properties") or b""
        size = 0
        if method in {_LZMA, _PPMD} and len(said) >= 5:
            size = int.from_bytes(said[1:5], "little")
        elif method == _LZMA2 and said:
            size = (2 | said[0] & 1) << (said[0] // 2 + 11) if said[0] < 40 else 2**32
        if size > MEMORY:
            raise Refused("too-large", Seven.name)


def _empty(one: Any) -> Entry:
    return Entry(one.filename, iter(()), "directory" if one.is_directory else _kind(one), 0)


def _kind(one: Any) -> str:
    if one.is_symlink or one.is_junction:
        return "link"
    return "special" if one.is_socket else "file"
