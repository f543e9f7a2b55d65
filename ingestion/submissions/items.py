"""The items of a submission, written by COPY: one row for each line, in the words of the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ingestion.submissions.models import Submission
from ingestion.submissions.planning import Planned
from iocmarket.copying import array, cell, copy_text

_COLUMNS = (
    "submission_id", "index", "line", "input", "type", "value", "status", "reason", "detail", "known", "warnings",
    "indicator_id",
)  # fmt: skip
TYPE_LENGTH = 24


def store_items(submission: Submission, items: Iterable[Planned], indicators: Mapping[bytes, int]) -> None:
    """What became of each; `indicators` are their ids by digest."""
    start = f"{submission.pk}\t"
    copy_text("submissions_submissionitem", _COLUMNS, "".join(start + _line(item, indicators) for item in items))


def _line(item: Planned, indicators: Mapping[bytes, int]) -> str:
    draft, refusal = item.draft, item.refusal
    known = "t" if item.known else "f"
    warnings = array(item.warnings) if item.warnings else "{}"
    if refusal is None and draft.canonical is not None:
        return (
            f"{draft.index}\t{draft.line}\t{cell(draft.input)}\t{draft.type}\t{cell(draft.canonical.value)}\t"
            f"{item.status}\t\t\t{known}\t{warnings}\t{indicators[item.digest]}\n"
        )
    code, detail = (refusal.code, refusal.detail) if refusal is not None else ("", "")
    return (
        f"{draft.index}\t{draft.line}\t{cell(draft.input)}\t{cell(draft.type[:TYPE_LENGTH])}\t\t{item.status}\t"
        f"{cell(code)}\t{cell(detail)}\t{known}\t{warnings}\t\\N\n"
    )
