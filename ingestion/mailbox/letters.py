"""The answer to a forwarded mail: counts, each line, and where it can be read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from ingestion.mailbox.reasons import said
from ingestion.submissions.drafts import Sending
from ingestion.submissions.planning import REFUSED, Planned
from ingestion.submissions.reasons import REASONS, WARNINGS
from ingestion.submissions.services import Outcome, is_in_person
from iocmarket.accounts.member_letters import write_to
from iocmarket.accounts.models import Member
from iocmarket.kernel.decision import Refusal
from iocmarket.web.defanged import defang
from iocmarket.web.mails import one_line

LINES_MAX = 100
"""Lines of one submission that the letter repeats; all of them are on its page."""
VALUE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the answer."""

    value: str
    type: str
    refused: bool
    notes: tuple[object, ...]
    """Sentences, translated when the letter is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one part of the mail: shared, waiting for the worker (no counts), or not taken (`refusal`)."""

    name: str
    submission: UUID | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[Told, ...] = ()
    more: int = 0
    refusal: object = ""

    @property
    def link(self) -> str:
        """The page on which all of it can be read."""
        return settings.PUBLIC_URL + reverse("shared", args=[self.submission]) if self.submission else ""


def shared(name: str, outcome: Outcome, sending: Sending) -> Result:
    """Of a submission that was made at once. What is TLP:RED stands in no mail: only how much it was."""
    told = () if is_in_person(sending) else tuple(map(_told, outcome.items[:LINES_MAX]))
    return Result(
        name=one_line(name), submission=outcome.public_id, counts=outcome.counts, lines=told,
        more=len(outcome.items) - len(told),
    )  # fmt: skip


def failed(name: str, refusal: Refusal) -> Result:
    """Of a part that was not taken."""
    return Result(name=one_line(name), refusal=said(refusal))


def answer(member: Member, subject: str, results: list[Result]) -> None:
    """Tell the sender, once the transaction stands."""
    write_to(member, "mail_taken", {"subject": one_line(subject), "results": results, "count": _kept(results)})


def say_no(member: Member, subject: str, refusal: Refusal) -> None:
    """Tell a member why a mail was not taken; nobody else, and nobody who is not let in."""
    if member.is_approved:
        write_to(member, "mail_refused", {"subject": one_line(subject), "why": said(refusal)})


def _kept(results: list[Result]) -> int:
    return sum(
        count for result in results for name, count in result.counts.items() if name in {"accepted", "refreshed"}
    )


def _told(item: Planned) -> Told:
    draft = item.draft
    value = defang(draft.type, draft.canonical.value) if draft.canonical else defang("", draft.input)
    reason = REASONS.get(item.refusal.code, item.refusal.detail) if item.refusal else None
    notes = [WARNINGS.get(code, code) for code in item.warnings]
    shown = " ".join(value.split())
    return Told(
        value=shown if len(shown) <= VALUE_LENGTH else shown[:VALUE_LENGTH] + "…",
        type=draft.type, refused=item.status == REFUSED, notes=tuple([reason, *notes] if reason else notes),
    )  # fmt: skip
