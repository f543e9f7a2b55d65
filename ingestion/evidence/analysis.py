"""What follows once the records of an archive stand: each step reads them, and none can lose them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from ingestion.evidence import hunting
from ingestion.evidence.models import Archive

log = logging.getLogger(__name__)
STEPS: Final[tuple[tuple[str, Callable[[Archive], object]], ...]] = (("findings", hunting.hunt),)
"""In this order; each may be done again."""


def analyse(archive: Archive) -> None:
    """Every step; one that fails is told in the log, with the archive's number and nothing of its content."""
    archive.refresh_from_db()
    if archive.state != Archive.State.DONE:
        return  # shredded meanwhile
    for name, step in STEPS:
        try:
            step(archive)
        except Exception as error:  # noqa: BLE001 (the records stand, whatever a step makes of them)
            log.warning("archive %d: %s: %s", archive.pk, name, type(error).__name__)
