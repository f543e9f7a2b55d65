"""zip: plain, traditionally encrypted or WinZip AES, by pyzipper; and Deflate64, in which Windows writes large ones.

Names are read as bytes again where the archive does not say that they are UTF-8. A zip that was cut off has lost its
directory and is refused; one damaged member costs that member.
"""

from __future__ import annotations

import lzma
import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import inflate64
import pyzipper

from ingestion.evidence.containers import velociraptor
from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.decoding import CHUNK, Archive, Broken, Entry, Secrets, raise_if_ours
from ingestion.evidence.containers.guarded import Guarded
from ingestion.evidence.containers.names import oem, shown

_DIRECTORY = 64 << 20
"""Bytes of central directory: 50 000 entries with long paths and extra fields take 20 MiB."""
_UTF_8, _ENCRYPTED = 0x800, 0x1
_DEFLATE64, _AES = 9, 99
_FAULTS = (pyzipper.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, KeyError, struct.error)


class Zip(Archive):
    """The format of nearly everybody."""

    name = "zip"

    def __init__(self) -> None:
        self._words: list[bytes] = []
        self._key_id = ""
        self._proved = False

    def recognises(self, head: bytes) -> bool:
        return head.startswith((b"PK\3\4", b"PK\5\6", b"PK\7\x08PK\3\4"))

    def key_id(self) -> str:
        return self._key_id

    def scheme(self, source: Path) -> str:  # noqa: ARG002 (it was seen while reading)
        if self._key_id:
            return "Velociraptor X509 zip"
        return "encrypted zip" if self._words and self._proved else "zip"

    def members(self, source: Path, secrets: Secrets, entries: int) -> Iterator[Entry]:
        guarded = Guarded(source, _DIRECTORY, "too-many-entries", b"PK\1\2", entries)
        with guarded as file, self._open(file) as archive:
            infos = archive.infolist()
            if len(infos) > entries:
                raise Refused("too-many-entries")
            if any(info.flag_bits & _ENCRYPTED for info in infos):
                self._words = [*self._hidden(archive, secrets), *_spellings(secrets.password)]
            for info in infos:
                yield Entry(_name(info), self._chunks(archive, info, file), _kind(info), max(1, info.compress_size))

    @staticmethod
    def _open(file: Guarded) -> pyzipper.AESZipFile:
        try:
            return pyzipper.AESZipFile(file)
        except pyzipper.BadZipFile as error:
            words = str(error)
            if "span" in words:
                raise Refused("unsupported", "zip in several files") from None
            cut = "not a zip" in words or "Truncated" in words
            raise Refused("truncated" if cut else "damaged", "zip") from None
        except NotImplementedError:
            raise Refused("unsupported", "zip") from None
        except (ValueError, KeyError, struct.error, OverflowError, OSError) as error:
            raise_if_ours(error)
            raise Refused("damaged", "zip") from None

    def _hidden(self, archive: pyzipper.AESZipFile, secrets: Secrets) -> list[bytes]:
        """The password that Velociraptor put beside what it encrypted."""
        beside = next((info for info in archive.infolist() if info.filename == velociraptor.METADATA), None)
        if beside is None or beside.flag_bits & _ENCRYPTED or beside.file_size > velociraptor.LARGEST:
            return []
        try:
            with archive.open(beside) as file:
                found = velociraptor.password(file.read(velociraptor.LARGEST), secrets)
        except (*_FAULTS, NotImplementedError, RuntimeError):
            return []
        except Refused:
            if secrets.password:  # which its sender knows, whoever the collector was made for
                return []
            raise
        if found is None:
            return []
        self._key_id = found.key.id
        return [found.word]

    def _chunks(self, archive: pyzipper.AESZipFile, info: pyzipper.zipfile.ZipInfo, file: Guarded) -> Iterator[bytes]:
        sealed = bool(info.flag_bits & _ENCRYPTED)
        if info.compress_type == _DEFLATE64 and not sealed:
            yield from _deflate64(info, file)
            return
        try:
            with self._member(archive, info, sealed) as member:
                while data := member.read(CHUNK):
                    yield data
        except NotImplementedError:
            raise Broken("unsupported") from None
        except _FAULTS as error:
            raise_if_ours(error)
            if sealed and not self._proved:  # a wrong password passes the check of one or two bytes now and then
                raise Refused("wrong-password", shown(info.filename)) from None
            if "HMAC" in str(error):
                raise Broken("authentication-failed") from None
            raise Broken("truncated" if isinstance(error, EOFError) else "damaged") from None
        self._proved = self._proved or sealed

    def _member(
        self, archive: pyzipper.AESZipFile, info: pyzipper.zipfile.ZipInfo, sealed: bool
    ) -> pyzipper.zipfile.ZipExtFile:
        if not sealed:
            return archive.open(info)
        for word in self._words:
            try:
                member = archive.open(info, pwd=word)
            except RuntimeError as error:
                if isinstance(error, NotImplementedError):
                    raise
                continue
            self._words = [word, *(other for other in self._words if other != word)]
            return member
        raise Refused("wrong-password", shown(info.filename))


def _deflate64(info: pyzipper.zipfile.ZipInfo, file: Guarded) -> Iterator[bytes]:
    """Method 9 (APPNOTE.TXT 4.4.5), which the library does not know."""
    file.seek(info.header_offset)
    head = file.read(30)
    if len(head) != 30 or head[:4] != b"PK\3\4":
        raise Broken("damaged")
    file.seek(sum(struct.unpack_from("<2H", head, 26)), 1)
    inflater = inflate64.Inflater()
    left, checksum = info.compress_size, 0
    at = file.tell()
    while left:
        file.seek(at)
        packed = file.read(min(left, 4096))
        if not packed:
            raise Broken("truncated")
        at += len(packed)
        left -= len(packed)
        try:
            data = inflater.inflate(packed)
        except (ValueError, OSError, EOFError) as error:
            raise_if_ours(error)
            raise Broken("damaged") from None
        checksum = zlib.crc32(data, checksum)
        yield data
    if checksum != info.CRC:
        raise Broken("damaged")


def _spellings(password: str) -> list[bytes]:
    """The password in the encodings in which Windows programs write it."""
    if not password:
        return []
    found = [password.encode()]
    for encoding in ("cp850", "cp1252"):
        try:
            word = password.encode(encoding)
        except UnicodeEncodeError:
            continue
        if word not in found:
            found.append(word)
    return found


def _name(info: pyzipper.zipfile.ZipInfo) -> str:
    if info.flag_bits & _UTF_8:
        return str(info.orig_filename)
    try:
        return oem(info.orig_filename.encode("cp437"))
    except UnicodeEncodeError:
        return str(info.orig_filename)


def _kind(info: pyzipper.zipfile.ZipInfo) -> str:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        return "device"
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return "special"
    return "directory" if info.orig_filename.endswith(("/", "\\")) else "file"
