"""Where the bytes are: the storage `evidence` (the file system, or S3 by settings), in which nothing lies plain.

<case>/<upload>/<number>        pieces of an upload, each encrypted by itself to the platform's age recipient
<case>/<archive>/original       the whole: as received when that was encrypted, else encrypted like the pieces
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

from ingestion.evidence.models import Archive, Case

HEADER = 64 * 1024
"""Bytes in which an encrypted file holds its own key (age: some hundreds; CMS: a few for each recipient)."""
RESULTS = "results"
"""The folder of what processing writes, beside the storage, always on the file system."""


def storage() -> Storage:
    """The storage of this instance."""
    return storages["evidence"]


def piece_name(case: Case, upload_id: object, number: int) -> str:
    """Where the piece of an upload lies."""
    return f"{case.public_id}/{upload_id}/{number:05}"


def original_name(archive: Archive) -> str:
    """Where the whole lies."""
    return f"{archive.case.public_id}/{archive.public_id}/original"


def results_folder(archive: Archive) -> Path:
    """What processing makes of an archive, and of all archives of the case."""
    folder: Path = settings.EVIDENCE_DIR / RESULTS / str(archive.case.public_id)
    return folder


def records_folder(archive: Archive) -> Path | None:
    """Where the records of this one lie; None while there are none."""
    return next(results_folder(archive).glob(f"*/{archive.public_id}"), None)


class _Ready(File):  # type: ignore[type-arg]
    """A finished file on the disk: the file system takes it as it is, S3 reads it."""

    def temporary_file_path(self) -> str:
        """What Django's file system storage moves in place of copying."""
        return str(self.name)


@contextmanager
def draft() -> Iterator[IO[bytes]]:
    """A file to write into, on the same disk, gone afterwards unless it was put away."""
    folder: Path = settings.EVIDENCE_DIR / "tmp"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            yield file
        finally:
            file.close()
            with suppress(FileNotFoundError):
                Path(file.name).unlink()


def put(name: str, file: IO[bytes]) -> None:
    """Put a written draft into the storage under exactly this name; what lay there is replaced."""
    file.flush()
    os.fsync(file.fileno())
    found = storage()
    if found.exists(name):
        found.delete(name)
    with Path(file.name).open("rb") as reading:
        found.save(name, _Ready(reading, name=file.name))


def read(name: str) -> IO[bytes]:
    """Open what lies there. Raises FileNotFoundError."""
    return storage().open(name, "rb")


def lies(name: str) -> bool:
    """Whether anything lies there."""
    return storage().exists(name)


def shred(name: str, *, whole: bool = False) -> None:
    """Delete a file; on a file system its key is written over first, so that what a disk keeps opens nothing.

    `whole`: the file is not encrypted, all of it is written over. A name that is not there is no harm.
    """
    found = storage()
    with suppress(NotImplementedError, FileNotFoundError):
        _overwrite(Path(found.path(name)), whole=whole)
    with suppress(FileNotFoundError):
        found.delete(name)


def shred_pieces(case: Case, upload_id: object, count: int) -> None:
    """All pieces of an upload, and one that may have been written when the program was stopped."""
    for number in range(count + 1):
        shred(piece_name(case, upload_id, number))
    _drop_folder(f"{case.public_id}/{upload_id}")


def shred_archive(archive: Archive) -> None:
    """The original and everything that was made of it."""
    shred(original_name(archive))
    _drop_folder(f"{archive.case.public_id}/{archive.public_id}")
    results = results_folder(archive)
    for folder in results.glob(f"*/{archive.public_id}"):
        _shred_tree(folder)
    (results / f".{archive.public_id}.lock").unlink(missing_ok=True)


def shred_unknown(known: Callable[[str], bool]) -> int:
    """Shred the folders of cases that are none any more; how many there were. Stops at nothing that is not there."""
    count = 0
    with suppress(FileNotFoundError):
        for name in storage().listdir("")[0]:
            if not known(name):
                _shred_stored(name)
                count += 1
    results: Path = settings.EVIDENCE_DIR / RESULTS
    for folder in results.iterdir() if results.is_dir() else ():
        if not known(folder.name):
            _shred_tree(folder)
    return count


def _shred_stored(prefix: str) -> None:
    folders, files = storage().listdir(prefix)
    for name in files:
        shred(f"{prefix}/{name}")
    for name in folders:
        _shred_stored(f"{prefix}/{name}")
    _drop_folder(prefix)


def _shred_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and not path.is_symlink():
            _overwrite(path, whole=True)
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


def _drop_folder(name: str) -> None:
    """An empty folder; S3 has none."""
    with suppress(NotImplementedError, OSError):
        Path(storage().path(name)).rmdir()


def _overwrite(path: Path, *, whole: bool) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        left = size if whole else min(size, HEADER)
        while left > 0:
            file.write(secrets.token_bytes(min(left, HEADER)))
            left -= HEADER
        file.flush()
        os.fsync(file.fileno())
