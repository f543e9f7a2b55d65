"""zip, 7z and tar: every way of encryption, damage and lies about names, sizes and kinds."""

from __future__ import annotations

import errno
import io
import random
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import inflate64
import py7zr
import pytest
import pyzipper

from ingestion.evidence.containers.base import Caps, Keys, Refused
from ingestion.evidence.containers.names import clean, oem, shown

from .making import HIVE, TREE, contents, left, opened, sevened, tarred, zipped

LARGE = {"large": b"x" * 1000, "small": b"x"}


def refusal(tmp_path: Path, data: bytes, *, password: str = "", caps: Caps | None = None) -> str:
    """The code, nothing left behind."""
    with pytest.raises(Refused) as refused:
        opened(tmp_path, data, password=password, caps=caps)
    assert left(tmp_path) == []
    return refused.value.code


def aes_zip(password: bytes, members: dict[str, bytes] | None = None, bits: int = 256) -> bytes:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setencryption(pyzipper.WZ_AES, nbits=bits)
        archive.setpassword(password)
        for name, data in (members or TREE).items():
            archive.writestr(name, data)
    return out.getvalue()


def traditional(password: bytes, members: dict[str, bytes]) -> bytes:
    """PKWARE's encryption (APPNOTE.TXT 6.1), which no library here writes."""
    table = [zlib_crc_step(number) for number in range(256)]

    def crc(old: int, byte: int) -> int:
        return table[(old ^ byte) & 0xFF] ^ (old >> 8)

    def encrypt(data: bytes) -> bytes:
        one, two, three = 0x12345678, 0x23456789, 0x34567890
        out = bytearray()
        for index, byte in enumerate(password + data):
            if index >= len(password):
                key = (three | 2) & 0xFFFF
                out.append(byte ^ ((key * (key ^ 1)) >> 8 & 0xFF))
            one = crc(one, byte)
            two = ((two + (one & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
            three = crc(three, two >> 24)
        return bytes(out)

    out = io.BytesIO()
    directory = b""
    for name, data in members.items():
        checksum = zlib.crc32(data)
        sealed = encrypt(bytes(11) + bytes([checksum >> 24]) + data)
        fields = struct.pack("<5H3L2H", 20, 1, 0, 0, 33, checksum, len(sealed), len(data), len(name), 0)
        directory += struct.pack("<4sH", b"PK\1\2", 20) + fields + struct.pack("<3H2L", 0, 0, 0, 0, out.tell())
        directory += name.encode()
        out.write(b"PK\3\4" + fields + name.encode() + sealed)
    at = out.tell()
    out.write(directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(members), len(members), len(directory), at, 0))
    return out.getvalue()


def zlib_crc_step(number: int) -> int:
    for _ in range(8):
        number = (number >> 1) ^ 0xEDB88320 if number & 1 else number >> 1
    return number


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_an_aes_zip_is_opened_with_its_password_alone(tmp_path: Path, bits: int) -> None:
    data = aes_zip("Mot2Passe-é".encode(), bits=bits)
    found = opened(tmp_path, data, password="Mot2Passe-é")
    assert contents(found.items) == TREE
    assert found.scheme == "encrypted zip"
    (tmp_path / "work").rename(tmp_path / "done")
    assert refusal(tmp_path, data, password="Mot2Passe-e") == "wrong-password"
    assert refusal(tmp_path, data) == "wrong-password"


@pytest.mark.parametrize("encoding", ["cp850", "cp1252"])
def test_a_password_is_tried_as_windows_programs_write_it(tmp_path: Path, encoding: str) -> None:
    assert contents(opened(tmp_path, aes_zip("clé".encode(encoding)), password="clé").items) == TREE


def test_a_changed_aes_member_is_left_out(tmp_path: Path) -> None:
    data = bytearray(aes_zip(b"p"))
    data[data.index(b"NTUSER.DAT") + 60] ^= 1
    found = opened(tmp_path, bytes(data), password="p")
    assert list(contents(found.items)) == ["C/Windows/System32/config/SYSTEM"]
    assert [one.member for one in found.rejected] == ["C/Users/anna/NTUSER.DAT"]
    assert found.rejected[0].code in {"authentication-failed", "damaged"}


def test_traditional_encryption_is_opened(tmp_path: Path) -> None:
    small = {"C/Windows/System32/config/SYSTEM": HIVE[:500], "C/Users/a/NTUSER.DAT": b"regf"}
    data = traditional(b"hello", small)
    assert contents(opened(tmp_path, data, password="hello").items) == small
    (tmp_path / "work").rename(tmp_path / "done")
    for wrong in ("", "a", "b", "c"):
        assert refusal(tmp_path, data, password=wrong) == "wrong-password"


def test_deflate64_is_read(tmp_path: Path) -> None:
    data = HIVE * 20
    deflater = inflate64.Deflater()
    packed = deflater.deflate(data) + deflater.flush()
    name = b"C/Users/a/NTUSER.DAT"
    fields = struct.pack("<5H3L2H", 21, 0, 9, 0, 33, zlib.crc32(data), len(packed), len(data), len(name), 0)
    entry = struct.pack("<4sH", b"PK\1\2", 21) + fields + struct.pack("<3H2L", 0, 0, 0, 0, 0) + name
    at = 30 + len(name) + len(packed)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry), at, 0)
    whole = b"PK\3\4" + fields + name + packed + entry + end
    assert contents(opened(tmp_path, whole).items) == {"C/Users/a/NTUSER.DAT": data}


def test_a_damaged_member_costs_itself_alone(tmp_path: Path) -> None:
    data = bytearray(zipped(TREE, zipfile.ZIP_STORED))
    data[data.index(HIVE[:300]) + 20] ^= 1
    found = opened(tmp_path, bytes(data))
    assert list(contents(found.items)) == ["C/Users/anna/NTUSER.DAT"]
    assert [(one.member, one.code) for one in found.rejected] == [("C/Windows/System32/config/SYSTEM", "damaged")]


def test_a_zip_of_nothing_but_damage_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"a": HIVE}, zipfile.ZIP_STORED))
    data[data.index(HIVE[:300]) + 20] ^= 1
    assert refusal(tmp_path, bytes(data)) == "damaged"


def test_links_and_devices_of_a_zip_are_told(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, mode in {
            "link": stat.S_IFLNK,
            "null": stat.S_IFCHR,
            "pipe": stat.S_IFIFO,
            "file": stat.S_IFREG,
        }.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    found = opened(tmp_path, out.getvalue())
    assert [(one.member, one.code) for one in found.rejected] == [
        ("link", "link"),
        ("null", "device"),
        ("pipe", "special"),
    ]
    assert contents(found.items) == {"file": b"/etc/passwd"}


def test_the_caps_hold_for_entries_bytes_and_each_member(tmp_path: Path) -> None:
    data = zipped({f"f{number}": b"x" * 1000 for number in range(20)})
    assert refusal(tmp_path, data, caps=Caps(entries=19)) == "too-many-entries"
    assert refusal(tmp_path, data, caps=Caps(bytes=19_999)) == "too-large"
    mixed = zipped({"small": b"x", "large": b"x" * 1000})
    found = opened(tmp_path, mixed, caps=Caps(entry_bytes=999))
    assert contents(found.items) == {"small": b"x"}
    assert [(one.member, one.code) for one in found.rejected] == [("large", "too-large")]


@pytest.mark.parametrize("make", [zipped, tarred, sevened])
def test_the_caps_hold_for_each_format(tmp_path: Path, make: object) -> None:
    assert callable(make)
    data = make({f"f{number}": bytes([number]) * 1000 for number in range(20)})
    assert refusal(tmp_path, data, caps=Caps(entries=19)) == "too-many-entries"
    assert refusal(tmp_path, data, caps=Caps(bytes=19_999)) == "too-large"
    mixed = make({"large": b"x" * 1000, "/out": b"y" * 600, "small": b"x"} if make is not sevened else LARGE)
    found = opened(tmp_path, mixed, caps=Caps(entry_bytes=999))
    assert contents(found.items) == {"small": b"x"}
    assert ("large", "too-large") in {(one.member, one.code) for one in found.rejected}
    assert {one.code for one in found.rejected} <= {"too-large", "absolute-name"}


@pytest.mark.parametrize("make", [zipped, sevened])
def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path, make: object) -> None:
    assert callable(make)
    data = make({"C/zeros": bytes(18 << 20)})
    assert refusal(tmp_path, data, caps=Caps(ratio=100)) == "ratio"


@pytest.mark.parametrize("hidden", [False, True])
def test_an_encrypted_7z_is_opened_with_its_password_alone(tmp_path: Path, hidden: bool) -> None:
    data = sevened(TREE, "Mot2Passe-é", hidden=hidden)
    found = opened(tmp_path, data, password="Mot2Passe-é")
    assert contents(found.items) == TREE
    assert found.scheme == "encrypted 7z"
    (tmp_path / "work").rename(tmp_path / "done")
    assert refusal(tmp_path, data, password="Mot2Passe-e") == "wrong-password"
    assert refusal(tmp_path, data) == "wrong-password"


def test_empty_files_and_folders_of_a_7z(tmp_path: Path) -> None:
    (tmp_path / "C/Users/anna").mkdir(parents=True)
    (tmp_path / "C/Users/anna/empty").touch()
    (tmp_path / "C/Users/anna/link").symlink_to("/etc/passwd")
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.writeall(tmp_path / "C", "C")
        archive.writestr(b"regf", "C/Users/anna/NTUSER.DAT")
    found = opened(tmp_path, out.getvalue())
    assert contents(found.items) == {"C/Users/anna/empty": b"", "C/Users/anna/NTUSER.DAT": b"regf"}
    assert [(one.member, one.code) for one in found.rejected] == [("C/Users/anna/link", "link")]


def test_a_7z_that_was_cut_off_or_changed_is_refused(tmp_path: Path) -> None:
    data = sevened(TREE)
    assert refusal(tmp_path, data[:-30]) == "truncated"
    assert refusal(tmp_path, data[:20]) == "truncated"
    assert refusal(tmp_path, data[:40] + bytes([data[40] ^ 255]) + data[41:]) == "damaged"


def test_tar_members_are_what_they_are(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind in {"hard": tarfile.LNKTYPE, "soft": tarfile.SYMTYPE, "pipe": tarfile.FIFOTYPE}.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        name = "[root]/" + "x" * 200 + "/dev-disk-by\\x2duuid.swap"
        info = tarfile.TarInfo(name)
        info.size, info.mtime = 3, 1_793_600_000
        archive.addfile(info, io.BytesIO(b"abc"))
    found = opened(tmp_path, out.getvalue())
    assert [(one.member, one.code) for one in found.rejected] == [
        ("hard", "link"),
        ("soft", "link"),
        ("pipe", "special"),
    ]
    assert contents(found.items) == {name.removeprefix("[root]/"): b"abc"}
    assert found.items[0].collected["modified"] == "2026-11-02T06:13:20+00:00"


def test_a_tar_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    data = tarred(TREE)
    assert refusal(tmp_path, data[: 512 * 3]) == "truncated"
    body = data.rstrip(b"\0")
    assert refusal(tmp_path, body + bytes(-len(body) % 512)) == "truncated"
    second = data.index(b"C/Users")
    assert refusal(tmp_path, data[:second] + b"?" + data[second + 1 :]) == "damaged"


def test_a_pax_header_is_not_read_by_the_size_that_it_claims(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 7 << 30
    assert refusal(tmp_path, info.tobuf() + bytes(1024)) == "damaged"


def test_archives_on_the_machine_stay_files_and_those_beside_it_are_opened(tmp_path: Path) -> None:
    document = zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
    inner = zipped({"a.txt": b"a"})
    data = zipped({"C/Users/a/Downloads/x.zip": inner, "logs.zip": inner, "report.docx": document, **TREE})
    found = opened(tmp_path, data)
    assert set(contents(found.items)) == {
        "C/Users/a/Downloads/x.zip",
        "logs.zip/a.txt",
        "report.docx",
        *TREE,
    }
    assert len(left(tmp_path)) == len(found.items)


def test_an_inner_archive_that_cannot_be_opened_stays_and_is_told(tmp_path: Path) -> None:
    found = opened(tmp_path, zipped({"bad.zip": zipped(TREE)[:-40], "good.txt": b"x"}))
    assert set(contents(found.items)) == {"bad.zip", "good.txt"}
    assert [(one.member, one.code) for one in found.rejected] == [("bad.zip", "truncated")]


@pytest.mark.parametrize(
    "shortage", [zlib.error("Error -4 while decompressing data"), OSError(errno.ENOMEM, "Cannot allocate memory")]
)
def test_a_shortage_of_memory_is_no_fault_of_the_archive(
    shortage: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_arguments: object) -> bytes:
        raise shortage

    monkeypatch.setattr(pyzipper.zipfile.ZipExtFile, "read", read)
    with pytest.raises(MemoryError):
        opened(tmp_path, zipped(TREE))


def test_caps_are_of_all_archives_together(tmp_path: Path) -> None:
    inner = zipped({f"f{number}": b"x" for number in range(10)})
    data = zipped({f"{number}.zip": inner for number in range(10)})
    assert refusal(tmp_path, data, caps=Caps(entries=100)) == "too-many-entries"
    assert len(opened(tmp_path, data, caps=Caps(entries=110)).items) == 100


@pytest.mark.parametrize(
    ("raw_name", "windows", "expected"),
    [
        ("C\\Windows\\a.txt", True, ("C/Windows/a.txt", "")),
        ("./a//b/./c", True, ("a/b/c", "")),
        ("a/../b", True, ("", "traversal")),
        ("a\\..\\b", False, ("", "traversal")),
        ("a..b/c..", True, ("a..b/c..", "")),
        ("..", True, ("", "traversal")),
        ("", True, ("", "empty-name")),
        ("//server/share/x", True, ("", "absolute-name")),
        ("\\\\server\\x", True, ("", "absolute-name")),
        ("d:x", True, ("d:x", "")),
        ("d:/x", True, ("", "absolute-name")),
        ("x" * 5000, True, ("", "name-too-long")),
        ("a/" * 200, True, ("", "name-too-long")),
        ("by\\x2duuid", False, ("by\\x2duuid", "")),
        ("a\0b\n\ud800", True, ("a\\x00b\\x0a\\ud800", "")),
    ],
    ids=range(15),
)
def test_a_name_says_where_on_the_machine_and_nothing_else(
    raw_name: str, windows: bool, expected: tuple[str, str]
) -> None:
    assert clean(raw_name, windows=windows) == expected
    assert shown(raw_name).isprintable() or "\\" not in raw_name


def test_names_in_unsaid_encodings() -> None:
    assert oem("été/Œuvre".encode()) == "été/Œuvre"
    assert oem("Été à Noël.txt".encode("cp850")) == "Été à Noël.txt"
    assert oem("À PROPOS".encode("cp850")) == "À PROPOS"


@pytest.mark.parametrize("kind", ["zip", "aes", "7z", "sealed7z", "tar"])
def test_no_change_of_bytes_gives_anything_but_an_answer(tmp_path: Path, kind: str) -> None:
    small = {"C/Users/a/NTUSER.DAT": HIVE[:600], "b.txt": b"text" * 30}
    data = {
        "zip": lambda: zipped(small),
        "aes": lambda: aes_zip(b"p", small),
        "7z": lambda: sevened(small),
        "sealed7z": lambda: sevened(small, "p"),
        "tar": lambda: tarred(small)[:4096],
    }[kind]()
    chance = random.Random(7)
    for _ in range(6 if kind == "sealed7z" else 30):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(6, len(changed))] = chance.randrange(256)
        cut = bytes(changed[: chance.choice([len(changed), chance.randrange(len(changed))])])
        try:
            opened(tmp_path, cut, password="p", with_keys=Keys())
        except Refused:
            assert left(tmp_path) == []
        for path in left(tmp_path):
            path.unlink()
