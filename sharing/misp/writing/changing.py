"""Changing and taking back what the own institution said, by the attribute, the object or the event that says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from ingestion.readers.files import Told
from ingestion.readers.misp import NOT_DETECTED, kept_tags, tags_in
from ingestion.readers.misp_types import UNDETECTED, threat_of
from ingestion.readers.stix_markings import is_marking_label
from ingestion.submissions.amending import changes_to
from ingestion.submissions.choices import Choices
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.services import amend, withdraw
from iocmarket.kernel.decision import Refusal
from sharing.misp.types import written
from sharing.misp.writing.events import Own, check_group, defaults_of
from sharing.misp.writing.incoming import Piece, told_of
from sharing.misp.writing.models import WrittenAttribute
from sharing.misp.writing.taking import NO_INDICATOR, name_of, whole

DETECTED = Choices().confidence
"""Confidence in percent of a value that its author puts into detection again."""


@dataclass(frozen=True, slots=True)
class OwnAttribute:
    """An attribute of the own institution: its statements, in the order of its parts."""

    statements: tuple[Contribution, ...]
    uuid: UUID | None = None
    """What the client calls it, if one wrote it."""


def delete_attribute(attribute: OwnAttribute, *, viewer: Viewer) -> None:
    """Take back what it says, unless another attribute of the event says it, too."""
    with transaction.atomic():
        names = WrittenAttribute.objects.filter(institution_id=viewer.institution_id)
        if attribute.uuid is not None:
            names.filter(sent=attribute.uuid).delete()
        ids = [said.pk for said in attribute.statements]
        still = set(names.filter(contribution__in=ids).values_list("contribution_id", flat=True))
        for said in sorted(attribute.statements, key=lambda row: row.indicator_id):
            if attribute.uuid is None or said.pk not in still:
                withdraw(said, viewer=whole(viewer))


@dataclass(frozen=True, slots=True)
class Changed:
    """What an edit of an attribute comes to."""

    replaced: bool = False
    """Whether it says another value now, which is still to be stored under its uuid."""
    amended: int = 0


@transaction.atomic
def edit_attribute(own: Own, attribute: OwnAttribute, fields: Mapping[str, Any], *, viewer: Viewer) -> Changed:
    """Change what an attribute says. When it says another value, the old one is taken back and nothing is stored yet.

    Raises Refusal: `type_missing`, `no_indicator` for what is none here, those of readers, `amend` and addressees.
    """
    if str(fields.get("deleted", "")).lower() in {"1", "true"}:
        delete_attribute(attribute, viewer=viewer)
        return Changed()
    check_group(fields)
    frame, choices, _story = defaults_of(own)
    piece = Piece("0", _completed(fields, attribute), UUID(int=0))
    told = told_of(frame, piece, choices, sender=partial(name_of, viewer))
    if not told:
        raise Refusal("no_indicator", NO_INDICATOR, where="type")
    for item in told:
        if item.candidate.refusal is not None:
            raise item.candidate.refusal
    if ("value" in fields or "type" in fields) and _values(told) != {
        (said.indicator.type, said.indicator.value) for said in attribute.statements
    }:
        delete_attribute(attribute, viewer=viewer)
        return Changed(replaced=True)
    amended = sum(_amend(said, fields, told, viewer=viewer) for said in attribute.statements)
    return Changed(amended=amended)


def _completed(fields: Mapping[str, Any], attribute: OwnAttribute) -> dict[str, Any]:
    """With the type and the value that a partial edit leaves out."""
    if "value" in fields and "type" not in fields and len(attribute.statements) > 1:
        raise Refusal("type_missing", "an attribute of several values names its type with its value", where="type")
    first = attribute.statements[0]
    held = written(first.indicator.type, first.indicator.value, threat_type=first.threat_type, subtree=first.subtree)
    return {"type": held.type, "value": held.value, **fields}


def _values(told: Sequence[Told]) -> set[tuple[str | None, str]]:
    return {(item.candidate.type, item.candidate.canonical.value) for item in told if item.candidate.canonical}


def _amend(said: Contribution, fields: Mapping[str, Any], told: Sequence[Told], *, viewer: Viewer) -> bool:
    data = {name: value for item in told[:1] for name, value in item.said.items() if name in _given(fields)}
    if fields.get("comment") == "":
        data["comment"] = ""
    if "to_ids" in fields and fields.get("type") not in UNDETECTED:
        data.pop("confidence", None)
        if (confidence := _confidence(said, fields)) is not None:
            data["confidence"] = confidence
    tags = kept_tags(tags_in(fields))
    if tags:
        data["tags"] = sorted({*said.tags, *tags})
        data |= {"threat_type": threat} if (threat := threat_of(tags_in(fields))) else {}
    changes = changes_to(said, data, viewer=viewer) if data else {}
    changes = {name: value for name, value in changes.items() if getattr(said, name) != value}
    if not changes:
        return False
    amend(said, viewer=whole(viewer), changes=changes)
    return True


def _given(fields: Mapping[str, Any]) -> set[str]:
    """The names of the API of which these fields of MISP speak; what an event says besides is not said anew."""
    found = {name for name in ("comment", "first_seen", "last_seen") if name in fields}
    labels = {tag.strip()[:4].lower() for tag in tags_in(fields) if is_marking_label(tag)}
    found |= {"tlp"} if "tlp:" in labels else set()
    found |= {"pap"} if "pap:" in labels else set()
    return found


def _confidence(said: Contribution, fields: Mapping[str, Any]) -> int | None:
    wanted = str(fields["to_ids"]).strip().lower() in {"1", "true"}
    if wanted:
        return DETECTED if said.confidence == NOT_DETECTED else None
    return NOT_DETECTED if said.confidence > NOT_DETECTED else None
