"""The contract's answer to a submission, fresh or read again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ingestion.submissions.models import Submission, SubmissionItem
from ingestion.submissions.planning import Planned
from ingestion.submissions.services import Outcome
from iocmarket.indicators.models import Indicator


def answer_to(outcome: Outcome) -> dict[str, Any]:
    """Of a submission just made, or of a dry run (then without `id`)."""
    body: dict[str, Any] = {
        "id": str(outcome.public_id) if outcome.public_id else None,
        "state": Submission.State.DONE.value,
        "counts": outcome.counts,
        "items": [_fresh(item, outcome.indicators.get(item.digest)) for item in outcome.items],
        "lines_without_indicator": list(outcome.lines_without_indicator),
    }
    if outcome.public_id:
        body["items_url"] = items_url(outcome.public_id)
    else:
        body["dry_run"] = True
    return body


def answer_again(submission: Submission) -> dict[str, Any]:
    """Of a submission read from the database."""
    items = submission.items.select_related("indicator").order_by("index")
    return {
        "id": str(submission.public_id),
        "state": submission.state,
        "counts": {name: getattr(submission, name) for name in ("received", "accepted", "refreshed", "refused")},
        "items": [_stored(item) for item in items],
        "lines_without_indicator": submission.lines_without_indicator,
        "items_url": items_url(submission.public_id),
    }


def items_url(public_id: UUID) -> str:
    """Where the answer can be read again."""
    return f"/api/v1/submissions/{public_id}"


def _fresh(item: Planned, indicator: Indicator | None) -> dict[str, Any]:
    draft = item.draft
    return {
        "index": draft.index,
        "line": draft.line,
        "input": draft.input,
        "type": draft.type or None,
        "value": draft.canonical.value if draft.canonical else None,
        "status": item.status,
        "reason": item.refusal.code if item.refusal else None,
        "detail": item.refusal.detail if item.refusal else None,
        "indicator": str(indicator.public_id) if indicator else None,
        "known": item.known > 0,
        "warnings": item.warnings,
    }


def _stored(item: SubmissionItem) -> dict[str, Any]:
    return {
        "index": item.index,
        "line": item.line,
        "input": item.input,
        "type": item.type or None,
        "value": item.value or None,
        "status": item.status,
        "reason": item.reason or None,
        "detail": item.detail or None,
        "indicator": str(item.indicator.public_id) if item.indicator else None,
        "known": item.known,
        "warnings": item.warnings,
    }
