"""The worker's side: claim an archive, put its original together, have it processed, and whatever time asks for.

A worker that is killed leaves a claimed row; the lock died with its connection, so the next sweep takes it up, and
begins that archive's step anew. Nothing is told twice: the row and the line of custody are one transaction.
"""

from __future__ import annotations

import logging

from django.core.cache import cache
from django.db import OperationalError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.evidence import analysis, keys, processing, retro, storing
from ingestion.evidence.archives import drop_pieces, forget_files
from ingestion.evidence.custody import note
from ingestion.evidence.holding import holding
from ingestion.evidence.models import Archive, Case, Upload
from ingestion.evidence.running import Busy
from ingestion.evidence.sealing import Sealed, SealingError, seal
from ingestion.evidence.uploads import terminate
from iocmarket.api.problems import Problem
from iocmarket.audit.services import PLATFORM, record
from iocmarket.kernel import clock

TRIES = 5
"""How often an archive is begun: whatever makes it fail, or kills the worker, may be over the next time."""
AT_ONCE = 50
HEARTBEAT = 7200
"""Seconds: longer than one archive takes, during which the one worker sweeps nothing."""
WAITING = (Archive.State.RECEIVED, Archive.State.PROCESSING)
FAILURES: dict[str, Promise] = {
    **processing.FAILURES,
    "hash_differs": _("What was read again is not what was received: send the archive again."),
    "keys_lost": _("The platform's key of that time is gone: send the archive again."),
    "our_fault": _("A fault of the platform, five times in a row; administrators find it in the log."),
    "piece_lost": _("A part of the upload is gone: send the archive again."),
}
log = logging.getLogger(__name__)


def work_on(pk: int) -> None:
    """Go on with one archive. Returns at once when another worker has it, or when there is nothing to do."""
    with holding(pk) as mine:
        if mine and (archive := _claim(pk)) is not None:
            _do(archive)


@transaction.atomic
def _claim(pk: int) -> Archive | None:
    """Give a sign of life and count the attempt; None for what waits for nothing."""
    waiting = Archive.objects.select_for_update(of=("self",), skip_locked=True).select_related("case")
    found = waiting.filter(pk=pk, state__in=WAITING).first()
    if found is None:
        return None
    if found.attempts >= TRIES:
        _fail(found, "our_fault")
        return None
    found.attempts += 1
    found.beat_at = clock.now()
    found.save(update_fields=["attempts", "beat_at"])
    return found


def _do(archive: Archive) -> None:
    """Each step is tried again with the next hint or sweep, unless it can never end."""
    try:
        _steps(archive, keys.ensure())
    except OperationalError:
        raise  # the database is away, not the archive at fault: the sweeper comes back
    except SealingError as error:
        _failed(archive, error.code)
    except Busy:
        pass  # the child of a worker that was killed ends by itself; the sweeper comes back
    except Exception as error:  # noqa: BLE001 (tried again, then told)
        log.warning("archive %d: %s", archive.pk, type(error).__name__)  # its text may quote a name of the archive


def _steps(archive: Archive, private: keys.Private) -> None:
    """Raises SealingError, and as processing.process."""
    if archive.sealed_at is None:
        _stored(archive, seal(archive, private))
        archive.refresh_from_db()
    begun = Archive.objects.filter(pk=archive.pk, state__in=WAITING)
    if not begun.update(state=Archive.State.PROCESSING, beat_at=clock.now()):
        return  # shredded meanwhile
    if code := processing.process(archive, private):
        _failed(archive, code)
    else:
        analysis.analyse(archive)


def _stored(archive: Archive, sealed: Sealed) -> None:
    with transaction.atomic():
        held = Archive.objects.select_for_update(of=("self",)).select_related("case").get(pk=archive.pk)
        held.stored = storing.original_name(held)
        held.save(update_fields=["stored"])
        if held.state == Archive.State.SHREDDED:
            transaction.on_commit(lambda: forget_files(held.pk))
            return
        held.sha256, held.wrapped, held.sealed_at, held.attempts = sealed.sha256, sealed.wrapped, clock.now(), 0
        held.save(update_fields=["sha256", "wrapped", "sealed_at", "attempts"])
        note("sealed", held.case, actor=PLATFORM, archive=held, sha256=held.sha256, as_received=not held.wrapped)
    drop_pieces(held)


@transaction.atomic
def _failed(archive: Archive, code: str) -> None:
    """Unless it was shredded meanwhile."""
    held = Archive.objects.select_for_update(of=("self",)).select_related("case").get(pk=archive.pk)
    if held.state in WAITING:
        _fail(held, code)


def _fail(archive: Archive, code: str) -> None:
    archive.state, archive.failure, archive.finished_at, archive.password = "failed", code, clock.now(), ""
    archive.save(update_fields=["state", "failure", "finished_at", "password"])
    note("failed", archive.case, actor=PLATFORM, archive=archive, code=code)
    record(
        "evidence.failed", actor=PLATFORM, subject_type="archive", subject_id=archive.public_id,
        details={"failure": code},
    )  # fmt: skip


def sweep() -> None:
    """What no hint reached or a killed worker left, uploads that expired, and files that nobody knows any more."""
    keys.ensure()
    cache.set("heartbeat:evidence", 1, timeout=HEARTBEAT)
    waiting = Archive.objects.filter(state__in=WAITING)
    for pk in waiting.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]:
        work_on(pk)
    for archive in Archive.objects.exclude(sealed_at=None).exclude(pieces=[]):
        drop_pieces(archive)  # a worker was killed between the two
    left = Archive.objects.filter(state=Archive.State.SHREDDED).exclude(stored="", pieces=[])
    for pk in left.values_list("pk", flat=True):
        forget_files(pk)
    drop_expired()
    drop_unknown()
    analysis.sweep()
    retro.sweep()


def drop_expired() -> int:
    """Throw uploads away whose time is over; of finished ones the row alone is left to go."""
    count = 0
    for upload in Upload.objects.filter(expires_at__lte=clock.now()).select_related("case").order_by("pk")[:AT_ONCE]:
        try:
            terminate(upload)
        except Problem:
            continue  # somebody writes to it this very moment
        count += 1
    return count


def drop_unknown() -> int:
    """Shred the files of cases that were erased with their institution."""
    return storing.shred_unknown(lambda name: Case.objects.filter(public_id=name).exists())
