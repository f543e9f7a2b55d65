"""Hits: the indicators that the records of an archive hold, and the dataset `detection.ioc`; the only writer of both.

Everything that the institution may see is looked up, at its full ceiling, in bulk (known.py). A second run says the
same: one row an indicator, ids made of the record and the indicator.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from ingestion.evidence import detections, storing
from ingestion.evidence.known import Known, known, viewer_of
from ingestion.evidence.models import Archive, Hit
from ingestion.evidence.observables import NAME, Met, Place, distinct, met, observe
from ingestion.evidence.retro_places import begin
from iocmarket.audit.services import PLATFORM, record
from iocmarket.indicators.models import Indicator
from iocmarket.kernel.match.keys import Key

PLACES = 20
"""Records that a hit names; the dataset names more of them, and the count all."""
RECORDS = 1000
"""Records of one indicator in the dataset."""
KEYS = 200
"""Different values that are a hit of one indicator: sub-names, addresses of a network."""


def match(archive: Archive) -> int:
    """Look everything up that the records hold; how many indicators they hold. The caller holds the archive."""
    folder = storing.records_folder(archive)
    if folder is None:
        return 0
    observe(folder)
    begin(archive.case.institution_id)
    viewer = viewer_of(archive.case.institution_id)
    found: Known = {}
    for keys in distinct(folder):
        for indicator, hits in known(keys, viewer).items():
            found.setdefault(indicator, set()).update(hits)
    return keep(archive, folder, found, late=False)


def keep(archive: Archive, folder: Path, found: Known, *, late: bool) -> int:
    """Write the hits: those of a first run in place of all, late ones beside them; how many are new."""
    if late and not found:
        return 0
    pairs = [(one, key) for one, keys in found.items() for key in sorted(keys)[:KEYS]]
    counts, places = met(folder, pairs, RECORDS)
    rows = [_row(archive, one, found[one], counts[one], places, late=late) for one in counts]
    with transaction.atomic():
        held = Archive.objects.select_for_update(of=("self",)).select_related("case").get(pk=archive.pk)
        if held.state != Archive.State.DONE:
            return 0
        before = set(held.hits.values_list("indicator_id", flat=True))
        if late:
            rows = [row for row in rows if row.indicator_id not in before]
        else:
            held.hits.exclude(indicator_id__in=counts).delete()
        fields = ["count", "first_at", "last_at", "keys", "places"]
        Hit.objects.bulk_create(
            rows, batch_size=500, update_conflicts=True, unique_fields=["archive", "indicator"], update_fields=fields
        )
        new = sum(row.indicator_id not in before for row in rows)
        if new:
            record(
                "evidence.matched_late" if late else "evidence.matched", actor=PLATFORM, subject_type="archive",
                subject_id=held.public_id, details={"count": new},
            )  # fmt: skip
    if new or not late:
        _told(archive, folder)
    return new


def _row(archive: Archive, indicator: int, keys: Iterable[Key], told: Met, places: list[Place], *, late: bool) -> Hit:
    mine = [place for place in places if place.indicator == indicator][:PLACES]
    said: list[dict[str, Any]] = [
        {"dataset": one.dataset, "id": one.id, "at": one.at, "field": one.field} for one in mine
    ]
    return Hit(
        archive=archive, indicator_id=indicator, count=told.count, first_at=_moment(told.first_at),
        last_at=_moment(told.last_at), keys=[list(key) for key in sorted(keys)[:KEYS]], places=said, late=late,
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    """None without one, and for a year that no calendar of ours has."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _told(archive: Archive, folder: Path) -> None:
    """Write the dataset anew from the hits, and where each stands into them."""
    seen = Indicator.objects.visible_to(viewer_of(archive.case.institution_id))
    shown = archive.hits.filter(indicator__in=seen).select_related("indicator").order_by("pk")
    hits = {hit.indicator_id: hit for hit in shown}
    pairs = [(pk, Key(*key)) for pk, hit in hits.items() for key in hit.keys]
    _counts, places = met(folder, pairs, RECORDS) if (folder / NAME).exists() else ({}, [])
    named = {pk: (str(hit.indicator.public_id), hit.indicator.type) for pk, hit in hits.items()}
    where = detections.write(folder, places, named)
    for hit in hits.values():
        for place in hit.places:
            place["path"], place["record"] = where.get(place["id"], ("", ""))
    Hit.objects.bulk_update(hits.values(), ["places"], batch_size=500)
