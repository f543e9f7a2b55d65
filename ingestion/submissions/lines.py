"""The lines of a submission as people read them: before it leaves, and again afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ingestion.submissions.choices import Choices
from ingestion.submissions.edits import Edited, Row
from ingestion.submissions.looks import Look, look_of
from ingestion.submissions.models import Submission, SubmissionItem
from ingestion.submissions.planning import REFRESHED, REFUSED, Planned
from ingestion.submissions.reasons import REASONS, SERIOUS, WARNINGS
from ingestion.submissions.services import Outcome
from iocmarket.web.defanged import defang

PAGE = 200
"""Lines on one page of a long submission."""
KINDS = ("ok", "known", "warn", "bad", "out")
REVIEWED = frozenset({"warn", "bad"})
"""What a sender should look at."""
UNSHARED = frozenset({"bad", "out"})
LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item as a person reads it."""

    number: int
    input: str
    type: str
    value: str
    kind: str
    reason: str | Promise
    notes: list[str | Promise] = field(default_factory=list)
    typed: str = ""
    """As it was pasted, where that says more than the value as it is shown."""
    index: int = 0
    """Its place in the submission, by which the next page begins."""
    public_id: UUID | None = None
    look: Look | None = None
    """Before it leaves: what may be set for it."""


def lines_before(outcome: Outcome, looked: Edited) -> list[Line]:
    """What would become of each line."""
    batch = looked.sending.choices
    return [_planned(item, look_of(row, batch)) for item, row in zip(outcome.items, looked.rows, strict=True)]


def proposals_of(looked: Edited) -> list[Line]:
    """What the text only mentions: to be ticked by whoever means it."""
    return [_proposed(row, looked.sending.choices) for row in looked.proposals]


def lines_after(submission: Submission) -> list[Line]:
    """What became of each line."""
    return [_stored(item) for item in submission.items.select_related("indicator").order_by("index")]


def page_of(submission: Submission, *, after: int, review: bool) -> list[Line]:
    """One page of the lines of a long submission, and one more to tell that there are others."""
    items = submission.items.select_related("indicator").filter(index__gt=after).order_by("index")
    if review:
        items = items.filter(Q(status=REFUSED) | Q(warnings__overlap=sorted(SERIOUS)))
    return [_stored(item) for item in items[: PAGE + 1]]


def account_of_all(submission: Submission) -> dict[str, Any]:
    """The same sums as `account_of`, counted by the database."""
    left_out = Q(status=REFUSED, reason=LEFT_OUT)
    refused, warned = Q(status=REFUSED), Q(warnings__overlap=sorted(SERIOUS))
    known = Q(status=REFRESHED) | Q(known=True)
    sums = submission.items.aggregate(
        ok=Count("pk", filter=~refused & ~warned & ~known),
        known=Count("pk", filter=~refused & ~warned & known),
        warn=Count("pk", filter=~refused & warned),
        bad=Count("pk", filter=refused & ~left_out),
        out=Count("pk", filter=left_out),
    )
    return {"sums": sums, "kept": sums["ok"] + sums["known"] + sums["warn"], "review_all": sums["warn"] + sums["bad"]}


def account_of(lines: Iterable[Line]) -> dict[str, Any]:
    """Sums for the page; each line is in exactly one of them."""
    kinds = [line.kind for line in lines]
    return {
        "sums": {kind: kinds.count(kind) for kind in KINDS},
        "kept": sum(kind not in UNSHARED for kind in kinds),
        "review": sum(kind in REVIEWED for kind in kinds),
    }


def _planned(item: Planned, look: Look) -> Line:
    draft = item.draft
    return Line(
        number=draft.line,
        input=draft.input,
        type=draft.type,
        value=draft.canonical.value if draft.canonical else "",
        kind=_kind(item.status, item.warnings, known=item.known > 0, reason=item.refusal.code if item.refusal else ""),
        reason=_planned_reason(item),
        notes=_notes(item.warnings, [f"{hit.name} {hit.version}" for hit in item.lists]),
        typed=_typed(draft.input, draft.type, draft.canonical.value) if draft.canonical else "",
        look=look,
    )


def _proposed(row: Row, batch: Choices) -> Line:
    draft = row.read
    value = draft.canonical.value if draft.canonical else ""
    return Line(
        number=draft.line, input=draft.input, type=draft.type, value=value, kind="idle", reason="",
        look=look_of(row, batch),
    )  # fmt: skip


def _stored(item: SubmissionItem) -> Line:
    return Line(
        number=item.line,
        input=item.input,
        type=item.type,
        value=item.value if item.status != REFUSED else "",
        kind=_kind(item.status, item.warnings, known=item.known, reason=item.reason),
        reason=_stored_reason(item),
        notes=_notes(item.warnings, [held.rpartition(" ")[0] for held in item.lists]),
        typed=_typed(item.input, item.type, item.value) if item.status != REFUSED else "",
        public_id=item.indicator.public_id if item.indicator else None,
        index=item.index,
    )


def _typed(text: str, type_name: str, value: str) -> str:
    return "" if text in {value, defang(type_name, value)} else text


def _kind(status: str, warnings: Iterable[str], *, known: bool, reason: str) -> str:
    if status == REFUSED:
        return "out" if reason == LEFT_OUT else "bad"
    if SERIOUS.intersection(warnings):
        return "warn"
    return "known" if status == REFRESHED or known else "ok"


def _planned_reason(item: Planned) -> str | Promise:
    if item.refusal is not None:
        return REASONS.get(item.refusal.code, item.refusal.detail)
    if item.known:
        said = ngettext(
            "Shared by %(count)d institution. Yours confirms it and renews its score.",
            "Shared by %(count)d institutions. Yours confirms it and renews its score.",
            item.known,
        )
        return said % {"count": item.known}
    return _plain_reason(item.status)


def _stored_reason(item: SubmissionItem) -> str | Promise:
    if item.status == REFUSED:
        return REASONS.get(item.reason, item.detail)
    if item.known:
        return _("Others shared it already. Yours confirms it and renews its score.")
    return _plain_reason(item.status)


def _plain_reason(status: str) -> str:
    return _("Once is enough: counted as a confirmation.") if status == REFRESHED else _("New for you.")


def _notes(warnings: Iterable[str], lists: list[str]) -> list[str | Promise]:
    """`lists`: each as `name version`."""
    notes: list[str | Promise] = [WARNINGS.get(code, code) for code in warnings]
    return [*notes, _("Warning lists: %(names)s.") % {"names": ", ".join(lists)}] if lists else notes
