"""Which decoder a file belongs to, by its first bytes. Envelopes are asked first: a tar has the weakest mark."""

from __future__ import annotations

from pathlib import Path

from ingestion.evidence.containers.acquire import Acquire
from ingestion.evidence.containers.age import Age
from ingestion.evidence.containers.cms import Cms
from ingestion.evidence.containers.compressed import Bzip2, Gzip, Xz, Zstandard
from ingestion.evidence.containers.decoding import HEAD, Archive, Envelope
from ingestion.evidence.containers.journal import Journal
from ingestion.evidence.containers.sevens import Seven
from ingestion.evidence.containers.tars import Tar
from ingestion.evidence.containers.zips import Zip


def known(head: bytes) -> bool:
    """Whether a file that begins so is one of ours: what decryption under the right key gives."""
    return envelope_of(head) is not None or archive_of(head) is not None


_COMPRESSED: tuple[Envelope, ...] = (Gzip(), Xz(), Bzip2(), Zstandard())
_SEALED: tuple[Envelope, ...] = (Age(), Cms(known), Acquire(), Journal())
_ARCHIVES: tuple[type[Archive], ...] = (Zip, Seven, Tar)


def envelope_of(head: bytes) -> Envelope | None:
    """The envelope that begins so."""
    return next((one for one in (*_SEALED, *_COMPRESSED) if one.recognises(head)), None)


def archive_of(head: bytes) -> Archive | None:
    """A new reader of the archive that begins so."""
    return next((one for one in (kind() for kind in _ARCHIVES) if one.recognises(head)), None)


def compressed(head: bytes) -> bool:
    """Whether it is nothing but compressed, as logs often are."""
    return any(one.recognises(head) for one in _COMPRESSED)


def head_of(path: Path) -> bytes:
    """The bytes by which a file is recognised."""
    with path.open("rb") as file:
        return file.read(HEAD)
