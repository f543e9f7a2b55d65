"""From a request body to drafts: each value recognised or refused, with what is said of it. Pure.

A draft that is refused stays in the list: every line is accounted for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ingestion.readers.base import shown
from ingestion.readers.credentials import holds_secret, redact, redact_value
from ingestion.readers.credentials import refusal as credential_refusal
from ingestion.readers.labels import NO_LABELS, Labels
from ingestion.readers.offers import Offer, Origin, Refused, heard, said_harmless
from ingestion.stolen.routing import Routed
from ingestion.submissions.choices import QUERY, Choices, read_choices
from ingestion.submissions.remarks import IN_LINE, Remarks
from iocmarket.indicators.recognise import Recognised, recognise
from iocmarket.indicators.types import Canonical
from iocmarket.indicators.types.base import cleaned
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.pointer import pointer

LINE_MAX = 65_536
ITEMS_MAX = 500
"""Items that are answered at once; more are taken by the worker."""
_REPORT_FIELDS = {"title": 200, "description": 20_000}  # and how long each may be


class InvalidRequest(Exception):  # noqa: N818 (an outcome to show, like Refusal)
    """A body that cannot be taken as a whole; every fault with its place. Nothing of it is stored."""

    def __init__(self, faults: list[Refusal], *, status: int = 422) -> None:
        super().__init__(f"{len(faults)} faults, the first: {faults[0]}")
        self.faults = faults
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One item on its way in. Exactly one of `canonical` and `refusal` is set."""

    index: int
    line: int
    input: str
    type: str
    canonical: Canonical | None
    refusal: Refusal | None
    choices: Choices
    said: Mapping[str, Any] = field(default_factory=dict)
    """What the words around it say, by the names of Choices; `choices` follow it."""
    story: int | None = None
    """Of several reports in one sending (`Sending.stories`), the one that tells of it."""

    @property
    def subtree_said(self) -> bool | None:
        """Whether the names below are meant, as somebody says: by the field, or by a wildcard; None by the name alone.

        A statement that stands is changed by what is said, never by what follows from the name (merging.py).
        """
        if self.choices.subtree is not None or self.canonical is None or not self.canonical.subtree:
            return self.choices.subtree
        return True if not self.input[:1].isalnum() and cleaned(self.input).startswith(("*.", ".")) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDraft:
    """The story that a submission may carry."""

    title: str
    description: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)
    """What the story says of itself (its own marking), by the names of Choices; for the rest the defaults hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A whole submission, read."""

    drafts: tuple[Draft, ...]
    choices: Choices
    report: ReportDraft | None = None
    """The one around all items; or each is told in one of the `stories`, or in none."""
    stories: tuple[ReportDraft, ...] = ()
    lines_without_indicator: tuple[int, ...] = ()
    proposals: tuple[Draft, ...] = ()
    """What a text holds besides its items: for a page, where a person may take them too."""
    labels: Labels = NO_LABELS
    """What the headings of the text say of a text that follows it."""
    raw: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    defaults_at: str = "/defaults"
    """Where the defaults stand, for the place of a fault in them."""
    accounts: Sequence[Routed] = ()
    """Stolen accounts of member institutions, which are told them; none of them is a draft's."""

    def report_of(self, draft: Draft) -> ReportDraft | None:
        """The report that an item stands in."""
        return self.report if draft.story is None else self.stories[draft.story]

    def choices_of(self, report: ReportDraft) -> Choices:
        """Marking and audience of a report. Raises Refusal for what it may not say."""
        if not report.said:
            return self.choices
        return read_choices(report.said, base=self.choices, where="/report", own=False)


def from_text(
    text: str,
    *,
    choices: Choices,
    given: Mapping[str, Any] | None = None,
    defaults_at: str = QUERY,
    labels: Labels = NO_LABELS,
) -> Sending:
    """Free text: a paste, a list, a message, however many values it holds. Raises InvalidRequest for a long line.

    `labels`: what the headings before this piece of a text said.
    """
    _check_lines(text)
    reading = heard(text, labels=labels)
    remarks = Remarks(choices, given or {})
    drafts: list[Draft] = []
    proposals: list[Draft] = []
    for item in reading.items:
        if isinstance(item, Refused):
            drafts.append(_refused(item, len(drafts), remarks))
        elif item.origin is Origin.VALUE:
            drafts.append(_offered(item, len(drafts), remarks))
        else:
            proposals.append(_offered(item, len(proposals), remarks))
    return Sending(
        drafts=tuple(drafts),
        choices=choices,
        lines_without_indicator=reading.lines_without_indicator,
        proposals=tuple(proposals),
        labels=reading.labels,
        raw=redact(text),
        given=_told(given or {}, choices),
        defaults_at=defaults_at,
    )


def _refused(item: Refused, index: int, remarks: Remarks) -> Draft:
    found = item.candidate
    return Draft(
        index=index, line=found.line, input=found.raw, type=found.type or "", canonical=None, refusal=found.refusal,
        choices=remarks.base, said=remarks.said(item),
    )  # fmt: skip


def _offered(offer: Offer, index: int, remarks: Remarks) -> Draft:
    """The draft of an offer: what its line calls harmless is refused, unless its sender insists on it."""
    canonical: Canonical | None = offer.canonical
    refusal: Refusal | None = None
    choices, said = remarks.base, remarks.said(offer)
    if offer.harmless and offer.origin is Origin.VALUE:
        canonical, refusal = None, said_harmless()
    elif said:
        try:
            choices, marked = remarks.of(offer, said)
            if marked:
                canonical = replace(offer.canonical, warnings=(*offer.canonical.warnings, IN_LINE))
        except Refusal as refused:
            canonical, refusal = None, refused
    return Draft(
        index=index, line=offer.line, input=offer.raw if offer.origin is Origin.VALUE else offer.canonical.value,
        type=offer.type, canonical=canonical, refusal=refusal, choices=choices, said=said,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a document says besides its values, and what is wrong with it."""

    choices: Choices
    report: ReportDraft | None
    given: Mapping[str, Any]
    faults: list[Refusal]


def frame_of(document: Any) -> Frame:
    """The contract's JSON document without its values. Raises InvalidRequest when it is no object."""
    if not isinstance(document, dict):
        raise InvalidRequest([Refusal("not_an_object", "the body is a JSON object", where="/")])
    faults = [
        Refusal("unknown_field", f"{name[:60]!r} is not a field of a submission", where=pointer(name))
        for name in document
        if name not in {"defaults", "report", "indicators", "text"}
    ]
    if document.get("indicators") is None and document.get("text") is None:
        faults.append(Refusal("nothing_sent", "there is neither a list of indicators nor a text", where="/"))
    defaults = document.get("defaults")
    defaults = {} if defaults is None else defaults
    choices = Choices()
    try:
        choices = read_choices(_object(defaults, "/defaults"), base=choices, where="/defaults", own=False)
    except Refusal as refusal:
        faults.append(refusal)
    report = _report(document.get("report"), faults)
    told = _told(defaults, choices) if isinstance(defaults, dict) else {}
    return Frame(choices=choices, report=report, given=told, faults=faults)


def from_document(document: Any) -> Sending:
    """The contract's JSON document, however long. Raises InvalidRequest with a JSON Pointer for every fault."""
    frame = frame_of(document)
    faults = frame.faults
    drafts = [_item(item, index, choices) for item, index, choices in checked_items(document, frame)]
    text = text_in(document, faults)
    if faults:
        raise InvalidRequest(faults)
    written = from_text(text, choices=frame.choices, given=frame.given) if text is not None else None
    drafts += [replace(draft, index=draft.index + len(drafts)) for draft in written.drafts] if written else []
    return Sending(
        drafts=tuple(drafts),
        choices=frame.choices,
        report=frame.report,
        lines_without_indicator=written.lines_without_indicator if written else (),
        raw=written.raw if written else "",
        given=frame.given,
    )


def text_in(document: Mapping[str, Any], faults: list[Refusal]) -> str | None:
    """The free text of a document; adds the fault of one that is none."""
    text = document.get("text")
    if text is not None and not isinstance(text, str):
        faults.append(Refusal("not_text", "text is a string", where="/text"))
        return None
    return text


def checked_items(document: Mapping[str, Any], frame: Frame) -> Iterator[tuple[Mapping[str, Any], int, Choices]]:
    """The fields of each item, its index and what is said of it; what is wrong is added to the frame's faults."""
    items = document.get("indicators")
    if items is not None and not isinstance(items, list):
        frame.faults.append(Refusal("not_a_list", "indicators is a list", where="/indicators"))
        return
    for index, item in enumerate(items or ()):
        where = f"/indicators/{index}"
        try:
            fields = _object({"value": item} if isinstance(item, str) else item, where)
            check_value(fields, where=where)
            own = read_choices(said_of(fields), base=frame.choices, where=where, own=True)
        except Refusal as refusal:
            frame.faults.append(refusal)
        else:
            yield fields, index, own


def _told(given: Mapping[str, Any], choices: Choices) -> dict[str, Any]:
    """The defaults as they may be stored: with the comment as it was read, without the passwords in it."""
    return {**given, "comment": choices.comment} if "comment" in given else dict(given)


def _item(fields: Mapping[str, Any], index: int, choices: Choices) -> Draft:
    return draft_of(fields, index=index, line=index + 1, choices=choices)


def check_value(fields: Mapping[str, Any], *, where: str) -> None:
    """Whether there is something to recognise. Raises Refusal (`value_missing`, `value_too_long`, `not_text`)."""
    value, type_name = fields.get("value"), fields.get("type")
    if not isinstance(value, str) or not value.strip():
        raise Refusal("value_missing", "an indicator has a value, a text", where=f"{where}/value")
    if len(value) > LINE_MAX:
        raise Refusal("value_too_long", f"{len(value)} characters; at most {LINE_MAX}", where=f"{where}/value")
    if type_name is not None and not isinstance(type_name, str):
        raise Refusal("not_text", "type is a string", where=f"{where}/type")


def said_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a value, without the value."""
    return {name: content for name, content in fields.items() if name not in {"value", "type"}}


def draft_of(fields: Mapping[str, Any], *, index: int, line: int, choices: Choices) -> Draft:
    """The draft of one item whose fields `check_value` has seen and whose choices are read."""
    value, type_name = fields["value"], fields.get("type")
    canonical, name, refusal = None, type_name or "", None
    try:
        found = recognised(value, type_name)
        canonical, name = found.canonical, found.type.name
    except Refusal as caught:
        refusal = caught
    return Draft(
        index=index, line=line, input=shown(redact_value(value)), type=name, canonical=canonical, refusal=refusal,
        choices=choices,
    )  # fmt: skip


def recognised(value: str, type_name: str | None) -> Recognised:
    """As `recognise`, but an account with its password is none of any type. Raises Refusal."""
    if holds_secret(value):
        raise credential_refusal()
    return recognise(value, type_name)


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Refusal("not_an_object", f"an object is expected, not {type(value).__name__}", where=where)
    return value


def _report(value: Any, faults: list[Refusal]) -> ReportDraft | None:
    if value is None:
        return None
    try:
        return _read_report(_object(value, "/report"))
    except Refusal as refusal:
        faults.append(refusal)
        return None


def _read_report(fields: Mapping[str, Any]) -> ReportDraft:
    for name in sorted(set(fields) - set(_REPORT_FIELDS)):
        raise Refusal("unknown_field", f"{name[:60]!r} is not a field of a report", where=pointer("report", name))
    for name, longest in _REPORT_FIELDS.items():
        text = fields.get(name, "")
        if not isinstance(text, str) or len(text) > longest:
            raise Refusal("bad_text", f"{name} is a text of at most {longest} characters", where=f"/report/{name}")
    if not str(fields.get("title", "")).strip():
        raise Refusal("title_missing", "a report has a title", where="/report/title")
    title, description = (redact(str(fields.get(name, "")).strip()) for name in _REPORT_FIELDS)
    return ReportDraft(title=title[:200], description=description)


def _check_lines(text: str) -> None:
    if len(text) <= LINE_MAX:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > LINE_MAX:
            detail = f"the line has {len(line)} characters; at most {LINE_MAX}"
            raise InvalidRequest([Refusal("line_too_long", detail, where=f"line {number}")])
