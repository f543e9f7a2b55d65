"""The items of a submission, written by COPY: one row for each line, in the words of the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ingestion.submissions.models import Submission
from ingestion.submissions.planning import Planned
from ingestion.submissions.values import Held
from iocmarket.copying import array, copy_text, text

_COLUMNS = (
    "submission_id", "index", "line", "input", "type", "value", "status", "reason", "detail", "known", "warnings",
    "lists", "indicator_id",
)  # fmt: skip
TYPE_LENGTH = 24


def store_items(submission: Submission, items: Iterable[Planned], indicators: Mapping[bytes, Held]) -> None:
    """What became of each; `indicators` by digest."""
    start = f"{submission.pk}\t"
    copy_text("submissions_submissionitem", _COLUMNS, "".join(start + _line(item, indicators) for item in items))


def _line(item: Planned, indicators: Mapping[bytes, Held]) -> str:
    draft, refusal = item.draft, item.refusal
    known = "t" if item.known else "f"
    warnings = array(item.warnings) if item.warnings else "{}"
    lists = array([f"{hit.name} {hit.version} {hit.severity}" for hit in item.lists]) if item.lists else "{}"
    if refusal is None and draft.canonical is not None:
        return (
            f"{draft.index}\t{draft.line}\t{text(draft.input)}\t{draft.type}\t{text(draft.canonical.value)}\t"
            f"{item.status}\t\t\t{known}\t{warnings}\t{lists}\t{indicators[item.digest].pk}\n"
        )
    code, detail = (refusal.code, refusal.detail) if refusal is not None else ("", "")
    return (
        f"{draft.index}\t{draft.line}\t{text(draft.input)}\t{text(draft.type[:TYPE_LENGTH])}\t\t{item.status}\t"
        f"{text(code)}\t{text(detail)}\t{known}\t{warnings}\t{{}}\t\\N\n"
    )
