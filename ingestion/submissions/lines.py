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

from ingestion.submissions.models import Submission, SubmissionItem
from ingestion.submissions.planning import REFRESHED, REFUSED, Planned
from ingestion.submissions.reasons import REASONS, SERIOUS, WARNINGS
from ingestion.submissions.services import Outcome
from iocmarket.web.defanged import defang

PAGE = 200
"""Lines on one page of a long submission."""
KINDS = ("ok", "known", "warn", "bad")
REVIEWED = frozenset({"warn", "bad"})
"""What a sender should look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item. `key` names it in the form: by its value, so that a choice stays with it when lines move."""

    number: int
    input: str
    type: str
    value: str
    kind: str
    reason: str | Promise
    notes: list[str | Promise] = field(default_factory=list)
    typed: str = ""
    """As it was pasted, where that says more than the value as it is shown."""
    key: str = ""
    index: int = 0
    """Its place in the submission, by which the next page begins."""
    tlp: str = ""
    pap: str = ""
    public_id: UUID | None = None


def lines_before(outcome: Outcome) -> list[Line]:
    """What would become of each line."""
    return [_planned(item) for item in outcome.items]


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
    refused, warned = Q(status=REFUSED), Q(warnings__overlap=sorted(SERIOUS))
    known = Q(status=REFRESHED) | Q(known=True)
    sums = submission.items.aggregate(
        ok=Count("pk", filter=~refused & ~warned & ~known),
        known=Count("pk", filter=~refused & ~warned & known),
        warn=Count("pk", filter=~refused & warned),
        bad=Count("pk", filter=refused),
    )
    return {"sums": sums, "kept": sum(sums.values()) - sums["bad"], "review_all": sums["warn"] + sums["bad"]}


def account_of(lines: Iterable[Line]) -> dict[str, Any]:
    """Sums for the page; each line is in exactly one of them."""
    kinds = [line.kind for line in lines]
    return {
        "sums": {kind: kinds.count(kind) for kind in KINDS},
        "kept": sum(kind != "bad" for kind in kinds),
        "review": sum(kind in REVIEWED for kind in kinds),
    }


def key_of(item: Planned) -> str:
    """The name of one value in the form."""
    return item.digest.hex()[:16]


def _planned(item: Planned) -> Line:
    draft = item.draft
    return Line(
        number=draft.line,
        input=draft.input,
        type=draft.type,
        value=draft.canonical.value if draft.canonical else "",
        kind=_kind(item.status, item.warnings, known=item.known > 0),
        reason=_planned_reason(item),
        notes=_notes(item.warnings, [f"{hit.name} {hit.version}" for hit in item.lists]),
        typed=_typed(draft.input, draft.type, draft.canonical.value) if draft.canonical else "",
        key=key_of(item),
        tlp=draft.choices.tlp.slug if "tlp" in draft.choices.explicit else "",
        pap=draft.choices.pap.slug if "pap" in draft.choices.explicit else "",
    )


def _stored(item: SubmissionItem) -> Line:
    return Line(
        number=item.line,
        input=item.input,
        type=item.type,
        value=item.value if item.status != REFUSED else "",
        kind=_kind(item.status, item.warnings, known=item.known),
        reason=_stored_reason(item),
        notes=_notes(item.warnings, [held.rpartition(" ")[0] for held in item.lists]),
        typed=_typed(item.input, item.type, item.value) if item.status != REFUSED else "",
        public_id=item.indicator.public_id if item.indicator else None,
        index=item.index,
    )


def _typed(text: str, type_name: str, value: str) -> str:
    return "" if text in {value, defang(type_name, value)} else text


def _kind(status: str, warnings: Iterable[str], *, known: bool) -> str:
    if status == REFUSED:
        return "bad"
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
