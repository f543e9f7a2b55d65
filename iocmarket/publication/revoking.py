"""Objects of what was erased: a last version with `revoked`, which is final, and nothing left that leads to a value.

The entry loses its indicator, its report and its value sighted; so whoever shares the value later makes an entry with
another id. What is left tells a consumer which object to drop; some find theirs by its pattern too, so an indicator
keeps that for TOLD_DAYS (ADR 0046).

Called under the publisher's lock (`publisher.as_publisher`), by whoever erases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db.models import Count, Q, QuerySet
from django.utils.dateparse import parse_datetime

from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from iocmarket.kernel.clock import MICROSECOND, stamp
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.audiences import addressed_to
from iocmarket.publication.entries import Ticks, creator, store
from iocmarket.publication.gathering import among
from iocmarket.publication.models import Entry, View
from iocmarket.publication.publisher import as_publisher
from iocmarket.publication.rendering import LABEL_ERASED, body_of, digest_of, written
from iocmarket.publication.standard_objects import marking_refs
from iocmarket.publication.storing import Columns, Version

TOLD_DAYS = 30
"""For how long it is told that something was erased: as long as a backup may be kept (docs/privacy.md)."""
BATCH = 2000
_LOST = {"indicator": None, "report": None, "from_indicator": None, "sighted": None}


def said_by_one_alone(view: View, indicator_ids: Collection[int], institution_id: int) -> set[int]:
    """The indicators that nobody but this institution ever put into the view, as far as statements are left.

    Computed from the statements in the view and no others: what a reader sees of an erasure depends on nothing that
    this reader never saw.
    """
    rows = Contribution.unscoped.filter(
        addressed_to(view.audience),
        among(Contribution, "indicator", indicator_ids),
        tlp__lte=view.ceiling_tlp,
        pap__lte=view.ceiling_pap,
    )
    mine = Q(institution_id=institution_id)
    told = rows.order_by().values_list("indicator_id").annotate(own=Count("pk", mine), others=Count("pk", ~mine))
    return {pk for pk, own, others in told if own and not others}


def revoke(entries: QuerySet[Entry]) -> int:
    """Revoke these objects, each in its view; how many. Reads them all: the caller gives no more than a chunk."""
    found: dict[int, list[Entry]] = defaultdict(list)
    columns = ("pk", "view_id", "stix_type", "stix_id", "first_added", "tlp", "pap", "body")
    for entry in entries.order_by("view_id", "date_added").only(*columns):
        found[entry.view_id].append(entry)
    for view in View.objects.filter(pk__in=found).order_by("pk"):
        ticks = Ticks(view.head)
        store(view, ticks, [], [(entry.pk, _revoked(entry, ticks.tick())) for entry in found[view.pk]])
    gone = [entry.pk for rows in found.values() for entry in rows]
    if gone:
        Entry.objects.filter(pk__in=gone).update(**_LOST)
    return len(gone)


def tombstones() -> QuerySet[Entry]:
    """What is left of what was erased."""
    return Entry.objects.filter(
        state=Entry.State.WITHDRAWN, indicator__isnull=True, report__isnull=True, sighted__isnull=True
    )


def told_long_enough() -> QuerySet[Entry]:
    """What every consumer that polls at all has been told."""
    return tombstones().filter(date_added__lt=clock.now() - timedelta(days=TOLD_DAYS))


def forget_tombstones() -> int:
    """Delete what was told long enough; how many objects."""
    count = 0
    while ids := list(told_long_enough().order_by("date_added").values_list("pk", flat=True)[:BATCH]):
        with as_publisher():
            count += Entry.objects.filter(pk__in=ids).delete()[0]
    return count


def forget_view_of(institution_id: int, limit: int) -> int:
    """Delete some of what the inbox of an institution holds, and the inbox when it is empty; how many rows.

    Nobody reads it: the institution is out. The publisher must not be writing into it.
    """
    views = View.objects.filter(institution_id=institution_id)
    if not views.exists():
        return 0
    with as_publisher():
        ids = list(Entry.objects.filter(view__in=views).values_list("pk", flat=True)[:limit])
        if ids:
            return Entry.objects.filter(pk__in=ids).delete()[0]
        return views.delete()[0]


def _revoked(entry: Entry, added: datetime) -> Version:
    kind, created = entry.stix_type, entry.first_added
    text = written(_content(entry, orjson.loads(bytes(entry.body)), added))
    return Version(
        added,
        body_of(kind, text, stix_id=entry.stix_id, created=created, modified=added),
        digest_of(text),
        Columns(Entry.State.WITHDRAWN.value, entry.tlp, entry.pap, valid_until=added).written(),
    )


def _content(entry: Entry, before: dict[str, Any], at: datetime) -> dict[str, Any]:
    """What STIX 2.1 asks of an object of that type (sections 4.7, 4.16, 5.2), and that it is revoked (section 3.2)."""
    kind, created = entry.stix_type, entry.first_added
    said: dict[str, Any] = {
        "created_by_ref": creator(),
        "revoked": True,
        "labels": [LABEL_ERASED],
        "object_marking_refs": marking_refs(Marking(TLP(entry.tlp), PAP(entry.pap))),
    }
    if kind == "sighting":
        return said | {"sighting_of_ref": before["sighting_of_ref"]}
    said |= {"name": "erased", "description": "Erased by those who shared it."}
    if kind == "report":
        # A report must refer to something: to the community, which tells nothing.
        return said | {"published": stamp(created), "report_types": ["indicator"], "object_refs": [creator()]}
    begins = parse_datetime(before["valid_from"]) or created
    return said | {
        "indicator_types": ["unknown"],
        "pattern": before["pattern"],
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": stamp(begins),
        "valid_until": stamp(max(at, begins + MICROSECOND)),
    }
