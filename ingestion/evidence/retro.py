"""Retro: what becomes known after an archive was processed is looked for in what is kept of it.

The publisher tells in commit order what changed in each view; an institution's archives follow all views that it may
read (`Followed`). Whoever joins a circle, or is sent something, is told of it here as in the feeds.
"""

from __future__ import annotations

from django.db.models import QuerySet

from ingestion.evidence import known, matching, storing
from ingestion.evidence.holding import holding
from ingestion.evidence.models import Archive, Followed
from ingestion.evidence.observables import NAME, distinct
from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Indicator
from iocmarket.kernel.match.index import Index, Known
from iocmarket.publication.access import views_of
from iocmarket.publication.models import Entry, View

ENTRIES = 5000
"""Entries of one view that a sweep takes for one institution; the next one takes the next."""


def sweep() -> int:
    """Go on for every institution with records; how many hits are new."""
    kept = Archive.objects.filter(state=Archive.State.DONE).exclude(analysed_at=None)
    homes = Institution.objects.filter(state=Institution.State.APPROVED, cases__archives__in=kept).distinct()
    return sum(_follow(home.pk, view, kept) for home in homes for view in views_of(known.viewer_of(home.pk)))


def _follow(institution_id: int, view: View, kept: QuerySet[Archive]) -> int:
    followed, _made = Followed.objects.get_or_create(institution_id=institution_id, view=view)
    entries = known.since(view, followed.reached, ENTRIES)
    if not entries:
        return 0
    index = _index(entries, institution_id)
    mine = kept.filter(case__institution_id=institution_id).select_related("case").order_by("pk")
    counts = [_compared(archive, index) for archive in mine.iterator(chunk_size=100)]
    if None in counts:
        return 0  # somebody is at one of them: all of it again, which finds nothing twice
    Followed.objects.filter(pk=followed.pk).update(reached=entries[-1].date_added)
    return sum(count or 0 for count in counts)


def _index(entries: list[Entry], institution_id: int) -> Index:
    """Of what the institution may see this very moment."""
    asked = [one.indicator_id for one in entries if one.indicator_id is not None]
    seen = Indicator.objects.visible_to(known.viewer_of(institution_id)).filter(pk__in=asked)
    still = set(seen.values_list("pk", flat=True))
    return Index.of(
        Known(one.indicator.pk, one.indicator.type, one.indicator.value, one.subtree)
        for one in entries
        if one.indicator is not None and one.indicator.pk in still
    )


def _compared(archive: Archive, index: Index) -> int | None:
    """How many hits are new; None while another process has it."""
    with holding(archive.pk) as mine:
        if not mine:
            return None
        folder = storing.records_folder(archive)
        if folder is None or not (folder / NAME).exists():
            return 0
        found: known.Known = {}
        for keys in distinct(folder):
            for key in keys:
                for hit in index.hits(key):
                    found.setdefault(hit.id, set()).add(key)
        return matching.keep(archive, folder, found, late=True)
