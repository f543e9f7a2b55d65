"""Taking a long submission on: everything of it is stored in one transaction, and the worker is told."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial

from django.conf import settings
from django.db import transaction

from ingestion.stolen.services import tell_owners
from ingestion.submissions import pressure
from ingestion.submissions.addressees import addressees_of
from ingestion.submissions.choices import place
from ingestion.submissions.drafts import InvalidRequest, Sending
from ingestion.submissions.models import Submission, SubmissionPart
from ingestion.submissions.parts import RED_IN_LONG, in_parts, packed, packed_text
from ingestion.submissions.receiving import Long
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

log = logging.getLogger(__name__)
TEXT_PIECE = 256 * 1024
"""Characters of a text that are read in one step, about a second's work."""


@transaction.atomic
def enqueue(sent: Long, *, viewer: Viewer, channel: Submission.Channel) -> Submission:
    """Store it for the worker. Raises Refusal as `addressees_of` and `check_queue` do, InvalidRequest(413)."""
    pressure.check_queue(viewer.institution_id)
    frame = Sending(
        drafts=(), choices=sent.choices, report=sent.report, stories=sent.stories, defaults_at=sent.defaults_at
    )
    if sent.choices.tlp is TLP.RED:
        raise Refusal("red_in_long", RED_IN_LONG, where=place(sent.defaults_at, "tlp"))
    addressees_of(frame, viewer=viewer)  # names that nobody has are told at once
    submission = Submission.objects.create(
        institution_id=viewer.institution_id,
        author_id=viewer.member_id,
        token_id=viewer.token_id,
        channel=channel,
        state=Submission.State.QUEUED,
        defaults=dict(sent.given),
        report=_stored(sent),
        lines_without_indicator=list(sent.lines_without_indicator),
    )
    count, parts = _store_entries(submission, sent)
    texts = _store_text(submission, sent.text)
    submission.expected = None if texts else count
    submission.parts = parts + texts
    submission.save(update_fields=["expected", "parts"])
    pressure.check_queue(viewer.institution_id)
    # A text that nobody has read yet counts as what the queue takes it for.
    pressure.check_rate(viewer, count + pressure.UNREAD * texts)
    tell_owners(sent.accounts, actor=Actor.of(viewer))
    record(
        "submission.queued", actor=Actor.of(viewer), subject_type="submission", subject_id=submission.public_id,
        details={"channel": channel.value, "expected": submission.expected},
    )  # fmt: skip
    transaction.on_commit(partial(hint, submission.pk), robust=True)
    return submission


def _stored(sent: Long) -> dict[str, object]:
    """Its report, or its several ones, until the worker makes them (`working`)."""
    if sent.stories:
        return {"stories": [asdict(story) for story in sent.stories]}
    return asdict(sent.report) if sent.report else {}


def hint(pk: int) -> None:
    """Tell the workers. Never raises: without a broker the sweeper finds the row."""
    from ingestion.submissions.tasks import work  # noqa: PLC0415 (tasks import this module)

    try:
        work.delay(pk)
    except Exception:  # noqa: BLE001 (whatever the broker does, the submission stands)
        log.warning("the broker does not answer; the sweeper will find submission %d", pk)


def _store_entries(submission: Submission, sent: Long) -> tuple[int, int]:
    """How many items and parts."""
    count = number = 0
    for number, entries in enumerate(in_parts(sent.entries), start=1):
        part = SubmissionPart(submission=submission, number=number - 1, first=count, body=packed(entries))
        part.save(force_insert=True)
        count += len(entries)
        if count > settings.BULK_MAX_ITEMS:
            raise too_many()
    return count, number


def too_many() -> InvalidRequest:
    """The refusal of more items than one submission may have."""
    detail = f"more than {settings.BULK_MAX_ITEMS} items: send them in parts"
    return InvalidRequest([Refusal("too_many_items", detail)], status=413)


def _store_text(submission: Submission, lines: Iterable[str]) -> int:
    number = 0
    for number, (first, text) in enumerate(_pieces(lines), start=1):
        part = SubmissionPart(
            submission=submission, kind=SubmissionPart.Kind.TEXT, number=number - 1, first=first, body=packed_text(text)
        )
        part.save(force_insert=True)
    return number


def _pieces(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The number of the first line and the text of each piece; it ends at a blank line where there is one in time."""
    held: list[str] = []
    length, first = 0, 1
    for line in lines:
        held.append(line)
        length += len(line)
        if length >= 2 * TEXT_PIECE or (length >= TEXT_PIECE and not line.strip()):
            yield first, "".join(held)
            first, length, held = first + len(held), 0, []
    if held:
        yield first, "".join(held)
