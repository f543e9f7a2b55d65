"""Hints to the worker, and what beat asks for: finding what no hint reached, forgetting what is old."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from ingestion.submissions import idempotency
from ingestion.submissions.models import Submission
from ingestion.submissions.pressure import WAITING
from ingestion.submissions.queueing import hint
from ingestion.submissions.working import work_on
from iocmarket.celery import app
from iocmarket.kernel import clock

SWEEP_SECONDS = 10.0
SILENT = timedelta(seconds=15)
"""A worker that gave no sign of life for so long has lost the submission, or is busy with it: then asking is free."""
FORGET_SECONDS = 3600.0


@app.task(name="submissions.work")
def work(pk: int) -> None:
    """Go on with one submission; come back for the rest, so that others have a turn."""
    if work_on(pk):
        hint(pk)


@app.task(name="submissions.sweep")
def sweep() -> int:
    """Hint at what waits without a worker: the message was lost, or the worker died. How many."""
    silent = Q(beat_at__lt=clock.now() - SILENT) | Q(beat_at=None, created_at__lt=clock.now() - SILENT / 3)
    working = Submission.objects.exclude(held=Submission.Held.HELD)
    found = list(working.filter(silent, state__in=WAITING).order_by("pk").values_list("pk", flat=True)[:100])
    for pk in found:
        hint(pk)
    return len(found)


@app.task(name="submissions.forget")
def forget() -> int:
    """Forget the answers kept for Idempotency-Key that are older than a day."""
    return idempotency.forget_old()


# The registration is here and not in the settings: the core names no task of the houses above it.
app.add_periodic_task(SWEEP_SECONDS, app.signature("submissions.sweep"), name="submissions.sweep")
app.add_periodic_task(FORGET_SECONDS, app.signature("submissions.forget"), name="submissions.forget")
