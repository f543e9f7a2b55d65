"""Everything published equals the model: the log of every view, and what every viewer may see of the statements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.indicators.visibility import effective_marking
from iocmarket.publication.access import views_of
from iocmarket.publication.models import Entry, View
from tests.oracle.acts import Life
from tests.oracle.nouns import Facts, Viewer
from tests.oracle.nouns import View as Place
from tests.oracle.readers import program_viewer

ANONYMOUS = "A member of the community"
TOLD_OF_WITHDRAWN = {
    "type", "spec_version", "id", "created", "modified", "created_by_ref", "name", "description", "indicator_types",
    "pattern", "pattern_type", "pattern_version", "valid_from", "valid_until", "labels", "object_marking_refs",
}  # fmt: skip


def everybody(life: Life) -> list[Viewer]:
    """Every exit: sessions of the members of approved institutions, and usable tokens."""
    people = [Viewer(home, member=member) for member, home in life.world.homes.items()]
    return [v for v in (*people, *(key.viewer for key in life.keys)) if v.institution in life.world.approved]


def check_visibility(life: Life) -> None:
    """`visible_to` and the effective marking, for everybody."""
    rows = Contribution.unscoped.in_bulk()
    for viewer in everybody(life):
        seen = program_viewer(viewer)
        found = set(Contribution.objects.visible_to(seen).values_list("pk", flat=True))
        assert found == {life.rows[said] for said in life.world.said if life.world.visible(said, viewer)}
        met = {life.rows[met] for met in life.world.met if life.world.visible(met, viewer)}
        assert set(Sighting.objects.visible_to(seen).values_list("pk", flat=True)) == met
        for value in life.world.lifetimes:
            said = life.world.seen(viewer, value)
            if facts := life.world.facts(said):
                marking = effective_marking(rows[life.rows[each]] for each in said)
                assert (marking.tlp, marking.pap) == (facts.tlp, facts.pap)


def check_views(life: Life) -> None:
    """After a complete publication: every view that is needed is there, complete, and says what the model says."""
    logs = {_place(view): view for view in View.objects.all()}
    assert all(view.filled_to is None for view in logs.values())
    for viewer in everybody(life):
        assert {_place(view) for view in views_of(program_viewer(viewer))} == life.world.views(viewer)
    entries: dict[int, dict[str, Entry]] = {view.pk: {} for view in logs.values()}
    for entry in Entry.objects.filter(indicator__isnull=False).select_related("indicator"):
        entries[entry.view_id][entry.indicator.value if entry.indicator else ""] = entry
    for place, view in logs.items():
        _check_log(life, place, entries[view.pk])


def _place(view: View) -> Place:
    return view.audience, (int(view.ceiling_tlp), int(view.ceiling_pap))


def _check_log(life: Life, place: Place, entries: dict[str, Entry]) -> None:
    withdrawn = {value: entry for value, entry in entries.items() if entry.state == Entry.State.WITHDRAWN}
    log = life.world.log(place)
    assert set(entries) - set(withdrawn) == set(log), place
    for value, facts in log.items():
        _check_entry(life, entries[value], facts)
    must, may = life.world.withdrawals(place)
    assert must <= set(withdrawn) <= may, place
    for value, entry in withdrawn.items():
        _check_withdrawn(life, place, value, entry)
    life.world.published |= {(place, value) for value in entries}


def _check_entry(life: Life, entry: Entry, facts: Facts) -> None:
    assert (entry.state == Entry.State.LIVE) is facts.live
    assert (entry.tlp, entry.pap) == (facts.tlp, facts.pap)
    assert set(entry.threat_types) == facts.threats
    assert entry.institutions == facts.institutions
    assert (entry.first_seen, entry.last_seen, entry.valid_until) == (facts.first, facts.last, facts.until)
    body = _body(entry)
    assert body["confidence"] == facts.confidence
    assert entry.base_score == pytest.approx(facts.base)
    assert ("iocmarket:contested" in body["labels"]) is bool(facts.contesting)
    assert ("iocmarket:expired" in body["labels"]) is not facts.live
    names = {institution.pk: institution.name for institution in life.cast.institutions} | {None: ANONYMOUS}
    told = {name for name in names.values() if name in body["description"]}
    assert told == {names[speaker] for speaker in facts.speakers}


def _check_withdrawn(life: Life, place: Place, value: str, entry: Entry) -> None:
    """It says nothing of what was said, but for the marking, and its time lies where it was withdrawn."""
    body = _body(entry)
    assert set(body) == TOLD_OF_WITHDRAWN
    assert body["labels"] == ["iocmarket:withdrawn"]
    assert entry.tlp <= place[1][0]
    assert entry.pap <= place[1][1]
    assert life.world.stated[place, value] < entry.date_added <= life.world.now + timedelta(milliseconds=1)


def _body(entry: Entry) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(bytes(entry.body))
    return body


def readable(life: Life, viewer: Viewer) -> dict[Place, dict[str, Entry]]:
    """What the model says that a machine reads: each view's entries, withdrawals only if they came after it joined."""
    found: dict[Place, dict[str, Entry]] = {}
    for place in life.world.views(viewer):
        audience, (tlp, pap) = place
        since = life.world.reads_since(audience, viewer.institution)
        rows = Entry.objects.filter(
            view__audience=audience, view__ceiling_tlp=tlp, view__ceiling_pap=pap, indicator__isnull=False
        )
        found[place] = {
            row.indicator.value: row
            for row in rows.select_related("indicator")
            if row.indicator and (row.state != Entry.State.WITHDRAWN or row.date_added >= since)
        }
    return found
