"""Raw input is kept for some days, then its hash (domain.md, Personal data).

What goes is what was typed: the text or the rows of a submission, the parts of a long one, and what refused lines
said. What stays: the counts, each line's status and reason, and the values that were accepted. Dépôt is no raw input in
this sense: what stands there is deleted by its institution (docs/taxii.md).
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import BinaryField, Case, F, Func, QuerySet, Value, When

from ingestion.submissions.models import Submission, SubmissionItem, SubmissionPart
from iocmarket.audit.services import PLATFORM, record
from iocmarket.kernel import clock

BATCH = 200
"""Submissions in one transaction: a long one has a hundred thousand lines."""


@dataclass(slots=True)
class Purge:
    """How much there is to purge, or was purged."""

    submissions: int = 0
    parts: int = 0
    lines: int = 0
    """Refused lines, whose text goes."""

    def add(self, other: Purge) -> None:
        """Count these too."""
        self.submissions += other.submissions
        self.parts += other.parts
        self.lines += other.lines


def due() -> Purge:
    """What `purge` would do now. Changes nothing."""
    return _counted(_old())


def purge() -> Purge:
    """Purge what is old enough, one transaction and one event of the record for each batch."""
    done = Purge()
    while (batch := _purge_batch()).submissions:
        done.add(batch)
    return done


def _limit() -> datetime:
    return clock.now() - timedelta(days=settings.RAW_INPUT_DAYS)


def _old() -> QuerySet[Submission]:
    """Submissions that are over and whose raw input has lain long enough."""
    over = [Submission.State.DONE, Submission.State.FAILED]
    return Submission.objects.filter(raw_purged_at=None, created_at__lte=_limit(), state__in=over)


def _refused(submissions: QuerySet[Submission] | list[int]) -> QuerySet[SubmissionItem]:
    return SubmissionItem.objects.filter(submission__in=submissions, status=SubmissionItem.Status.REFUSED)


def _counted(submissions: QuerySet[Submission] | list[int]) -> Purge:
    count = submissions.count() if isinstance(submissions, QuerySet) else len(submissions)
    parts = SubmissionPart.objects.filter(submission__in=submissions)
    return Purge(submissions=count, parts=parts.count(), lines=_refused(submissions).count())


@transaction.atomic
def _purge_batch() -> Purge:
    # Another purge at the same time takes others.
    held = _old().select_for_update(skip_locked=True).order_by("created_at")
    ids = list(held.values_list("pk", flat=True)[:BATCH])
    found = _counted(ids)
    if not ids:
        return found
    _keep_hashes(ids)
    SubmissionPart.objects.filter(submission__in=ids).delete()
    _refused(ids).update(input="", detail="")
    record(
        "submission.raw_purged", actor=PLATFORM, subject_type="submission",
        details={"older_than_days": settings.RAW_INPUT_DAYS, **asdict(found)},
    )  # fmt: skip
    return found


def _keep_hashes(ids: list[int]) -> None:
    """SHA-256 of the text as it was stored, by the database; of the parts of a long one, unpacked and in order."""
    octets = Func(F("raw"), Value("UTF8"), function="convert_to", output_field=BinaryField())
    digest = Case(When(raw="", then=None), default=Func(octets, function="sha256"), output_field=BinaryField())
    Submission.objects.filter(pk__in=ids).update(raw_digest=digest, raw="", raw_purged_at=clock.now())
    long = SubmissionPart.objects.filter(submission__in=ids).order_by("submission_id").distinct()
    for pk in long.values_list("submission_id", flat=True):
        Submission.objects.filter(pk=pk).update(raw_digest=_digest_of_parts(pk))


def _digest_of_parts(pk: int) -> bytes:
    digest = hashlib.sha256()
    parts = SubmissionPart.objects.filter(submission_id=pk).order_by("kind", "number")
    for body in parts.values_list("body", flat=True).iterator(chunk_size=1):
        digest.update(zlib.decompress(body))
    return digest.digest()
