"""How much one institution may keep in Dépôt: asked once, before anything of a POST is stored.

A POST is stored in chunks, so it is weighed as a whole: it fits and all of it is taken, or nothing is. Two POSTs of one
institution at the same moment are each weighed against what stands before: together they may exceed the quota by the
length of one body (ADR 28), and the next one is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.conf import settings

from ingestion.readers.stix_markings import mentions_red
from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from sharing.taxii.envelopes import Envelope, Posted
from sharing.taxii.models import Depot, DepotObject
from sharing.taxii.objects import Named, check

_CHUNK = 500
_Version = tuple[UUID, str, datetime | None]


def check_room(depot: Depot, envelope: Envelope) -> None:
    """Raises Problem 403 `depot_full` when what is new in an envelope exceeds the quota."""
    held = Depot.objects.get(pk=depot.pk)
    if _fits(held, len(envelope), len(envelope.text.encode())):
        return
    # Near the end it is looked at closely: what is there already takes no room, so that a POST can be repeated.
    new = list(_new(held, envelope))
    count, octets = len(new), sum(new)
    if count and not _fits(held, count, octets):
        raise Problem(403, "depot_full", _told(held, count, octets))


def _fits(held: Depot, count: int, octets: int) -> bool:
    return held.objects_held + count <= settings.DEPOT_MAX_OBJECTS and held.octets + octets <= settings.DEPOT_MAX_BYTES


def _told(held: Depot, count: int, octets: int) -> str:
    return (
        f"Dépôt has no room for this: it holds {held.objects_held} of at most {settings.DEPOT_MAX_OBJECTS} objects, "
        f"{held.octets} of at most {settings.DEPOT_MAX_BYTES} bytes, and {count} new objects of {octets} bytes "
        "were sent; nothing of them was stored. Delete objects that are not needed any more, or ask the operator"
    )


def _new(held: Depot, envelope: Envelope) -> Iterator[int]:
    """The length of each object in an envelope that would be stored."""
    seen: set[_Version] = set()
    objects = iter(envelope)
    while part := list(islice(objects, _CHUNK)):
        sound = list(_sound(part, envelope))
        seen |= _stored(held, {named.stix_id for named, _posted in sound})
        for named, posted in sound:
            version = (named.stix_id, named.stix_type, named.moment)
            if version not in seen:
                seen.add(version)
                yield len(posted.body)


def _sound(part: Iterable[Posted], envelope: Envelope) -> Iterator[tuple[Named, Posted]]:
    for posted in part:
        try:
            named = check(posted.document)
        except Refusal:
            continue
        if not mentions_red(posted.document, envelope.context):
            yield named, posted


def _stored(held: Depot, ids: set[UUID]) -> set[_Version]:
    rows = DepotObject.objects.filter(depot=held, stix_id__in=ids).values_list("stix_id", "stix_type", "version")
    found: set[_Version] = set()
    for stix_id, stix_type, version in rows:
        # An object without a version is there as soon as any of it is.
        found |= {(stix_id, stix_type, version), (stix_id, stix_type, None)}
    return found
