"""Tags that clients attach and remove: a marking changes who reads a value, a threat what it is, the rest is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from ingestion.readers.misp_types import threat_of
from ingestion.readers.stix_markings import is_marking_label
from ingestion.readers.telling import plain
from ingestion.submissions.choices import TAG_MAX, TAGS_MAX
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Report
from iocmarket.indicators.reports import amend_report
from iocmarket.indicators.services import amend_together
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP
from sharing.misp.writing.events import Own
from sharing.misp.writing.taking import whole

STATEMENTS_MAX = 10_000
"""Statements of an event that is tagged as a whole: as many as an event may be sent with."""
WHY = "misp.tagged"


def attach(statements: Iterable[Contribution], tag: str, *, viewer: Viewer) -> None:
    """Attach a tag to an attribute, statement by statement. A marking is set: also a looser one, for it is said.

    Raises Refusal: `unknown_tlp`, `unknown_pap`, `red_names_persons`, `bad_tag`, `too_many`.
    """
    name = checked(tag)
    _amend([(said, _with(said, name)) for said in statements], viewer)


def detach(statements: Iterable[Contribution], tag: str, *, viewer: Viewer) -> bool:
    """Remove a tag from an attribute; whether it was there. Raises Refusal(`marking_stays`)."""
    name = checked(tag)
    _check_removable(name)
    return _amend([(said, _without(said, name)) for said in statements], viewer)


@transaction.atomic
def attach_to_event(own: Own, tag: str, *, viewer: Viewer) -> None:
    """Attach a tag to an event and all that it says. What was marked as the event was goes with it; what is marked
    stricter stays so. Raises as `attach` does, and `too_many_items`."""
    name = checked(tag)
    before = own.report
    rows = statements_of(own, viewer)
    if is_marking_label(name):
        marked = _marking(name)
        after = amend_report(before, viewer=viewer, changes=marked) if _differs(before, marked) else before
        _amend([(said, _following(said, before, after)) for said in rows], viewer)
        return
    if own.written is not None and name not in own.written.tags:
        own.written.tags = _added(own.written.tags, name)
        own.written.save(update_fields=["tags"])
    _amend([(said, _with(said, name)) for said in rows], viewer)


@transaction.atomic
def detach_from_event(own: Own, tag: str, *, viewer: Viewer) -> bool:
    """Remove a tag from an event and all that it says; whether it was there. Raises as `detach` does."""
    name = checked(tag)
    _check_removable(name)
    found = False
    if own.written is not None and name in own.written.tags:
        own.written.tags = [other for other in own.written.tags if other != name]
        own.written.save(update_fields=["tags"])
        found = True
    return _amend([(said, _without(said, name)) for said in statements_of(own, viewer)], viewer) or found


def statements_of(own: Own, viewer: Viewer) -> list[Contribution]:
    """What the event says, in the order in which writers take statements. Raises Refusal(`too_many_items`)."""
    rows = Contribution.objects.own_of(whole(viewer)).filter(report=own.report).select_related("indicator", "circle")
    found = list(rows.order_by("indicator_id", "pk")[: STATEMENTS_MAX + 1])
    if len(found) > STATEMENTS_MAX:
        raise Refusal("too_many_items", f"more than {STATEMENTS_MAX} values: tag the attributes")
    return found


def checked(tag: str) -> str:
    """A tag as it is kept. Raises Refusal(`bad_tag`)."""
    name = plain(tag, TAG_MAX + 1)
    if not name or len(name) > TAG_MAX or not name.isprintable() or "," in name:
        raise Refusal("bad_tag", f"a tag has 1 to {TAG_MAX} characters, all printable, no comma", where="tag")
    return name


def _marking(name: str) -> dict[str, object]:
    if name.upper().startswith("TLP:"):
        found = TLP.parse(name)
        if found is TLP.RED:
            raise Refusal("red_names_persons", "TLP:RED is for persons: an event names none", where="tag")
        return {"tlp": found}
    return {"pap": PAP.parse(name)}


def _check_removable(name: str) -> None:
    if is_marking_label(name):
        detail = "every value has a TLP and a PAP: attach another one, which takes its place"
        raise Refusal("marking_stays", detail, where="tag")


def _differs(report: Report, marked: dict[str, object]) -> bool:
    return any(getattr(report, field) != level for field, level in marked.items())


def _following(said: Contribution, before: Report, after: Report) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in ("tlp", "pap"):
        held, now = getattr(said, field), getattr(after, field)
        found[field] = now if held == getattr(before, field) else max(held, now)
    return found


def _with(said: Contribution, name: str) -> dict[str, object]:
    if is_marking_label(name):
        return _marking(name)
    threat = threat_of([name])
    return {"tags": _added(said.tags, name), **({"threat_type": threat} if threat else {})}


def _without(said: Contribution, name: str) -> dict[str, object]:
    rest = [other for other in said.tags if other != name]
    if threat_of([name]) == said.threat_type:
        return {"tags": rest, "threat_type": threat_of(rest) or ThreatType.OTHER.value}
    return {"tags": rest}


def _added(tags: list[str], name: str) -> list[str]:
    found = sorted({*tags, name})
    if len(found) > TAGS_MAX:
        raise Refusal("too_many", f"{len(found)} tags; at most {TAGS_MAX}", where="tag")
    return found


def _amend(changed: Sequence[tuple[Contribution, dict[str, object]]], viewer: Viewer) -> bool:
    different = [
        (said, found)
        for said, changes in changed
        if (found := {name: value for name, value in changes.items() if getattr(said, name) != value})
    ]
    return amend_together(different, viewer=whole(viewer), why=WHY) > 0 if different else False
