"""Recomputing entries of one view from the committed contributions, and writing what changed.

Called by the publisher alone, inside its transaction and under its lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.conf import settings
from django.db.models import Max
from django.utils.dateparse import parse_datetime

from iocmarket.copying import copy_rows
from iocmarket.database import update_many
from iocmarket.indicators.models import Contribution, Indicator, Sighting
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.audiences import contributions_in
from iocmarket.publication.facts import Facts, Met, facts_of
from iocmarket.publication.models import Entry, View
from iocmarket.publication.rendering import body_of, digest_of, indicator_content, withdrawn_content
from iocmarket.publication.standard_objects import community_identity_id, standard_objects

# What a new version replaces; the identity of an entry (view, indicator, stix_id, first_added) never changes.
_REPLACED = [
    "date_added", "version", "body", "digest", "state", "tlp", "pap", "threat_types", "subtree", "base_score",
    "institutions", "first_seen", "last_seen", "valid_until", "due_at",
]  # fmt: skip


@dataclass(slots=True)
class _Clock:
    """Gives out strictly increasing `date_added` values for one view (microseconds)."""

    head: datetime | None

    def tick(self) -> datetime:
        present = clock.now()
        self.head = present if self.head is None else max(present, self.head + clock.MICROSECOND)
        return self.head


def recompute(view: View, indicator_ids: Collection[int]) -> int:
    """Bring the entries of these indicators up to date; the number of new versions. Idempotent."""
    if not indicator_ids:
        return 0
    moment = clock.now()
    spoken = _contributions(view, indicator_ids)
    met = _sightings(view, indicator_ids)
    entries = {e.indicator_id: e for e in Entry.objects.filter(view=view, indicator_id__in=list(indicator_ids))}
    indicators = Indicator.unscoped.in_bulk(list(spoken))
    ticks = _Clock(view.head)
    changed: list[Entry] = []
    for pk in sorted(indicator_ids):
        entry = entries.get(pk)
        if pk in spoken:
            version = _version(view, indicators[pk], entry, (spoken[pk], met[pk]), moment=moment, ticks=ticks)
        else:
            version = _withdrawn(entry, moment=moment, ticks=ticks)
        if version is not None:
            changed.append(version)
    _write(view, changed, ticks)
    return len(changed)


def _contributions(view: View, indicator_ids: Collection[int]) -> dict[int, list[Contribution]]:
    found: dict[int, list[Contribution]] = defaultdict(list)
    rows = Contribution.unscoped.filter(
        contributions_in(view.audience),
        indicator_id__in=list(indicator_ids),
        tlp__lte=view.ceiling_tlp,
        pap__lte=view.ceiling_pap,
    )
    for row in rows.select_related("institution"):
        found[row.indicator_id].append(row)
    return found


def _sightings(view: View, indicator_ids: Collection[int]) -> dict[int, list[Met]]:
    found: dict[int, list[Met]] = defaultdict(list)
    rows = Sighting.unscoped.filter(
        contributions_in(view.audience),
        indicator_id__in=list(indicator_ids),
        tlp__lte=view.ceiling_tlp,
        pap__lte=view.ceiling_pap,
    )
    latest = rows.values_list("indicator_id", "kind", "institution_id", "anonymous").annotate(at=Max("seen_at"))
    for pk, *met in latest.order_by():
        found[pk].append(Met(*met))
    return found


def _version(
    view: View,
    indicator: Indicator,
    entry: Entry | None,
    told: tuple[list[Contribution], list[Met]],
    *,
    moment: datetime,
    ticks: _Clock,
) -> Entry | None:
    facts = facts_of(
        *told,
        type_name=indicator.type,
        value=indicator.value,
        lifetime_days=ioc_types[indicator.type].lifetime_days,
        moment=moment,
        threshold=settings.SCORE_THRESHOLD,
    )
    content = indicator_content(facts, creator=_creator())
    digest = digest_of(content)
    if entry is not None and bytes(entry.digest) == digest:
        _note_due(entry, facts.due_at)
        return None
    added = ticks.tick()
    if entry is None:
        entry = Entry(view=view, indicator=indicator, stix_id=uuid4(), first_added=added)
    fill_in(entry, facts)
    entry.date_added = entry.version = added
    entry.digest = digest
    entry.body = body_of(content, stix_id=entry.stix_id, created=entry.first_added, modified=added)
    return entry


def fill_in(entry: Entry, facts: Facts) -> None:
    """Set what an entry says beside its body."""
    entry.state = Entry.State.EXPIRED if facts.expired else Entry.State.LIVE
    entry.tlp, entry.pap = facts.marking.tlp, facts.marking.pap
    entry.threat_types = list(facts.threat_types)
    entry.subtree = facts.subtree
    entry.base_score = facts.base_score
    entry.institutions = facts.institutions
    entry.first_seen, entry.last_seen = facts.first_seen, facts.last_seen
    entry.valid_until, entry.due_at = facts.valid_until, facts.due_at


def _note_due(entry: Entry, due_at: datetime | None) -> None:
    """Time passed without changing the body: only the next look is noted, no version is made."""
    if entry.due_at != due_at:
        Entry.objects.filter(pk=entry.pk).update(due_at=due_at)


def _withdrawn(entry: Entry | None, *, moment: datetime, ticks: _Clock) -> Entry | None:
    if entry is None or entry.state == Entry.State.WITHDRAWN:
        return None
    last: dict[str, Any] = orjson.loads(bytes(entry.body))
    valid_from = parse_datetime(last["valid_from"]) or moment
    content = withdrawn_content(
        pattern=last["pattern"],
        valid_from=valid_from,
        at=moment,
        marking=Marking(TLP(entry.tlp), PAP(entry.pap)),
        creator=_creator(),
    )
    added = ticks.tick()
    entry.state = Entry.State.WITHDRAWN
    entry.threat_types = []
    entry.base_score = 0
    entry.institutions = 0
    entry.subtree = False
    entry.first_seen = entry.last_seen = entry.due_at = None
    entry.valid_until = moment
    entry.date_added = entry.version = added
    entry.digest = digest_of(content)
    entry.body = body_of(content, stix_id=entry.stix_id, created=entry.first_added, modified=added)
    return entry


def add_standard_objects(view: View) -> None:
    """The markings and the identity that a new view begins with."""
    ticks = _Clock(view.head)
    rows = []
    for content in standard_objects(view.ceiling, public_url=settings.PUBLIC_URL, name=settings.COMMUNITY_NAME):
        added = ticks.tick()
        kind, _, object_id = content["id"].partition("--")
        version = parse_datetime(content.get("modified", content["created"])) or added
        rows.append(
            Entry(
                view=view, stix_type=kind, stix_id=UUID(object_id), date_added=added, first_added=added,
                version=version, body=orjson.dumps(content), digest=digest_of(content), state=Entry.State.STATIC,
            ),
        )  # fmt: skip
    _write(view, rows, ticks)


def _write(view: View, rows: list[Entry], ticks: _Clock) -> None:
    if not rows:
        return
    known = [row for row in rows if row.pk is not None]
    copy_rows([row for row in rows if row.pk is None])
    update_many(known, _REPLACED)
    view.head = ticks.head
    View.objects.filter(pk=view.pk).update(head=ticks.head)


def _creator() -> str:
    return f"identity--{community_identity_id(settings.PUBLIC_URL)}"
