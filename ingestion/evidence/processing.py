"""From a stored original to records: the worker's second step, by the confined child of running.py.

Records lie beside the storage on the file system (`storing.results_folder`); the rows hold what became of each
artefact. A step that is begun again writes both anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.evidence import keys, storing
from ingestion.evidence.archives import forget_files
from ingestion.evidence.containers.base import Keys
from ingestion.evidence.custody import note
from ingestion.evidence.models import Archive, ArtefactState
from ingestion.evidence.reasons import ARCHIVES
from ingestion.evidence.running import Origin, Outcome, run
from iocmarket.audit.services import PLATFORM, record
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP

FAILURES: dict[str, Promise] = {
    **ARCHIVES,
    "crashed": _("Processing it ended unexpectedly, again and again."),
    "memory": _("Opening it takes more memory than one archive may."),
    "time": _("Processing it takes longer than one archive may."),
}
CHUNK = 1000


class StorageError(Exception):
    """The disk is full or away: no fault of the archive, which is tried again."""


def process(archive: Archive, private: keys.Private) -> str:
    """Make records of it; the code of FAILURES when that cannot be done, else nothing.

    Raises StorageError; Busy when another process is at it; FileNotFoundError when its original is gone.
    """
    with _at_hand(archive) as file:
        outcome = run(
            file, storing.results_folder(archive), origin=_origin(archive),
            keys=Keys(private.age, private.pem), password=keys.opened(archive.password, private),
            name=archive.filename,
        )  # fmt: skip
    if outcome.code == "storage":
        raise StorageError(outcome.where)
    if outcome.state != "done":
        return outcome.code
    _told(archive, outcome)
    return ""


def _origin(archive: Archive) -> Origin:
    label = TLP(archive.case.tlp).label
    return Origin(str(archive.case.public_id), str(archive.public_id), archive.sha256, clock.stamp(clock.now()), label)


@contextmanager
def _at_hand(archive: Archive) -> Iterator[Path]:
    """The stored original as a file of this machine: where it lies, or a copy for as long as it is read."""
    try:
        yield Path(storing.storage().path(archive.stored))
    except NotImplementedError:  # a storage that is no file system
        with storing.draft() as copy:
            with storing.read(archive.stored) as stored:
                shutil.copyfileobj(stored, copy, 1 << 20)
            copy.flush()
            yield Path(copy.name)


@transaction.atomic
def _told(archive: Archive, outcome: Outcome) -> None:
    """What it brought; of an archive that was shredded meanwhile nothing is kept."""
    held = Archive.objects.select_for_update(of=("self",)).select_related("case").get(pk=archive.pk)
    if held.state == Archive.State.SHREDDED:
        transaction.on_commit(partial(forget_files, held.pk))
        return
    found = outcome.manifest
    held.artefacts.all().delete()
    ArtefactState.objects.bulk_create(
        (_row(held, number, entry) for number, entry in enumerate(found["artefacts"])), batch_size=CHUNK
    )
    held.state, held.failure, held.password, held.finished_at = Archive.State.DONE, "", "", clock.now()
    held.scheme, held.layout, held.key_id = found["scheme"][:40], found["layout"][:20], found["key_id"][:64]
    held.host, held.os, held.records = found["host"][:255], found["os"][:255], found["records"]
    held.collected_at = datetime.fromisoformat(found["collected_at"]) if found["collected_at"] else None
    held.save()
    note(
        "processed", held.case, actor=PLATFORM, archive=held, sha256=held.sha256, records=held.records,
        artefacts=len(found["artefacts"]), errors=found["errors"], rejected=len(found["rejected"]),
    )  # fmt: skip
    record(
        "evidence.processed", actor=PLATFORM, subject_type="archive", subject_id=held.public_id,
        details={"count": held.records},
    )  # fmt: skip


def _row(archive: Archive, number: int, entry: dict[str, Any]) -> ArtefactState:
    volume = f"{entry['volume']}:/" if entry["volume"] else ""
    return ArtefactState(
        archive=archive, number=number, path=_stored_text(f"{volume}{entry['path']}"), size=entry["size"],
        sha256=entry["sha256"], parser=entry["parser"], state=entry["state"], records=entry["records"],
        errors=[{name: _stored_text(said) for name, said in error.items()} for error in entry["errors"]],
        error_count=entry["error_count"],
    )  # fmt: skip


def _stored_text(text: str) -> str:
    """As PostgreSQL takes it: names of files hold what they like, NUL and lone surrogates included."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
