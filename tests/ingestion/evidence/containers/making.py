"""Archives as collectors make them, and what is needed to look at what came out."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import py7zr
import pyrage
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings

from ingestion.evidence.containers import open_archive
from ingestion.evidence.containers.base import Caps, Item, Keys, Opened

SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data") / "evidence"
HIVE = b"regf" + bytes(range(256)) * 40
TREE = {"C/Windows/System32/config/SYSTEM": HIVE, "C/Users/anna/NTUSER.DAT": HIVE[::-1]}


@cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """A key of that size; another for each number. Made once: it takes a while."""
    assert number >= 0
    return rsa.generate_private_key(65537, bits)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@cache
def identity(number: int = 0) -> pyrage.x25519.Identity:
    assert number >= 0
    return pyrage.x25519.Identity.generate()


def keys() -> Keys:
    """Those of a platform: others first, so that they are tried in turn."""
    return Keys((str(identity(1)), str(identity())), (pem(rsa_key(2048, 1)), pem(rsa_key())))


def opened(
    tmp_path: Path,
    data: bytes,
    *,
    password: str = "",
    caps: Caps | None = None,
    name: str = "",
    with_keys: Keys | None = None,
) -> Opened:
    """What opening these bytes gives, the work folder watched."""
    box = tmp_path / "box"
    box.mkdir(exist_ok=True)
    file = box / "upload"
    file.write_bytes(data)
    before = around(tmp_path)
    try:
        return open_archive(
            file,
            tmp_path / "work",
            keys=keys() if with_keys is None else with_keys,
            password=password,
            caps=caps or Caps(),
            name=name,
        )
    finally:
        assert around(tmp_path) == before


def around(tmp_path: Path) -> dict[str, str]:
    """Everything in the folder but what is in the work folder: paths, kinds and contents."""
    work = tmp_path / "work"
    outside = [path for path in sorted(tmp_path.rglob("*")) if path != work and work not in path.parents]
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else str(path.lstat().st_mode)
        for path in outside
    }


def left(tmp_path: Path) -> list[Path]:
    """The files that lie in the work folder."""
    return [path for path in (tmp_path / "work").rglob("*") if not path.is_dir() or path.is_symlink()]


def contents(items: Iterable[Item]) -> dict[str, bytes]:
    """The files of the machine by volume and path; what was measured of them is looked at on the way."""
    found = {}
    for item in items:
        data = item.file.read_bytes()
        assert (item.size, item.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        found[f"{item.volume}/{item.path}" if item.volume else item.path] = data
    return found


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sevened(members: Mapping[str, bytes], password: str | None = None, *, hidden: bool = False) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password=password, header_encryption=hidden) as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return out.getvalue()
