"""The contract's answer to a submission, fresh or read again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ingestion.submissions.models import Submission, SubmissionItem
from ingestion.submissions.planning import Planned
from ingestion.submissions.services import Outcome
from ingestion.submissions.values import Held


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
        body["items_url"] = url_of(outcome.public_id)
    else:
        body["dry_run"] = True
    return body


def answer_again(submission: Submission) -> dict[str, Any]:
    """Of a submission read from the database."""
    if submission.is_long:
        return _progress(submission)
    items = submission.items.select_related("indicator").order_by("index")
    return {**_head(submission), "items": [_stored(item) for item in items], "items_url": url_of(submission.public_id)}


def _progress(submission: Submission) -> dict[str, Any]:
    """Of one that the worker takes: its items are read page by page, also while it runs."""
    failure = {"code": submission.failure, "detail": submission.failure_detail} if submission.failure else None
    return {
        **_head(submission),
        "items": [],
        "items_url": f"{url_of(submission.public_id)}/items",
        "expected": submission.expected,
        "held": submission.held == Submission.Held.HELD and not submission.is_finished,
        "failure": failure,
    }


def page_of(submission: Submission, *, after: int, limit: int) -> dict[str, Any]:
    """Items with a higher index, and where the next ones are; a submission that still runs always has a next page."""
    items = submission.items.select_related("indicator").filter(index__gt=after).order_by("index")[: limit + 1]
    found = [_stored(item) for item in items]
    more = len(found) > limit
    found = found[:limit]
    last = found[-1]["index"] if found else after
    return {"items": found, "next": str(last) if more or not submission.is_finished else None}


def _head(submission: Submission) -> dict[str, Any]:
    return {
        "id": str(submission.public_id),
        "state": submission.state,
        "counts": {name: getattr(submission, name) for name in ("received", "accepted", "refreshed", "refused")},
        "lines_without_indicator": submission.lines_without_indicator,
    }


def url_of(public_id: UUID) -> str:
    """Where the answer can be read again."""
    return f"/api/v1/submissions/{public_id}"


def _fresh(item: Planned, indicator: Held | None) -> dict[str, Any]:
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
        "lists": [{"name": hit.name, "version": hit.version, "severity": hit.severity.value} for hit in item.lists],
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
        "lists": [dict(zip(_HIT, held.split(" "), strict=True)) for held in item.lists],
    }


_HIT = ("name", "version", "severity")
