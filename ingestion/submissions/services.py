"""Submitting: the only writer of submissions and contributions.

`preview` answers what `submit` would, without storing anything; both go through the same planning.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from ingestion.enrichment.services import request_enrichment
from ingestion.stolen.services import tell_owners
from ingestion.submissions.addressees import Addressees, addressees_of
from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import ReportDraft, Sending
from ingestion.submissions.items import store_items
from ingestion.submissions.merging import Merge, merge, rehearse, settled_values
from ingestion.submissions.models import Submission
from ingestion.submissions.planning import ACCEPTED, REFRESHED, REFUSED, Planned, note_known, plan
from ingestion.submissions.values import Held, find
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.models import Report
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a submission; `public_id` is None for a preview."""

    public_id: UUID | None
    items: list[Planned]
    indicators: dict[bytes, Held]
    lines_without_indicator: tuple[int, ...]

    def count(self, status: str) -> int:
        """How many items ended so."""
        return sum(item.status == status for item in self.items)

    @property
    def counts(self) -> dict[str, int]:
        """received = accepted + refreshed + refused, always."""
        return {
            "received": len(self.items),
            "accepted": self.count(ACCEPTED),
            "refreshed": self.count(REFRESHED),
            "refused": self.count(REFUSED),
        }


def preview(sending: Sending, *, viewer: Viewer) -> Outcome:
    """What would happen, item by item. Raises Refusal as `addressees_of` does. Stores nothing."""
    items = plan(sending.drafts)
    held = find({item.digest for item in items if item.kept})
    note_known(items, held, viewer=viewer)
    context = Merge(
        viewer=viewer,
        report=None,
        submission=uuid4(),
        addressees=addressees_of(sending, viewer=viewer),
        moment=clock.now(),
    )
    for report, told in _by_report(items, sending):
        rehearse(told, held, context=replace(context, report=_standing_report(report, sending, viewer)))
    return Outcome(
        public_id=None,
        items=items,
        indicators={},
        lines_without_indicator=sending.lines_without_indicator,
    )


@transaction.atomic
def submit(
    sending: Sending, *, viewer: Viewer, channel: Submission.Channel, received_at: datetime | None = None
) -> Outcome:
    """Store a submission and answer item by item. Raises Refusal as `addressees_of` does.

    `received_at` dates it in the past: for the demonstration community and for moving in from another platform.
    """
    moment = received_at or clock.now()
    addressees = addressees_of(sending, viewer=viewer)
    items = plan(sending.drafts)
    public_id = uuid4()
    context = Merge(
        viewer=viewer,
        report=None,
        submission=public_id,
        addressees=addressees,
        moment=moment,
    )
    indicators = settled_values(items, context=context)
    note_known(items, indicators, viewer=viewer)
    changed = _merged(items, indicators, sending=sending, context=context)
    outcome = Outcome(
        public_id=public_id,
        items=items,
        indicators=indicators,
        lines_without_indicator=sending.lines_without_indicator,
    )
    submission = _store(public_id, outcome, sending=sending, viewer=viewer, channel=channel, moment=moment)
    store_items(submission, outcome.items, indicators)
    record(
        "submission.received", actor=Actor.of(viewer), subject_type="submission", subject_id=public_id,
        details={"channel": channel.value, **outcome.counts, **_said_of(changed)},
    )  # fmt: skip
    tell_owners(sending.accounts, actor=Actor.of(viewer))
    request_enrichment(row.pk for row in indicators.values())
    return outcome


def take(sending: Sending, *, submission: Submission, viewer: Viewer, addressees: Addressees) -> None:
    """Merge one part of a long submission within the caller's transaction, which holds the submission's row.

    Enrichment is not asked for: its sweeper walks over what is new within a minute, and the merge goes first.
    """
    moment = clock.now()
    items = plan(sending.drafts)
    context = Merge(
        viewer=viewer,
        report=None,
        submission=submission.public_id,
        addressees=addressees,
        moment=moment,
    )
    indicators = settled_values(items, context=context)
    note_known(items, indicators, viewer=viewer, submission=submission)
    changed = _merged(items, indicators, sending=sending, context=context)
    store_items(submission, items, indicators)
    outcome = Outcome(public_id=submission.public_id, items=items, indicators=indicators, lines_without_indicator=())
    for name, count in outcome.counts.items():
        setattr(submission, name, getattr(submission, name) + count)
    submission.save(update_fields=list(outcome.counts))
    record(
        "submission.part", actor=Actor.of(viewer), subject_type="submission", subject_id=submission.public_id,
        details={"first": sending.drafts[0].index if sending.drafts else 0, **outcome.counts, **_said_of(changed)},
    )  # fmt: skip


def _said_of(changed_markings: dict[str, int]) -> dict[str, object]:
    """What the record of acts says of markings that a refresh made stricter."""
    return {"markings": changed_markings} if changed_markings else {}


def is_in_person(sending: Sending) -> bool:
    """Whether anything in it is TLP:RED: then the whole of it is its author's alone."""
    return any(choices.tlp is TLP.RED for choices in (sending.choices, *(draft.choices for draft in sending.drafts)))


def _by_report(items: list[Planned], sending: Sending) -> list[tuple[ReportDraft | None, list[Planned]]]:
    """The items of each report in the order of the reports, last those of none; the one report also without any."""
    if not sending.stories:
        return [(sending.report, items)]
    numbers = sorted({item.draft.story for item in items}, key=lambda number: (number is None, number))
    return [
        (None if number is None else sending.stories[number], [item for item in items if item.draft.story == number])
        for number in numbers
    ]


def _merged(items: list[Planned], indicators: dict[bytes, Held], *, sending: Sending, context: Merge) -> dict[str, int]:
    """Store what every kept item says, each in its report. How many markings changed, as `merge` tells it."""
    changed: Counter[str] = Counter()
    for draft, told in _by_report(items, sending):
        report = None if draft is None else _report(draft, sending, context)
        changed.update(merge(told, indicators, context=replace(context, report=report)))
    return dict(changed)


def _own_reports(choices: Choices, viewer: Viewer) -> dict[str, Any]:
    """Whose reports of that title a submission joins: the institution's, or for TLP:RED the person's own."""
    if choices.tlp is TLP.RED:
        return {"institution_id": viewer.institution_id, "author_id": viewer.member_id, "tlp": TLP.RED}
    return {"institution_id": viewer.institution_id, "tlp__lt": TLP.RED}


def _standing_report(draft: ReportDraft | None, sending: Sending, viewer: Viewer) -> Report | None:
    """The report that items would join; one that does not exist yet joins nothing and has no statements."""
    if draft is None:
        return None
    held = Report.objects.filter(title=draft.title, **_own_reports(sending.choices_of(draft), viewer)).first()
    return held or Report(pk=0, title=draft.title)


def _report(draft: ReportDraft, sending: Sending, context: Merge) -> Report:
    choices, viewer, addressees = sending.choices_of(draft), context.viewer, context.addressees
    found, made = Report.objects.get_or_create(
        title=draft.title,
        **_own_reports(choices, viewer),
        defaults={
            "institution_id": viewer.institution_id,
            "author_id": viewer.member_id,
            "description": draft.description,
            "tlp": choices.tlp,
            "pap": choices.pap,
            "audience": choices.audience,
            "recipients": addressees.recipients(choices),
            "named_members": addressees.named_members(choices),
            "circle_id": addressees.circle(choices),
            "created_at": context.moment,
        },
    )
    if not made and draft.description and draft.description != found.description:
        Report.objects.filter(pk=found.pk).update(description=draft.description)
    return found


def _store(
    public_id: UUID,
    outcome: Outcome,
    *,
    sending: Sending,
    viewer: Viewer,
    channel: Submission.Channel,
    moment: datetime,
) -> Submission:
    return Submission.objects.create(
        public_id=public_id,
        institution_id=viewer.institution_id,
        author_id=viewer.member_id,
        in_person=is_in_person(sending),
        token_id=viewer.token_id,
        channel=channel,
        raw=sending.raw,
        defaults=dict(sending.given),
        lines_without_indicator=list(sending.lines_without_indicator),
        created_at=moment,
        **outcome.counts,
    )
