"""Writing into Dépôt: POST and DELETE.

Every writer first takes the Depot row and keeps it until it commits. So `date_added` grows in the order of commits,
one microsecond at least from object to object, and a reader that goes on from the last one it was given misses none.
A POST is done in chunks, each whole in itself: posting the same again after a failure stores the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from ingestion.readers import stix
from ingestion.readers.stix_markings import carried_by, is_known, mentions_red, references
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.copying import copy_rows
from iocmarket.kernel import clock
from iocmarket.kernel.clock import MICROSECOND, stamp
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT, FULL, Marking
from sharing.taxii.contributing import STORIES, definitions_in, settle
from sharing.taxii.envelopes import Envelope, Posted
from sharing.taxii.models import Depot, DepotObject
from sharing.taxii.objects import Named, check, version_said
from sharing.taxii.quotas import check_room
from sharing.taxii.statuses import Detail, keep

CHUNK = 500
"""Objects in one transaction."""
ALREADY = "stored already: the version of that moment is kept as it is"

Key = tuple[UUID, str]
"""What names an object: its UUID and its type."""


@dataclass(slots=True)
class _Chunk:
    """What became of some objects of a POST."""

    stored: list[Detail] = field(default_factory=list)
    refused: list[Detail] = field(default_factory=list)


def post(depot: Depot, envelope: Envelope, *, viewer: Viewer) -> bytes:
    """Store what is sound in an envelope, share what follows from it, and answer with the status (section 5.5).

    Raises Problem 403 when it does not fit into the quota; then nothing is stored.
    """
    asked_at = clock.now()
    check_room(depot, envelope)
    done = _Chunk()
    objects = iter(envelope)
    while part := list(islice(objects, CHUNK)):
        chunk = _post_chunk(depot, part, envelope.context, viewer=viewer)
        done.stored += chunk.stored
        done.refused += chunk.refused
    return keep(viewer, asked_at=asked_at, stored=done.stored, refused=done.refused)


@transaction.atomic
def _post_chunk(
    depot: Depot, part: Sequence[Posted], around: Mapping[str, Mapping[str, Any]], *, viewer: Viewer
) -> _Chunk:
    held = Depot.objects.select_for_update().get(pk=depot.pk)
    writer = _Writer(held, _definitions(held, part, around))
    for posted in part:
        writer.take(posted)
    written = writer.write()
    remarks = settle(held, _touched(held, written), viewer=viewer, around=around)
    record(
        "depot.received", actor=Actor.of(viewer), subject_type="depot", subject_id=held.public_id,
        details={"stored": len(written), "known": len(writer.known), "refused": len(writer.refused)},
    )  # fmt: skip
    stored = [
        Detail(detail.id, detail.version, "; ".join(filter(None, (detail.message, remarks.get(number, "")))))
        for number, detail in writer.stored
    ]
    return _Chunk(stored, writer.refused)


def _definitions(
    depot: Depot, part: Sequence[Posted], around: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    wanted = {ref for posted in part for ref in references(posted.document) if not is_known(ref)}
    return {**definitions_in(depot, wanted - set(around)), **around}


def _touched(depot: Depot, rows: Iterable[DepotObject]) -> list[UUID]:
    """The indicators for which something may follow from new, changed or deleted rows, in order."""
    stories = {(row.stix_id, row.stix_type) for row in rows if row.stix_type in STORIES}
    touched = [row.stix_id for row in rows if row.stix_type == "indicator"]
    # Every version counts: what an earlier one was about may be left out of a later one.
    for refs in DepotObject.objects.filter(depot=depot, stix_id__in=[pk for pk, _type in stories]).values_list("refs"):
        touched += refs[0]
    for row in rows:
        touched += row.refs
    return list(dict.fromkeys(touched))


class _Writer:
    """Collects the rows of one chunk, with their places in the order of the collection."""

    def __init__(self, depot: Depot, definitions: Mapping[str, Mapping[str, Any]]) -> None:
        self._depot = depot
        self._definitions = definitions
        self._versions: dict[Key, list[DepotObject]] = {}
        self._fresh: list[DepotObject] = []
        self._objects: list[tuple[Named, Posted]] = []
        self.stored: list[tuple[UUID, Detail]] = []
        self.known: list[Named] = []
        self.refused: list[Detail] = []

    def take(self, posted: Posted) -> None:
        """Look at one object. What cannot be stored is refused with its reason."""
        try:
            named = check(posted.document)
            if mentions_red(posted.document, self._definitions):
                raise Refusal("tlp_red", "TLP:RED is for named persons: no machine keeps it or reads it")  # noqa: TRY301
            self._objects.append((named, posted))
        except Refusal as refusal:
            said = version_said(posted.document) or stamp(clock.now())
            self.refused.append(Detail(posted.document["id"], said, f"{refusal.code}: {refusal.detail}"))

    def write(self) -> list[DepotObject]:
        """Insert what is new; the new rows."""
        self._versions = _versions_of(self._depot, {(named.stix_id, named.stix_type) for named, _ in self._objects})
        for named, posted in self._objects:
            self._place(named, posted)
        changed = _renumbered(self._versions.values())
        copy_rows(self._fresh)
        _save_places([row for row in changed if row.pk is not None])
        self._depot.objects_held += len(self._fresh)
        self._depot.octets += sum(len(row.body) for row in self._fresh)
        self._depot.save(update_fields=["head", "objects_held", "octets"])
        return self._fresh

    def _place(self, named: Named, posted: Posted) -> None:
        held = self._versions.setdefault((named.stix_id, named.stix_type), [])
        same = [row for row in held if named.moment is None or row.version == named.moment]
        if same:
            self.known.append(named)
            self.stored.append((named.stix_id, Detail(named.id, same[0].version_text, ALREADY)))
            return
        row = self._row(named, posted)
        held.append(row)
        self._fresh.append(row)
        self.stored.append((named.stix_id, Detail(named.id, row.version_text)))

    def _row(self, named: Named, posted: Posted) -> DepotObject:
        added = self._next()
        marking = _marking(posted.document, self._definitions)
        return DepotObject(
            depot=self._depot,
            stix_type=named.stix_type,
            stix_id=named.stix_id,
            version=named.moment or added,
            version_text=named.stamp or stamp(added),
            date_added=added,
            body=posted.body,
            is_first=False,
            is_last=False,
            tlp=marking.tlp,
            pap=marking.pap,
            refs=_refs(named, posted.document),
        )

    def _next(self) -> datetime:
        """The next `date_added`: now, but after every other."""
        head, moment = self._depot.head, clock.now()
        self._depot.head = moment if head is None else max(moment, head + MICROSECOND)
        return self._depot.head


def _marking(document: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> Marking:
    """What decides who reads it back: what it carries, the default without any, the most where that is unclear."""
    try:
        carried = carried_by(document, definitions)
    except Refusal:
        return FULL
    return Marking(
        DEFAULT.tlp if carried.tlp is None else carried.tlp, DEFAULT.pap if carried.pap is None else carried.pap
    )


def _refs(named: Named, document: Mapping[str, Any]) -> list[UUID]:
    if named.stix_type not in STORIES:
        return []
    found = []
    for name in stix.refers_to(document):
        kind, _, number = name.partition("--")
        if kind == "indicator":
            try:
                found.append(UUID(number))
            except ValueError:
                continue
    return list(dict.fromkeys(found))


def _versions_of(depot: Depot, keys: Iterable[Key]) -> dict[Key, list[DepotObject]]:
    """Every version that is there of these objects, without their bodies."""
    found: dict[Key, list[DepotObject]] = defaultdict(list)
    rows = DepotObject.objects.filter(depot=depot, stix_id__in={number for number, _type in keys}).defer("body")
    for row in rows:
        found[row.stix_id, row.stix_type].append(row)
    return dict(found)


def _renumbered(groups: Iterable[Sequence[DepotObject]]) -> list[DepotObject]:
    """Say of each version whether it is the first and the last; those for which that changed."""
    changed = []
    for rows in groups:
        versions = [row.version for row in rows]
        first, last = min(versions), max(versions)
        for row in rows:
            place = (row.version == first, row.version == last)
            if place != (row.is_first, row.is_last):
                row.is_first, row.is_last = place
                changed.append(row)
    return changed


def _save_places(rows: Sequence[DepotObject]) -> None:
    for place in {(row.is_first, row.is_last) for row in rows}:
        pks = [row.pk for row in rows if (row.is_first, row.is_last) == place]
        DepotObject.objects.filter(pk__in=pks).update(is_first=place[0], is_last=place[1])


@transaction.atomic
def delete(depot: Depot, pks: Iterable[int], *, viewer: Viewer) -> int:
    """Delete these rows and take back what followed from them (section 5.7); how many there were."""
    held = Depot.objects.select_for_update().get(pk=depot.pk)
    gone = list(DepotObject.objects.filter(depot=held, pk__in=pks))
    touched = _touched(held, gone)
    DepotObject.objects.filter(pk__in=[row.pk for row in gone]).delete()
    held.objects_held -= len(gone)
    held.octets -= sum(len(row.body) for row in gone)
    held.save(update_fields=["objects_held", "octets"])
    _save_places(_renumbered(_versions_of(held, {(row.stix_id, row.stix_type) for row in gone}).values()))
    settle(held, touched, viewer=viewer, around={})
    record(
        "depot.deleted", actor=Actor.of(viewer), subject_type="depot", subject_id=held.public_id,
        details={"versions": len(gone)},
    )  # fmt: skip
    return len(gone)
