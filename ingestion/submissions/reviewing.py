"""Long submissions that look like poison wait for an administrator: nothing of them is shared before.

Looked at is how much of it no feed may block anyway (assets of members, warning lists, networks too wide, private
addresses): who sends much of that sends what nobody looked at, and the rest deserves a look too. Administrators see
figures and no values (domain.md, Member); the institution sees that it waits, and can take it back.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from ingestion.submissions.choices import Choices
from ingestion.submissions.models import Submission, SubmissionPart
from ingestion.submissions.parts import drafts_of, unpacked
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.assets import guarding
from iocmarket.indicators.guard import guard, subject_of
from iocmarket.kernel.decision import Refusal

SAMPLE = 2000
"""Items that are looked at, taken at random: an attacker does not know which."""
LEAST, SHARE = 100, 0.10
"""Held is what has so many guarded values, and so much of it. Real reports of campaigns stay below."""


def assess(submission: Submission, choices: Choices) -> dict[str, Any] | None:
    """The figures for which it has to wait, or None. Asked before anything of it is merged."""
    parts = submission.held_parts.filter(kind=SubmissionPart.Kind.ENTRIES)
    each = max(1, SAMPLE // max(1, submission.parts))
    by, reasons = guarding(), Counter[str]()
    looked = 0
    for body in parts.values_list("body", flat=True).iterator(chunk_size=8):
        entries = unpacked(body)
        some = random.sample(entries, min(each, len(entries)))
        looked += len(some)
        for draft in drafts_of(some, first=0, choices=choices):
            if draft.canonical is not None:
                subject = subject_of(draft.type, draft.canonical.value, subtree=bool(draft.canonical.subtree))
                if not (decision := guard(subject, *by)):
                    reasons[decision.reason] += 1
    guarded = reasons.total()
    if not looked or guarded / looked < SHARE or guarded / looked * (submission.expected or looked) < LEAST:
        return None
    return {"looked": looked, "guarded": guarded, "reasons": dict(sorted(reasons.items()))}


def hold(submission: Submission, figures: dict[str, Any]) -> None:
    """Let it wait, in the caller's transaction, which holds its row."""
    submission.held, submission.held_figures = Submission.Held.HELD, figures
    submission.state, submission.attempts = Submission.State.QUEUED, 0
    submission.save(update_fields=["held", "held_figures", "state", "attempts"])
    actor = Actor(
        member_id=submission.author_id, token_id=submission.token_id, institution_id=submission.institution_id
    )
    record(
        "submission.held", actor=actor, subject_type="submission", subject_id=submission.public_id,
        details={"count": figures["guarded"]},
    )  # fmt: skip


def waiting() -> QuerySet[Submission]:
    """What waits for an administrator, the oldest first."""
    held = Submission.objects.filter(held=Submission.Held.HELD, state=Submission.State.QUEUED)
    return held.select_related("institution").order_by("pk")


@transaction.atomic
def release(public_id: UUID, *, actor: Actor) -> None:
    """Let it be shared like any other. Raises Refusal(`not_held`)."""
    submission = _held(public_id)
    submission.held = Submission.Held.RELEASED
    submission.save(update_fields=["held"])
    record("submission.released", actor=actor, subject_type="submission", subject_id=public_id, details={})
    from ingestion.submissions.queueing import hint  # noqa: PLC0415 (it reads bodies, which this does not)

    transaction.on_commit(lambda: hint(submission.pk), robust=True)


@transaction.atomic
def refuse(public_id: UUID, *, actor: Actor) -> None:
    """End it: nothing of it is ever shared. Raises Refusal(`not_held`)."""
    submission = _held(public_id)
    submission.held_parts.all().delete()
    submission.state, submission.failure = Submission.State.FAILED, "refused_in_review"
    submission.failure_detail = "an administrator refused to share it"
    submission.save(update_fields=["state", "failure", "failure_detail"])
    record("submission.refused_in_review", actor=actor, subject_type="submission", subject_id=public_id, details={})


def _held(public_id: UUID) -> Submission:
    found = Submission.objects.select_for_update().filter(
        public_id=public_id, held=Submission.Held.HELD, state=Submission.State.QUEUED
    )
    submission = found.first()
    if submission is None:
        raise Refusal("not_held", "it does not wait for a decision any more")
    return submission
