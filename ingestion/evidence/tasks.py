"""What the evidence worker is asked: to look at an archive. It alone reads this queue, and has the keys."""

from __future__ import annotations

import logging

from iocmarket.celery import app

QUEUE = "evidence"
SWEEP_SECONDS = 60.0
log = logging.getLogger(__name__)


@app.task(name="evidence.work", ignore_result=True)
def work(pk: int) -> None:
    """Go on with one archive. A hint too many costs nothing: the row is claimed."""
    from ingestion.evidence.working import work_on  # noqa: PLC0415 (services import this module)

    work_on(pk)


@app.task(name="evidence.sweep", ignore_result=True)
def sweep() -> None:
    """Whatever no hint reached, or a killed worker left, and what expired."""
    from ingestion.evidence.working import sweep as swept  # noqa: PLC0415 (same)

    swept()


def hint(pk: int) -> None:
    """Tell the worker. Never raises: without a broker the next sweep finds the row."""
    try:
        work.apply_async((pk,), queue=QUEUE)
    except Exception:  # noqa: BLE001 (whatever the broker does, the archive stands)
        log.warning("the broker does not answer; the sweep will find archive %d", pk)


# The registration is here and not in the settings: the core names no task of the houses above it.
app.add_periodic_task(
    SWEEP_SECONDS, app.signature("evidence.sweep", options={"queue": QUEUE}), name="evidence.sweep"
)  # fmt: skip
