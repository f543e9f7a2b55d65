"""Events that clients write: each becomes a report, its attributes statements in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import transaction

from ingestion.readers.misp import kept_tags, tags_in
from ingestion.readers.telling import TITLE_MAX, dict_of, plain
from ingestion.submissions import pressure
from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import ReportDraft
from iocmarket.accounts.models import Circle, Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Report
from iocmarket.indicators.reports import amend_report
from iocmarket.indicators.taking_back import withdraw_all
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP
from sharing.misp.writing.incoming import Piece, in_turns, pieces_of, sending_of, uuid_in
from sharing.misp.writing.models import WrittenAttribute, WrittenEvent
from sharing.misp.writing.numbers import fresh_numbers
from sharing.misp.writing.taking import Taken, name_of, store, unknown_ones, whole

WITHDRAWN = "misp.event_deleted"


@dataclass(frozen=True, slots=True)
class Own:
    """An event of the viewer's institution: the report, and what the client calls it if one wrote it."""

    report: Report
    written: WrittenEvent | None = None

    @property
    def tags(self) -> list[str]:
        """The tags that its attributes carry because the event does, without the marking."""
        return list(self.written.tags) if self.written else []


@transaction.atomic
def add_event(fields: Mapping[str, Any], *, viewer: Viewer) -> tuple[Own, Taken]:
    """Store an event with its attributes.

    Raises Refusal: `event_exists`, `info_missing`, `sharing_group_unknown`, `bad_uuid`, `too_many_items`, those of
    markings and addressees; ComeBackLater. Then nothing is stored.
    """
    pressure.check_publication()
    number, pieces, taken = uuid_in(fields), pieces_of(fields), Taken()
    check_group(fields)
    hold_institution(viewer.institution_id)
    if WrittenEvent.objects.filter(institution_id=viewer.institution_id, uuid=number).exists():
        raise Refusal("event_exists", "an event with this uuid exists already: edit it", where="uuid")
    story = _story(fields, viewer)
    pieces = unknown_ones(pieces, taken, viewer=viewer)
    for turn in in_turns(pieces):
        sending = sending_of(fields, turn, Choices(), report=story, sender=partial(name_of, viewer))
        store(sending, turn, taken, viewer=viewer)
    report = Report.objects.get(institution_id=viewer.institution_id, title=story.title, tlp__lt=TLP.RED)
    written = WrittenEvent.objects.create(
        institution_id=viewer.institution_id,
        uuid=number,
        number=fresh_numbers(WrittenEvent, 1)[0],
        report=report,
        tags=kept_tags(tags_in(fields)),
    )
    return Own(report, written), taken


def _story(fields: Mapping[str, Any], viewer: Viewer) -> ReportDraft:
    """The report that the event becomes, under a title that no other event of the institution has."""
    found = sending_of(fields, (), Choices(), sender=partial(name_of, viewer))
    if found.report is None:
        raise Refusal("info_missing", "Info cannot be empty.", where="info")
    title, choices = found.report.title, found.choices_of(found.report)
    held = Report.objects.filter(institution_id=viewer.institution_id, tlp__lt=TLP.RED)
    standing = held.filter(title=title).first()
    if standing is not None and _is_empty(standing):
        _emptied(standing, choices, viewer)
    elif standing is not None:
        title = free_title(title, viewer)
    return replace(found.report, title=title)


def _is_empty(report: Report) -> bool:
    """Whether nothing stands in it, and no client calls it its own: it may begin anew."""
    said = Contribution.unscoped.filter(report=report, withdrawn_at__isnull=True)
    return not said.exists() and not WrittenEvent.objects.filter(report=report).exists()


def _emptied(report: Report, choices: Choices, viewer: Viewer) -> None:
    circle = Circle.objects.filter(public_id=choices.circle).first() if choices.circle else None
    amend_report(
        report,
        viewer=viewer,
        changes={
            "description": "",
            "tlp": choices.tlp,
            "pap": choices.pap,
            "audience": choices.audience if circle or choices.audience != "circle" else "own",
            "circle_id": circle.pk if circle else None,
            "recipients": [],
        },
    )


def free_title(title: str, viewer: Viewer) -> str:
    """The title, with a number behind it when another report of the institution has it."""
    held = Report.objects.filter(institution_id=viewer.institution_id, tlp__lt=TLP.RED)
    taken = set(held.filter(title__startswith=title[: TITLE_MAX - 8]).values_list("title", flat=True))
    number, found = 2, title
    while found in taken:
        found = f"{title[: TITLE_MAX - 8]} ({number})"
        number += 1
    return found


def check_group(fields: Mapping[str, Any]) -> None:
    """A circle is named by its uuid: numbers of sharing groups are every platform's own. Raises Refusal."""
    if str(fields.get("distribution", "")) == "4" and not plain(dict_of(fields.get("SharingGroup")).get("uuid")):
        detail = "distribution 4 names its circle: SharingGroup with the uuid of a circle that you are in"
        raise Refusal("sharing_group_unknown", detail, where="sharing_group_id")


def defaults_of(own: Own) -> tuple[dict[str, Any], Choices, ReportDraft]:
    """What holds for an attribute that is added to an event: the frame, the audience and the report."""
    report = own.report
    tlp, pap = TLP(report.tlp), PAP(report.pap)
    tags = [f"tlp:{tlp.label.lower()}", f"PAP:{pap.label}", *own.tags]
    frame = {"info": report.title, "Tag": [{"name": name} for name in tags]}
    names = Institution.objects.filter(pk__in=report.recipients).order_by("name").values_list("name", flat=True)
    choices = Choices(
        tlp=tlp,
        pap=pap,
        audience=report.audience,
        circle=str(report.circle.public_id) if report.circle else "",
        recipients=tuple(names),
    )
    return frame, choices, ReportDraft(title=report.title)


@transaction.atomic
def add_attributes(own: Own, pieces: Sequence[Piece], *, viewer: Viewer, once: bool = False) -> Taken:
    """Put attributes into an event of the own institution.

    `once`: an attribute whose every value the event has already raises Refusal(`attribute_exists`), and nothing is
    stored. Raises as `add_event` does.
    """
    pressure.check_publication()
    taken = Taken()
    hold_institution(viewer.institution_id)
    for piece in pieces:
        check_group(piece.fields)
    frame, choices, story = defaults_of(own)
    fresh = unknown_ones(pieces, taken, viewer=viewer)
    for turn in in_turns(fresh) if fresh else ():
        sending = sending_of(frame, turn, choices, report=story, sender=partial(name_of, viewer))
        store(sending, turn, taken, viewer=viewer)
    if once and taken.repeated:
        raise Refusal("attribute_exists", "A similar attribute already exists for this event.", where="value")
    return taken


def delete_event(own: Own, *, viewer: Viewer) -> int:
    """Take back every statement of an event, and let its uuid go; how many statements."""
    said = Contribution.objects.own_of(whole(viewer)).filter(report=own.report)
    count = withdraw_all(said, viewer=viewer, why=WITHDRAWN)
    with transaction.atomic():
        hold_institution(viewer.institution_id)
        names = WrittenAttribute.objects.filter(institution_id=viewer.institution_id)
        names.filter(contribution__report=own.report).delete()
        WrittenEvent.objects.filter(institution_id=viewer.institution_id, report=own.report).delete()
    return count
