"""Attributes into statements: one submission for each turn, and which attribute said what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

from ingestion.submissions import pressure
from ingestion.submissions.drafts import Sending
from ingestion.submissions.models import Submission
from ingestion.submissions.planning import REFRESHED, REFUSED
from ingestion.submissions.services import Outcome, submit
from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import FULL
from sharing.misp.writing.incoming import Piece
from sharing.misp.writing.models import WrittenAttribute
from sharing.misp.writing.numbers import fresh_numbers

NO_INDICATOR = "this type of attribute is no indicator here, or stands in a category of what is none: it was not taken"
KNOWN_UUID = "this uuid names another attribute already"


@dataclass(slots=True)
class Taken:
    """What became of attributes; each list and table is in the order in which they were sent."""

    said: dict[UUID, list[Contribution]] = field(default_factory=dict)
    """By the uuid of the attribute, the statements that it makes."""
    refused: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """By the place of the attribute, MISP's form of errors: field → sentences."""
    skipped: dict[str, str] = field(default_factory=dict)
    """By the place of the attribute, why it is none here."""
    repeated: set[UUID] = field(default_factory=set)
    """Attributes of which the event said every value already."""

    def refuse(self, piece: Piece, field_name: str, sentence: str) -> None:
        """Something to tell of an attribute."""
        self.refused.setdefault(piece.place, {}).setdefault(field_name, []).append(sentence)


def whole(viewer: Viewer) -> Viewer:
    """The institution at its full ceiling: what it changes of its own does not depend on which of its tokens asks."""
    return replace(viewer, ceiling=FULL)


def name_of(viewer: Viewer) -> str:
    """The name of the sender's institution."""
    return Institution.objects.values_list("name", flat=True).get(pk=viewer.institution_id)


def unknown_ones(pieces: Sequence[Piece], taken: Taken, *, viewer: Viewer) -> list[Piece]:
    """Those whose uuid names nothing that stands; the others are refused. What was taken back frees its uuid."""
    rows = WrittenAttribute.objects.filter(
        institution_id=viewer.institution_id, sent__in={piece.uuid for piece in pieces}
    )
    gone = rows.filter(contribution__withdrawn_at__isnull=False)
    standing = set(rows.filter(contribution__withdrawn_at__isnull=True).values_list("sent", flat=True))
    gone.exclude(sent__in=standing).delete()
    found = []
    for piece in pieces:
        if piece.uuid in standing:
            taken.refuse(piece, "uuid", KNOWN_UUID)
        else:
            standing.add(piece.uuid)
            found.append(piece)
    return found


def store(sending: Sending, pieces: Sequence[Piece], taken: Taken, *, viewer: Viewer) -> Outcome:
    """Submit one turn and note what each attribute says. Raises Refusal and ComeBackLater; then nothing is stored.

    The caller holds a transaction.
    """
    if sending.report is None:
        raise ValueError("an attribute stands in an event")
    pressure.check_rate(viewer, len(sending.drafts))
    outcome = submit(sending, viewer=viewer, channel=Submission.Channel.API)
    report = Report.objects.get(institution_id=viewer.institution_id, title=sending.report.title, tlp__lt=FULL.tlp + 1)
    said = _said(outcome, report, viewer)
    found: dict[int, list[Contribution]] = defaultdict(list)
    fresh: set[int] = set()
    for item in outcome.items:
        piece = pieces[item.draft.line - 1]
        if item.status == REFUSED:
            refusal = item.refusal or Refusal("refused", "refused")
            taken.refuse(piece, "value", f"{refusal.detail} ({refusal.code})")
            continue
        found[item.draft.line].append(said[outcome.indicators[item.digest].pk])
        if item.status != REFRESHED:
            fresh.add(item.draft.line)
    for line in sending.lines_without_indicator:
        taken.skipped[pieces[line - 1].place] = NO_INDICATOR
    for line, statements in found.items():
        taken.said[pieces[line - 1].uuid] = statements
        if line not in fresh:
            taken.repeated.add(pieces[line - 1].uuid)
    _note([(pieces[line - 1], statements) for line, statements in found.items()], viewer)
    return outcome


def _said(outcome: Outcome, report: Report, viewer: Viewer) -> dict[int, Contribution]:
    """The institution's statements in that report on what was just sent, by indicator."""
    ids = {outcome.indicators[item.digest].pk for item in outcome.items if item.kept}
    rows = Contribution.objects.own_of(whole(viewer)).filter(report=report, indicator_id__in=ids)
    return {row.indicator_id: row for row in rows.select_related("indicator", "circle")}


def _note(told: Iterable[tuple[Piece, Sequence[Contribution]]], viewer: Viewer) -> None:
    told_parts = [(piece, part, said) for piece, statements in told for part, said in enumerate(statements)]
    numbers = fresh_numbers(WrittenAttribute, len(told_parts))
    WrittenAttribute.objects.bulk_create(
        WrittenAttribute(
            institution_id=viewer.institution_id,
            uuid=piece.uuid if part == 0 else uuid5(piece.uuid, str(part)),
            sent=piece.uuid,
            number=number,
            contribution=said,
            object_uuid=piece.object_uuid,
        )
        for (piece, part, said), number in zip(told_parts, numbers, strict=True)
    )


def errors_of(taken: Taken, *, single: bool) -> dict[str, Any]:
    """What was refused as MISP tells it: of one attribute its fields, of several by their places."""
    if single:
        first = next(iter(taken.refused.values()), {})
        reason = next(iter(taken.skipped.values()), "")
        return first or ({"type": [reason]} if reason else {})
    return taken.refused | {place: {"type": [reason]} for place, reason in taken.skipped.items()}
