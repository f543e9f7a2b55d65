"""Doing what the table of retention says; each row by itself, so that one that fails holds up no other."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import DatabaseError, transaction

from iocmarket.audit.services import PLATFORM, record
from iocmarket.privacy.retention import Rule, retention

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row; `count` is None where it failed."""

    rule: Rule
    count: int | None


def due() -> list[Outcome]:
    """What `purge` would take now. Changes nothing."""
    return [Outcome(rule, rule.due()) for rule in retention.ordered() if rule.purge and rule.due]


def purge() -> list[Outcome]:
    """Take what is old enough; one event tells how much of what, when there was anything."""
    done = [Outcome(rule, _purged(rule)) for rule in retention.ordered() if rule.purge]
    counts: dict[str, object] = {one.rule.name: one.count for one in done if one.count}
    failed = [one.rule.name for one in done if one.count is None]
    if counts or failed:
        with transaction.atomic():
            details: dict[str, object] = {"counts": counts} | ({"failed": failed} if failed else {})
            record("privacy.purged", actor=PLATFORM, subject_type="privacy", details=details)
    return done


def _purged(rule: Rule) -> int | None:
    if rule.purge is None:
        return None
    try:
        return rule.purge()
    except DatabaseError:
        logger.exception("the retention of %s could not be kept; the next purge tries again", rule.name)
        return None
