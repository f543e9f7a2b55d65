"""Editing an event: its title, its marking and audience, and the attributes that are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Max

from ingestion.readers.misp import tags_in
from ingestion.readers.misp_types import OWN_SPACE
from ingestion.readers.stix_markings import is_marking_label
from ingestion.readers.telling import TITLE_MAX, plain
from ingestion.submissions.addressees import resolve
from ingestion.submissions.choices import Choices, read_choices
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Report
from iocmarket.indicators.reports import amend_report
from iocmarket.indicators.services import amend_together
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP
from sharing.misp.models import Attribute
from sharing.misp.writing.changing import OwnAttribute, edit_attribute
from sharing.misp.writing.events import Own, add_attributes, check_group, free_title
from sharing.misp.writing.finding import own_attribute
from sharing.misp.writing.incoming import Piece, pieces_of
from sharing.misp.writing.models import WrittenAttribute
from sharing.misp.writing.refusals import errors_of
from sharing.misp.writing.tagging import WHY, attach_to_event, statements_of
from sharing.misp.writing.taking import NO_INDICATOR, Taken, whole

_AUDIENCES = {"0": "own", "1": "community", "2": "community", "3": "community", "4": "circle"}


@transaction.atomic
def edit_event(own: Own, fields: Mapping[str, Any], *, viewer: Viewer) -> tuple[Own, Taken]:
    """Change what is given and keep the rest; attributes that are not named stay, as in MISP.

    Raises Refusal for the event as a whole; of an attribute it is told.
    """
    own = _entitled(own, fields, viewer)
    own = _addressed(own, fields, viewer)
    for tag in tags_in(fields):
        if not tag.startswith(OWN_SPACE) and not _is_held(own, tag, viewer):
            attach_to_event(own, tag, viewer=viewer)
            own = _again(own)
    return own, _attributes(own, fields, viewer)


def _entitled(own: Own, fields: Mapping[str, Any], viewer: Viewer) -> Own:
    title = plain(fields.get("info"), TITLE_MAX)
    if "info" in fields and not title:
        raise Refusal("info_missing", "Info cannot be empty.", where="info")
    if not title or title == own.report.title:
        return own
    amend_report(own.report, viewer=viewer, changes={"title": free_title(title, viewer)})
    return _again(own)


def _addressed(own: Own, fields: Mapping[str, Any], viewer: Viewer) -> Own:
    """With another audience, where the distribution is another one than that which is shown."""
    wanted = _AUDIENCES.get(str(fields.get("distribution", "")))
    held = own.report.audience
    if wanted is None or wanted == held or (wanted == "own" and held == "recipients"):
        return own
    check_group(fields)
    said: dict[str, Any] = {"audience": wanted}
    if wanted == "circle":
        said["circle"] = str(fields["SharingGroup"]["uuid"])
    choices = read_choices(said, base=Choices(), where="", own=True)
    to = resolve([("", choices)], viewer=viewer)
    changes: dict[str, Any] = {"audience": choices.audience, "circle_id": to.circle(choices), "recipients": []}
    amend_report(own.report, viewer=viewer, changes=changes)
    amend_together([(row, changes) for row in statements_of(own, viewer)], viewer=whole(viewer), why=WHY)
    return _again(own)


def _is_held(own: Own, tag: str, viewer: Viewer) -> bool:
    """Whether the event shows that tag: what is the strictest of its attributes is not said anew of all of them."""
    if not is_marking_label(tag):
        return tag in own.tags
    field, scale = ("tlp", TLP) if tag.upper().startswith("TLP:") else ("pap", PAP)
    held = Contribution.objects.own_of(whole(viewer)).filter(report=own.report).aggregate(most=Max(field))["most"]
    of_event = getattr(own.report, field)
    return scale.parse(tag) in {of_event, max(of_event, held or of_event)}


def _again(own: Own) -> Own:
    return replace(own, report=Report.objects.select_related("circle").get(pk=own.report.pk))


def _attributes(own: Own, fields: Mapping[str, Any], viewer: Viewer) -> Taken:
    pieces = pieces_of(fields)
    held = _held(own, pieces, viewer)
    fresh: list[Piece] = []
    told = Taken()
    for piece in pieces:
        attribute = held.get(str(piece.uuid))
        if attribute is None:
            fresh.append(piece)
            continue
        try:
            if edit_attribute(own, attribute, piece.fields, viewer=viewer).replaced:
                fresh.append(piece)
            else:
                told.said[piece.uuid] = list(attribute.statements)
        except Refusal as refusal:
            if refusal.code == "no_indicator":
                told.skipped[piece.place] = NO_INDICATOR
            else:
                told.refused[piece.place] = errors_of(refusal)
    taken = add_attributes(own, fresh, viewer=viewer) if fresh else Taken()
    return Taken(
        said=told.said | taken.said, refused=told.refused | taken.refused, skipped=told.skipped | taken.skipped
    )


def _held(own: Own, pieces: list[Piece], viewer: Viewer) -> dict[str, OwnAttribute]:
    """Those of these attributes that the event has."""
    uuids = {piece.uuid for piece in pieces}
    mine = {"contribution__report": own.report, "contribution__withdrawn_at": None, "uuid__in": uuids}
    named = WrittenAttribute.objects.filter(institution_id=viewer.institution_id, **mine)
    told = Attribute.objects.filter(**mine)
    known = {*named.values_list("uuid", flat=True), *told.values_list("uuid", flat=True)}
    return {str(uuid): own_attribute(uuid, viewer)[1] for uuid in known}
