"""Recomputing entries of views from the committed contributions, and writing what changed.

Called by the publisher alone, inside its transaction and under its lock.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import orjson
from django.conf import settings
from django.utils.dateparse import parse_datetime

from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.facts import Facts, Met, Said, facts_of
from iocmarket.publication.gathering import Held, held_in, met_in, said_in, values_of
from iocmarket.publication.models import Entry, View
from iocmarket.publication.rendering import body_of, digest_of, indicator_content, withdrawn_content, written
from iocmarket.publication.standard_objects import community_identity_id, standard_objects
from iocmarket.publication.storing import Fresh, Parameters, Version, insert, note, parameters_of, replace

_LIVE, _EXPIRED, _WITHDRAWN = (state.value for state in (Entry.State.LIVE, Entry.State.EXPIRED, Entry.State.WITHDRAWN))


@dataclass(slots=True)
class Ticks:
    """Gives out strictly increasing `date_added` values for one view (microseconds)."""

    head: datetime | None

    def tick(self) -> datetime:
        """The next one: now, or a microsecond after the one before."""
        present = clock.now()
        self.head = present if self.head is None else max(present, self.head + clock.MICROSECOND)
        return self.head


class _Told(NamedTuple):
    """What is said of one value in a view, written out."""

    facts: Facts
    text: bytes
    digest: bytes


def recompute(views: Sequence[View], indicator_ids: Collection[int]) -> int:
    """Bring the entries of these indicators up to date; the number of new versions. Idempotent.

    The views are of one audience. What several of them hold alike, because no ceiling keeps anything out, is read and
    written out once.
    """
    if not views or not indicator_ids:
        return 0
    widest = Marking(TLP(max(view.ceiling_tlp for view in views)), PAP(max(view.ceiling_pap for view in views)))
    said = said_in(views[0].audience, widest, indicator_ids)
    teller = _Teller(values_of(said), moment=clock.now())
    versions = 0
    for view in views:
        met = met_in(view.audience, view.ceiling, indicator_ids)
        versions += _recompute_view(view, sorted(indicator_ids), _Spoken(said, met), teller)
    return versions


class _Spoken(NamedTuple):
    """What a chunk of values is said to be, by indicator; the contributions still without the view's own ceiling."""

    said: dict[int, list[Said]]
    met: dict[int, list[Met]]


def _recompute_view(view: View, ordered: Sequence[int], spoken: _Spoken, teller: _Teller) -> int:
    held, ticks = held_in(view, ordered), Ticks(view.head)
    fresh: list[Fresh] = []
    newer: list[tuple[int, Version]] = []
    noted: list[tuple[int, Parameters]] = []
    gone: list[Held] = []
    for pk in ordered:
        entry, within = held.get(pk), _within(view, spoken.said.get(pk))
        if not within:
            if entry is not None and entry.state != _WITHDRAWN:
                gone.append(entry)
            continue
        told = teller.told(pk, within, spoken.met.get(pk, ()))
        if entry is None:
            fresh.append(_first(view, pk, told, ticks.tick()))
        elif bytes(entry.digest) != told.digest:
            newer.append((entry.pk, _version(told, entry.stix_id, entry.first_added, ticks.tick())))
        elif entry.parameters != (parameters := parameters_of(told.facts)):
            noted.append((entry.pk, parameters))
    newer += _withdrawals(gone, teller.moment, ticks)
    note(noted)
    store(view, ticks, fresh, newer)
    return len(fresh) + len(newer)


def _within(view: View, said: list[Said] | None) -> list[Said]:
    tlp, pap = view.ceiling_tlp, view.ceiling_pap
    return [one for one in said if one.tlp <= tlp and one.pap <= pap] if said else []


class _Teller:
    """Writes out what contributions say; for the same ones once, however many views hold them."""

    def __init__(self, values: dict[int, tuple[str, str]], *, moment: datetime) -> None:
        self.moment = moment
        self._values = values
        self._creator = creator()
        self._threshold: float = settings.SCORE_THRESHOLD
        self._told: dict[tuple[int, ...], _Told] = {}

    def told(self, indicator_id: int, said: list[Said], met: Sequence[Met]) -> _Told:
        """What these contributions and sightings, all that a view holds of the indicator, say at the moment."""
        if met:
            return self._write(indicator_id, said, met)
        key = tuple([one.pk for one in said])
        found = self._told.get(key)
        if found is None:
            found = self._told[key] = self._write(indicator_id, said, met)
        return found

    def _write(self, indicator_id: int, said: list[Said], met: Sequence[Met]) -> _Told:
        type_name, value = self._values[indicator_id]
        facts = facts_of(
            said,
            met,
            type_name=type_name,
            value=value,
            lifetime_days=ioc_types[type_name].lifetime_days,
            moment=self.moment,
            threshold=self._threshold,
        )
        text = written(indicator_content(facts, creator=self._creator))
        return _Told(facts, text, digest_of(text))


def _first(view: View, indicator_id: int, told: _Told, added: datetime) -> Fresh:
    stix_id = uuid4()
    return Fresh(view.pk, indicator_id, "indicator", stix_id, added, _version(told, stix_id, added, added))


def _version(told: _Told, stix_id: UUID, created: datetime, added: datetime) -> Version:
    facts = told.facts
    return Version(
        added,
        body_of("indicator", told.text, stix_id=stix_id, created=created, modified=added),
        told.digest,
        _EXPIRED if facts.expired else _LIVE,
        facts.marking.tlp,
        facts.marking.pap,
        facts.threat_types,
        facts.subtree,
        facts.base_score,
        facts.institutions,
        facts.first_seen,
        facts.last_seen,
        facts.valid_until,
        facts.due_at,
    )


def _withdrawals(gone: Sequence[Held], moment: datetime, ticks: Ticks) -> list[tuple[int, Version]]:
    """The last versions of entries of which nothing is left: they repeat of the one before what tells which it was."""
    bodies = Entry.objects.filter(pk__in=[entry.pk for entry in gone]).values_list("pk", "body", "tlp", "pap")
    last = {pk: (bytes(body), Marking(TLP(tlp), PAP(pap))) for pk, body, tlp, pap in bodies} if gone else {}
    return [(entry.pk, _withdrawn(entry, *last[entry.pk], moment, ticks.tick())) for entry in gone]


def _withdrawn(entry: Held, body: bytes, marking: Marking, moment: datetime, added: datetime) -> Version:
    before: dict[str, Any] = orjson.loads(body)
    content = withdrawn_content(
        pattern=before["pattern"],
        valid_from=parse_datetime(before["valid_from"]) or moment,
        at=moment,
        marking=marking,
        creator=creator(),
    )
    text = written(content)
    return Version(
        added,
        body_of("indicator", text, stix_id=entry.stix_id, created=entry.first_added, modified=added),
        digest_of(text),
        _WITHDRAWN,
        marking.tlp,
        marking.pap,
        valid_until=moment,
    )


def add_standard_objects(view: View) -> None:
    """The markings and the identity that a new view begins with."""
    ticks = Ticks(view.head)
    rows = []
    for content in standard_objects(view.ceiling, public_url=settings.PUBLIC_URL, name=settings.COMMUNITY_NAME):
        added, body = ticks.tick(), orjson.dumps(content)
        kind, _, object_id = content["id"].partition("--")
        version = parse_datetime(content.get("modified", content["created"])) or added
        said = Version(added, body, digest_of(body), Entry.State.STATIC.value, version=version)
        rows.append(Fresh(view.pk, None, kind, UUID(object_id), added, said))
    store(view, ticks, rows, [])


def store(view: View, ticks: Ticks, fresh: Sequence[Fresh], newer: Sequence[tuple[int, Version]]) -> None:
    """Write entries and versions, and where the view ends now."""
    if not fresh and not newer:
        return
    insert(fresh)
    replace(newer)
    view.head = ticks.head
    View.objects.filter(pk=view.pk).update(head=ticks.head)


def creator() -> str:
    """The STIX id of the community, which all that is derived names as its creator (ADR 0011)."""
    return f"identity--{community_identity_id(settings.PUBLIC_URL)}"
