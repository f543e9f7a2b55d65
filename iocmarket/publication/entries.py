"""Recomputing entries of views from the committed contributions, and writing what changed.

Called by the publisher alone, inside its transaction and under its lock.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.conf import settings
from django.utils.dateparse import parse_datetime

from iocmarket.kernel import clock
from iocmarket.kernel.ids import random_ids
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.facts import Met, Said
from iocmarket.publication.gathering import Held, held_in, met_in, said_in, values_of
from iocmarket.publication.models import Entry, View
from iocmarket.publication.rendering import body_of, digest_of, withdrawn_content, written
from iocmarket.publication.standard_objects import community_identity_id, standard_objects
from iocmarket.publication.storing import Columns, Fresh, Parameters, Version, insert, note, replace
from iocmarket.publication.telling import Teller, Told

_WITHDRAWN = Entry.State.WITHDRAWN.value


@dataclass(slots=True)
class Ticks:
    """Gives out strictly increasing `date_added` values for one view (microseconds)."""

    head: datetime | None

    def tick(self) -> datetime:
        """The next one: now, or a microsecond after the one before."""
        present = clock.now()
        self.head = present if self.head is None else max(present, self.head + clock.MICROSECOND)
        return self.head


def recompute(views: Sequence[View], indicator_ids: Collection[int]) -> int:
    """Bring the entries of these indicators up to date; the number of new versions. Idempotent.

    The views are of one audience. What several of them hold alike, because no ceiling keeps anything out, is read and
    written out once.
    """
    if not views or not indicator_ids:
        return 0
    widest = Marking(TLP(max(view.ceiling_tlp for view in views)), PAP(max(view.ceiling_pap for view in views)))
    said = said_in(views[0].audience, widest, indicator_ids)
    teller = Teller(values_of(said), creator=creator(), moment=clock.now())
    versions = 0
    for view in views:
        met = met_in(view.audience, view.ceiling, indicator_ids)
        versions += _recompute_view(view, sorted(indicator_ids), _Spoken(said, met), teller)
    return versions


class _Spoken(NamedTuple):
    """What a chunk of values is said to be, by indicator; the contributions still without the view's own ceiling."""

    said: dict[int, list[Said]]
    met: dict[int, list[Met]]


def _recompute_view(view: View, ordered: Sequence[int], spoken: _Spoken, teller: Teller) -> int:
    held, ticks = held_in(view, ordered), Ticks(view.head)
    names = iter(random_ids(len(ordered) - len(held)))
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
            fresh.append(_first(view, pk, told, next(names), ticks.tick()))
        elif bytes(entry.digest) != told.digest:
            newer.append((entry.pk, _version(told, entry.stix_id, entry.first_added, ticks.tick())))
        elif entry.parameters != told.parameters:
            noted.append((entry.pk, told.parameters))
    newer += _withdrawals(gone, teller.moment, ticks)
    note(noted)
    store(view, ticks, fresh, newer)
    return len(fresh) + len(newer)


def _within(view: View, said: list[Said] | None) -> list[Said]:
    tlp, pap = view.ceiling_tlp, view.ceiling_pap
    return [one for one in said if one.tlp <= tlp and one.pap <= pap] if said else []


def _first(view: View, indicator_id: int, told: Told, stix_id: str, added: datetime) -> Fresh:
    return Fresh(view.pk, indicator_id, "indicator", stix_id, added, _version(told, stix_id, added, added))


def _version(told: Told, stix_id: UUID | str, created: datetime, added: datetime) -> Version:
    body = body_of("indicator", told.text, stix_id=stix_id, created=created, modified=added)
    return Version(added, body, told.digest, told.columns)


def _withdrawals(gone: Sequence[Held], moment: datetime, ticks: Ticks) -> list[tuple[int, Version]]:
    """The last versions of entries of which nothing is left: they repeat of the one before what tells which it was."""
    bodies = Entry.objects.filter(pk__in=[entry.pk for entry in gone]).values_list("pk", "body", "tlp", "pap")
    last = {pk: (bytes(body), Marking(TLP(tlp), PAP(pap))) for pk, body, tlp, pap in bodies} if gone else {}
    return [(entry.pk, _withdrawn(entry, *last[entry.pk], moment, ticks.tick())) for entry in gone]


def _withdrawn(entry: Held, body: bytes, marking: Marking, moment: datetime, added: datetime) -> Version:
    before: dict[str, Any] = orjson.loads(body)
    content = withdrawn_content(
        pattern=before["pattern"],
        pattern_type=before["pattern_type"],
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
        Columns(_WITHDRAWN, marking.tlp, marking.pap, valid_until=moment).written(),
    )


def add_standard_objects(view: View) -> None:
    """The markings and the identity that a new view begins with."""
    ticks = Ticks(view.head)
    rows = []
    for content in standard_objects(view.ceiling, public_url=settings.PUBLIC_URL, name=settings.COMMUNITY_NAME):
        added, body = ticks.tick(), orjson.dumps(content)
        kind, _, object_id = content["id"].partition("--")
        version = parse_datetime(content.get("modified", content["created"])) or added
        said = Version(added, body, digest_of(body), Columns(Entry.State.STATIC.value).written(), version)
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
