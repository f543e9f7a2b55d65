"""What is concluded from records once they are there. None of it loses them: a step that fails is begun again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.db import OperationalError
from django.db.models import F

from ingestion.evidence import hunting, matching
from ingestion.evidence.holding import holding
from ingestion.evidence.models import Archive
from iocmarket.kernel import clock

TRIES = 5
AT_ONCE = 20
STEPS: Final[tuple[tuple[str, Callable[[Archive], object]], ...]] = (
    ("matching", matching.match), ("findings", hunting.hunt),
)  # fmt: skip
"""In this order; each may be done again."""
log = logging.getLogger(__name__)


def analyse(archive: Archive) -> None:
    """Every step. The caller holds the archive. A fault is counted, and tried again by the sweep."""
    left = Archive.objects.filter(pk=archive.pk, state=Archive.State.DONE)
    if not left.update(analyses=F("analyses") + 1, analysed_at=None):
        return  # shredded meanwhile
    archive.refresh_from_db()
    failed = [name for name, step in STEPS if not _done(archive, name, step)]
    if not failed:
        left.update(analysed_at=clock.now(), analyses=0)


def _done(archive: Archive, name: str, step: Callable[[Archive], object]) -> bool:
    """Whether it ended well; what went wrong is told in the log without anything of the archive's content."""
    try:
        step(archive)
    except OperationalError:
        raise  # the database is away: the sweep comes back
    except Exception as error:  # noqa: BLE001 (told by `analysed_at`, tried again)
        log.warning("archive %d: %s: %s", archive.pk, name, type(error).__name__)
        return False
    return True


def sweep() -> None:
    """What a killed worker left, and what failed, a few times."""
    left = Archive.objects.filter(state=Archive.State.DONE, analysed_at=None, analyses__lt=TRIES)
    for archive in left.select_related("case").order_by("pk")[:AT_ONCE]:
        with holding(archive.pk) as mine:
            if mine:
                analyse(archive)
