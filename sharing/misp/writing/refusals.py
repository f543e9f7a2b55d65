"""What is refused, in MISP's shape: `saved` false, and by field what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ingestion.submissions.drafts import InvalidRequest
from ingestion.submissions.pressure import ComeBackLater
from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from sharing.misp.frame import NotSaved

_FIELDS = {"value": "value", "type": "type", "uuid": "uuid", "info": "info", "tag": "tag", "values": "values"}


@contextmanager
def told_as(name: str) -> Iterator[None]:
    """Turn refusals into MISP's answer: `Could not …`. Raises NotSaved, or Problem 429 when there is too much."""
    try:
        yield
    except ComeBackLater as later:
        raise Problem(429, later.code, later.detail, wait=later.wait) from later
    except InvalidRequest as invalid:
        raise NotSaved(name, errors_of(*invalid.faults)) from invalid
    except Refusal as refusal:
        raise NotSaved(name, errors_of(refusal)) from refusal
    except Problem as problem:
        if problem.status_code not in {400, 422}:
            raise
        raise NotSaved(name, {_field(problem.where): [f"{problem.detail} ({problem.code})"]}) from problem


def errors_of(*refusals: Refusal) -> dict[str, list[str]]:
    """Refusals by the field that each is about."""
    found: dict[str, list[str]] = {}
    for refusal in refusals:
        found.setdefault(_field(refusal.where), []).append(f"{refusal.detail} ({refusal.code})")
    return found


def _field(where: str) -> str:
    """The field that a place names: `/Event/0/Tag` is the tag's, `?tlp` of the event."""
    last = where.rstrip("/").rpartition("/")[2].lstrip("?").lower()
    return _FIELDS.get(last, last if last and not last.isdigit() else "value")
