"""The worker's side of a long submission: one part after the other, each in one transaction with its progress.

A worker that is killed leaves the last committed part behind it, and whoever comes next goes on there: every item is
in exactly once. Two workers never have the same submission (an advisory lock that dies with its connection), and if
they had, the row's own lock would make the second find the part done.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, transaction

from ingestion.submissions import reviewing
from ingestion.submissions.addressees import Addressees, addressees_of
from ingestion.submissions.choices import QUERY, Choices, read_choices
from ingestion.submissions.drafts import Draft, ReportDraft, Sending, from_text
from ingestion.submissions.models import Submission, SubmissionPart
from ingestion.submissions.parts import drafts_of, entry_of_draft, in_parts, packed, unpacked, unpacked_text
from ingestion.submissions.remarks import read_labels, written_labels
from ingestion.submissions.services import take
from iocmarket.accounts.viewer import Viewer, viewer_of_member, viewer_of_token
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.turns import take_turn
from iocmarket.locks import session_lock

log = logging.getLogger(__name__)
LOCK_SPACE = 0x10C3 << 32
TRIES = 5
"""How often a part is begun: whatever makes it fail, or kills the worker, may be over the next time."""


class Hopeless(Exception):  # noqa: N818 (an outcome to tell, like Refusal)
    """The submission cannot go on at all."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def work_on(pk: int) -> bool:
    """Go on with one submission for a turn. Whether there is more to do. Returns at once when another worker has it."""
    with session_lock(LOCK_SPACE + pk, wait=False) as mine:
        return mine and take_turn(partial(_step, pk))


def _step(pk: int) -> bool:
    """One part. Whether there may be another."""
    if not _begin(pk):
        return False
    try:
        with transaction.atomic():
            _without_waiting()
            submission = Submission.objects.select_for_update().get(pk=pk)
            return not submission.is_finished and _do(submission)
    except OperationalError:
        raise  # the database is away, not the part at fault: the sweeper comes back
    except Hopeless as hopeless:
        _fail(pk, hopeless.code, hopeless.detail)
        return False
    except Exception as error:  # noqa: BLE001 (tried again, then told)
        # Only the kind of the error: its text may quote a value, and values enter no log.
        log.warning("submission %d: %s", pk, type(error).__name__)
        return True


@transaction.atomic
def _begin(pk: int) -> bool:
    """Give a sign of life and count the attempt, whatever becomes of it. Whether there is something to do."""
    cache.set("heartbeat:worker", 1, timeout=60)
    _without_waiting()
    submission = Submission.objects.select_for_update().filter(pk=pk).first()
    if submission is None or submission.is_finished or submission.held == Submission.Held.HELD:
        return False
    if submission.attempts >= TRIES:
        done = submission.received
        _finish(
            submission, Submission.State.FAILED, "part_failed",
            f"items from number {done} on could not be taken, after {TRIES} attempts; those before are shared",
        )  # fmt: skip
        return False
    submission.state = Submission.State.RUNNING
    submission.attempts += 1
    submission.beat_at = clock.now()
    submission.save(update_fields=["state", "attempts", "beat_at"])
    return True


def _without_waiting() -> None:
    """Commit without waiting for the disk. A part that a crash of the server takes is begun again, since its progress
    goes with it; and whatever is published after it waits for the disk, which keeps all that went before.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _do(submission: Submission) -> bool:
    """Read one piece of text, else merge one part. Whether there is another."""
    held = submission.held_parts.order_by("number")
    text = held.filter(kind=SubmissionPart.Kind.TEXT).first()
    if text is not None:
        _read(submission, text)
        return True
    if not submission.parts_done and submission.held == Submission.Held.NO:
        figures = reviewing.assess(submission, _choices(submission))
        if figures is not None:
            reviewing.hold(submission, figures)
            return False
    part = held.filter(kind=SubmissionPart.Kind.ENTRIES, number=submission.parts_done).first()
    if part is not None:
        _merge(submission, part)
    if submission.parts_done >= submission.parts:
        _finish(submission, Submission.State.DONE)
        return False
    return True


def _read(submission: Submission, text: SubmissionPart) -> None:
    """Put what is found in one piece of text after what there is already, and forget the piece."""
    choices = _choices(submission)
    sending = from_text(
        unpacked_text(text.body), choices=choices, given=submission.defaults, labels=read_labels(submission.labels)
    )
    before = text.first - 1
    last = submission.held_parts.filter(kind=SubmissionPart.Kind.ENTRIES).order_by("-number").first()
    number, index = (last.number + 1, last.first + len(unpacked(last.body))) if last else (0, 0)
    drafts = (replace(draft, line=draft.line + before) for draft in sending.drafts)
    for piece in in_parts(map(entry_of_draft, drafts)):
        SubmissionPart.objects.create(submission=submission, number=number, first=index, body=packed(piece))
        number, index = number + 1, index + len(piece)
    if index > settings.BULK_MAX_ITEMS:
        raise Hopeless("too_many_items", f"more than {settings.BULK_MAX_ITEMS} items: send them in parts")
    text.delete()
    more = submission.held_parts.filter(kind=SubmissionPart.Kind.TEXT).count()
    submission.lines_without_indicator += [line + before for line in sending.lines_without_indicator]
    submission.parts = number + more
    submission.expected = None if more else index
    submission.attempts = 0
    submission.labels = written_labels(sending.labels)
    submission.save(update_fields=["lines_without_indicator", "parts", "expected", "attempts", "labels"])


def _merge(submission: Submission, part: SubmissionPart) -> None:
    viewer = _viewer(submission)
    choices = _choices(submission)
    drafts = drafts_of(unpacked(part.body), first=part.first, choices=choices)
    held = dict(submission.report)
    stories = tuple(ReportDraft(**story) for story in held.pop("stories", ()))
    report = ReportDraft(**held) if held else None
    sending = Sending(drafts=drafts, choices=choices, report=report, stories=stories, given=submission.defaults)
    sending, addressees = _addressed(sending, viewer)
    take(sending, submission=submission, viewer=viewer, addressees=addressees)
    submission.parts_done += 1
    submission.attempts = 0
    submission.save(update_fields=["parts_done", "attempts"])


def _addressed(sending: Sending, viewer: Viewer) -> tuple[Sending, Addressees]:
    """The ids of all that are named; an item that names nobody we know is refused alone."""
    try:
        return sending, addressees_of(sending, viewer=viewer)
    except Refusal:
        refused: dict[int, Refusal | None] = {}
        for draft in sending.drafts:
            if id(draft.choices) not in refused:
                refused[id(draft.choices)] = _fault_of(draft, sending, viewer)
        drafts = tuple(_without(draft, refused[id(draft.choices)], sending.choices) for draft in sending.drafts)
        rest = replace(sending, drafts=drafts)
        return rest, addressees_of(rest, viewer=viewer)


def _fault_of(draft: Draft, sending: Sending, viewer: Viewer) -> Refusal | None:
    try:
        addressees_of(Sending(drafts=(), choices=draft.choices, defaults_at=sending.defaults_at), viewer=viewer)
    except Refusal as refusal:
        return refusal
    return None


def _without(draft: Draft, refusal: Refusal | None, choices: Choices) -> Draft:
    if refusal is None:
        return draft
    return replace(draft, canonical=None, refusal=draft.refusal or refusal, choices=choices)


def _choices(submission: Submission) -> Choices:
    """The defaults as they were given. Raises Hopeless when time has made them impossible."""
    try:
        return read_choices(submission.defaults, base=Choices(), where=QUERY, own=False)
    except Refusal as refusal:
        raise Hopeless(refusal.code, refusal.detail) from refusal


def _viewer(submission: Submission) -> Viewer:
    """The sender as it is now. Raises Hopeless for one that is not let in any more."""
    lost = Hopeless("sender_gone", "the sender is not let in any more; what was not taken yet is not shared")
    if not submission.institution.is_approved:
        raise lost
    if submission.token is not None:
        if not submission.token.is_usable(clock.now()):
            raise lost
        return viewer_of_token(submission.token)
    try:
        if submission.author is None:
            raise lost
        return viewer_of_member(submission.author)
    except PermissionError as error:
        raise lost from error


@transaction.atomic
def _fail(pk: int, code: str, detail: str) -> None:
    submission = Submission.objects.select_for_update().get(pk=pk)
    if not submission.is_finished:
        _finish(submission, Submission.State.FAILED, code, detail)


def stop(submission: Submission) -> None:
    """End one that waits or runs, in the caller's transaction, which holds its row: nothing more of it is shared."""
    submission.held_parts.all().delete()
    _finish(submission, Submission.State.FAILED, "taken_back", "taken back by its institution before its end")


def _finish(submission: Submission, state: Submission.State, code: str = "", detail: str = "") -> None:
    submission.state = state
    submission.finished_at = clock.now()
    submission.failure, submission.failure_detail = code, detail
    submission.save(update_fields=["state", "finished_at", "failure", "failure_detail"])
    actor = Actor(
        member_id=submission.author_id, token_id=submission.token_id, institution_id=submission.institution_id
    )
    record(
        f"submission.{state.value}", actor=actor, subject_type="submission", subject_id=submission.public_id,
        details={"received": submission.received, "failure": code},
    )  # fmt: skip
