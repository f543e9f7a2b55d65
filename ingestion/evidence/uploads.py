"""Uploads: begun, continued piece by piece, ended as an archive or thrown away. The only writer of both.

A piece is in the storage before its row says so: a program that is stopped in between leaves a file that the next piece
replaces, and the client is told the old offset. So the bytes of an upload are each in it exactly once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from ingestion.evidence import keys, storing
from ingestion.evidence.custody import note
from ingestion.evidence.models import Archive, Case, Upload
from ingestion.evidence.receiving import write_piece
from ingestion.evidence.tasks import hint
from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.problems import Problem
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.locks import session_lock

LOCK_SPACE = 0x10C5 << 32
PIECES_MAX = 20_000
FILENAME_MAX = 255
PASSWORD_MAX = 1024


def cleaned_filename(name: str) -> str:
    """The name as people read it: it names no file of ours. Raises Refusal(`bad_filename`)."""
    name = name.replace("\\", "/").rpartition("/")[2].strip()
    if not name or len(name) > FILENAME_MAX or not name.isprintable():
        raise Refusal("bad_filename", f"the file name has 1 to {FILENAME_MAX} printable characters")
    return name


@transaction.atomic
def begin(
    case: Case, *, filename: str, size: int | None, password: str = "", viewer: Viewer
) -> Upload:  # fmt: skip
    """A new upload. `size` None: told by its end. What kind of archive it is is told by its content, later.

    Raises Refusal: `bad_filename`, `bad_password`, `empty_archive`, `archive_too_large`, `quota_used_up`,
    `no_evidence_keys`.
    """
    if size == 0:
        raise Refusal("empty_archive", "the archive is empty")
    if size is not None and size > settings.EVIDENCE_MAX_BYTES:
        raise Refusal("archive_too_large", f"an archive has at most {settings.EVIDENCE_MAX_BYTES} bytes")
    if len(password) > PASSWORD_MAX or not password.isprintable():
        raise Refusal("bad_password", f"a password has at most {PASSWORD_MAX} printable characters")
    name = cleaned_filename(filename)
    keys.recipient()  # there must be somebody to read it
    Institution.objects.select_for_update(of=("self",)).get(pk=case.institution_id)  # two at once share the room
    if (size or 1) > room_of(case.institution_id):
        raise Refusal("quota_used_up", f"an institution keeps at most {settings.EVIDENCE_QUOTA_BYTES} bytes")
    return Upload.objects.create(
        case=case, member_id=viewer.member_id, filename=name, size=size, password=keys.sealed(password),
        expires_at=_later(),
    )  # fmt: skip


def room_of(institution_id: int) -> int:
    """Bytes that the institution may still send: what is kept and what is announced counts."""
    kept = Archive.objects.filter(case__institution_id=institution_id).exclude(state=Archive.State.SHREDDED)
    coming = Upload.objects.filter(case__institution_id=institution_id, archive=None)
    used = sum((found.aggregate(sum=Sum("size"))["sum"] or 0) for found in (kept, coming))
    return int(settings.EVIDENCE_QUOTA_BYTES - used)


def proceed(
    upload: Upload, pieces: Iterator[bytes], *, offset: int, sha256: bytes | None = None, viewer: Viewer
) -> Upload:
    """Take the bytes from that offset on. When they are the last, the archive is there.

    Raises Problem: 409 `wrong_offset`, 410 `upload_expired`, 423 `upload_locked`, 460 `checksum_mismatch`, 413 for more
    than was announced; 400 and 408 when the body broke off, after what had come was kept.
    """
    with session_lock(LOCK_SPACE + upload.pk, wait=False) as mine:
        if not mine:
            raise Problem(423, "upload_locked", "another request is writing to this upload; ask for its offset first")
        upload.refresh_from_db()
        _check(upload, offset)
        most = _most(upload)
        name = storing.piece_name(upload.case, upload.public_id, len(upload.pieces))
        piece = write_piece(pieces, name=name, to=keys.recipient(), most=most, sha256=sha256)
        if piece.size and not (piece.broken and piece.broken.status_code == 413):
            upload.pieces.append(piece.size)
            upload.offset += piece.size
            upload.expires_at = _later()
            upload.save(update_fields=["pieces", "offset", "expires_at"])
    if piece.broken is not None:
        raise piece.broken
    if upload.size is None or upload.offset == upload.size:
        whole = piece.sha256.hex() if len(upload.pieces) == 1 else ""
        complete(upload, sha256=whole, viewer=viewer)
    return upload


def _check(upload: Upload, offset: int) -> None:
    if upload.archive_id is None and upload.expires_at <= clock.now():
        raise Problem(410, "upload_expired", "the upload was not finished in time; begin a new one")
    if offset != upload.offset or upload.archive_id is not None:
        raise Problem(409, "wrong_offset", f"the upload goes on at {upload.offset}, not at {offset}")
    if len(upload.pieces) >= PIECES_MAX:
        raise Refusal("too_many_pieces", f"an upload has at most {PIECES_MAX} pieces")


def _most(upload: Upload) -> int:
    """Bytes that may still come."""
    if upload.size is not None:
        return upload.size - upload.offset
    return min(int(settings.EVIDENCE_MAX_BYTES), room_of(upload.case.institution_id))


@transaction.atomic
def complete(upload: Upload, *, sha256: str, viewer: Viewer) -> Archive:
    """All bytes are here: an archive that waits for the worker. Raises Refusal(`empty_archive`)."""
    if upload.offset == 0:
        raise Refusal("empty_archive", "the archive is empty")
    made = Archive.objects.create(
        case=upload.case, member_id=viewer.member_id, filename=upload.filename, size=upload.offset, sha256=sha256,
        arrival=upload.public_id, pieces=upload.pieces, password=upload.password,
    )  # fmt: skip
    upload.archive, upload.size, upload.password = made, upload.offset, ""
    upload.save(update_fields=["archive", "size", "password"])
    actor = Actor.of(viewer)
    note("received", upload.case, actor=actor, archive=made, sha256=sha256, size=made.size, pieces=len(made.pieces))
    record(
        "evidence.received", actor=actor, subject_type="archive", subject_id=made.public_id,
        details={"size": made.size},
    )  # fmt: skip
    transaction.on_commit(partial(hint, made.pk))
    return made


def terminate(upload: Upload) -> None:
    """Throw an unfinished upload away with its pieces (tus 1.0, Termination). Raises Problem 423 while one comes."""
    with session_lock(LOCK_SPACE + upload.pk, wait=False) as mine:
        if not mine:
            raise Problem(423, "upload_locked", "another request is writing to this upload")
        upload.refresh_from_db()
        if upload.archive_id is None:
            storing.shred_pieces(upload.case, upload.public_id, len(upload.pieces))
        upload.delete()


def _later() -> datetime:
    return clock.now() + timedelta(hours=settings.EVIDENCE_UPLOAD_HOURS)
