"""What a feed of whole objects carries: stored bodies of the viewer's views, byte for byte.

Expired and withdrawn objects come along whatever else is asked for: they tell a consumer to drop what it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel import clock
from iocmarket.publication.access import entries_of
from iocmarket.publication.models import Entry
from iocmarket.publication.scores import score_at
from sharing.feeds.options import Options
from sharing.feeds.readable import Readable
from sharing.feeds.selection import moment_of


def select_objects(
    viewer: Viewer, readable: Readable, options: Options, *, present: datetime | None = None
) -> Iterator[bytes]:
    """The bodies, oldest first; what several views hold alike (markings, identity) once. One statement."""
    moment = moment_of(present or clock.now())
    entries = entries_of(viewer, readable.views)
    said = Q(state__in=[Entry.State.EXPIRED, Entry.State.WITHDRAWN])
    wanted = Q(state=Entry.State.STATIC) | (_carried(options) & (said | _live(entries, options, moment)))
    return _once(entries.filter(wanted | _beside(options) | _erased(options)))


def select_told(viewer: Viewer, readable: Readable) -> Iterator[bytes]:
    """What differs between two viewers of one view, of all that it holds: withdrawals, and what every view repeats.

    One statement; an index holds these few (migration 0002).
    """
    rows = entries_of(viewer, readable.views).filter(state__in=[Entry.State.STATIC, Entry.State.WITHDRAWN])
    return _once(rows)


def _once(entries: QuerySet[Entry]) -> Iterator[bytes]:
    seen = set()
    with transaction.atomic():  # the cursor lives in it
        for kind, number, body in entries.values_list("stix_type", "stix_id", "body").iterator(chunk_size=2000):
            if (kind, number) not in seen:
                seen.add((kind, number))
                yield bytes(body)


def _beside(options: Options) -> Q:
    """Reports and sightings speak of entries: a feed that leaves some of these out leaves all of those out."""
    if options.types or options.threat_types or options.score_min or options.age or options.limit:
        return Q(pk__in=())
    tlp = Q() if options.tlp_max is None else Q(tlp__lte=options.tlp_max)
    return tlp & Q(indicator__isnull=True)


def _erased(options: Options) -> Q:
    """Of what was erased nothing tells the type or the threat any more: whoever may have been given it is told."""
    gone = Q(state=Entry.State.WITHDRAWN, indicator__isnull=True, stix_type="indicator")
    return gone if options.tlp_max is None else gone & Q(tlp__lte=options.tlp_max)


def _carried(options: Options) -> Q:
    kept = Q(indicator__isnull=False)
    if options.types:
        kept &= Q(indicator__type__in=options.types)
    if options.tlp_max is not None:
        kept &= Q(tlp__lte=options.tlp_max)
    return kept


def _live(entries: QuerySet[Entry], options: Options, moment: datetime) -> Q:
    live = entries.filter(_carried(options), state=Entry.State.LIVE).alias(score=score_at(moment))
    if options.threat_types:
        live = live.filter(threat_types__overlap=sorted(options.threat_types))
    if options.score_min is not None:
        live = live.filter(score__gte=options.score_min)
    if options.age is not None:
        live = live.filter(last_seen__gte=moment - options.age)
    if options.limit is not None:
        live = live.order_by("-score", "pk")[: options.limit]
    narrowed = any([options.threat_types, options.score_min, options.age, options.limit])
    return Q(pk__in=live.values("pk")) if narrowed else Q(state=Entry.State.LIVE)
