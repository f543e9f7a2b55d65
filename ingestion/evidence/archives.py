"""Archives: read, and shredded. The worker's side is in working.py."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.db import transaction

from ingestion.evidence import storing
from ingestion.evidence.custody import note
from ingestion.evidence.models import Archive
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock


def archive_read(public_id: UUID, viewer: Viewer) -> Archive | None:
    """One archive that the viewer sees, and the record of it being read."""
    with transaction.atomic():
        found = Archive.objects.visible_to(viewer).select_related("case").filter(public_id=public_id).first()
        if found is not None:
            record(
                "evidence.archive_read", actor=Actor.of(viewer), subject_type="archive", subject_id=found.public_id,
                details={},
            )  # fmt: skip
    return found


@transaction.atomic
def records_read(public_id: UUID, viewer: Viewer) -> Archive | None:
    """One archive that the viewer sees, and the record of its records being read."""
    found = Archive.objects.visible_to(viewer).select_related("case").filter(public_id=public_id).first()
    if found is not None:
        record(
            "evidence.records_read", actor=Actor.of(viewer), subject_type="archive", subject_id=found.public_id,
            details={},
        )  # fmt: skip
    return found


@transaction.atomic
def shred(archive: Archive, *, actor: Actor) -> bool:
    """Destroy the bytes and everything made of them; hash, size and the chain of custody stay. Twice is once.

    The files go once the transaction stands; until they are gone `stored` or `pieces` names them, for the sweeper.
    """
    held = Archive.objects.select_for_update(of=("self",)).select_related("case").get(pk=archive.pk)
    if held.state == Archive.State.SHREDDED:
        return False
    held.state, held.password, held.finished_at = Archive.State.SHREDDED, "", clock.now()
    held.host = held.os = ""
    held.save(update_fields=["state", "password", "finished_at", "host", "os"])
    held.artefacts.all().delete()
    held.findings.all().delete()
    held.hits.all().delete()
    note("shredded", held.case, actor=actor, archive=held, sha256=held.sha256)
    record(
        "evidence.shredded", actor=actor, subject_type="archive", subject_id=held.public_id,
        details={"size": held.size},
    )  # fmt: skip
    transaction.on_commit(partial(forget_files, held.pk))
    return True


def forget_files(pk: int) -> None:
    """Shred what is left of the files of a shredded archive."""
    held = Archive.objects.select_related("case").get(pk=pk)
    if held.state != Archive.State.SHREDDED:
        return
    drop_pieces(held)
    storing.shred_archive(held)
    held.stored = ""
    held.save(update_fields=["stored"])


def drop_pieces(archive: Archive) -> None:
    """Shred the pieces in which it came."""
    if archive.pieces:
        storing.shred_pieces(archive.case, archive.arrival, len(archive.pieces))
        archive.pieces = []
        archive.save(update_fields=["pieces"])
