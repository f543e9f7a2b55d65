"""What is told to one person in TLP:RED: in no view, and read by that person's session alone.

Lists and the page of a value read entries. For what lies in no view the same entry is computed when it is asked for,
from the statements that name the person; it is never stored, so that no machine exit can come upon it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.conf import settings

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.indicators.types import ioc_types
from iocmarket.indicators.visibility import ContributionQuerySet
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP
from iocmarket.publication.facts import Facts, Met, facts_of
from iocmarket.publication.gathering import met_of, said_of
from iocmarket.publication.models import Entry


def red_statements(viewer: Viewer) -> ContributionQuerySet:
    """The TLP:RED statements that this session's person made or is named in; none for a machine."""
    if viewer.member_id is None:
        return Contribution.objects.none()
    return Contribution.objects.visible_to(viewer).filter(tlp=TLP.RED)


def personal_entries(viewer: Viewer, indicator_ids: Collection[int]) -> list[Entry]:
    """An unsaved entry for each of these indicators that the person knows in TLP:RED.

    Two statements, whatever is found; none for machines.
    """
    if viewer.member_id is None:
        return []
    said: dict[int, list[Contribution]] = defaultdict(list)
    for row in red_statements(viewer).filter(indicator__in=list(indicator_ids)).with_authors():
        said[row.indicator_id].append(row)
    red = Sighting.objects.visible_to(viewer).filter(tlp=TLP.RED, indicator__in=list(indicator_ids))
    met = met_of(red)
    return [_entry(rows, met.get(pk, [])) for pk, rows in said.items()]


def _entry(rows: list[Contribution], met: list[Met]) -> Entry:
    indicator = rows[0].indicator
    facts = facts_of(
        [said_of(row) for row in rows],
        met,
        type_name=indicator.type,
        value=indicator.value,
        lifetime_days=ioc_types[indicator.type].lifetime_days,
        moment=clock.now(),
        threshold=settings.SCORE_THRESHOLD,
    )
    newest = max(rows, key=lambda row: (row.refreshed_at, row.public_id))
    entry = Entry(
        indicator=indicator,
        stix_id=newest.public_id,
        date_added=newest.refreshed_at,
        first_added=min(row.created_at for row in rows),
    )
    _fill_in(entry, facts)
    return entry


def _fill_in(entry: Entry, facts: Facts) -> None:
    entry.state = Entry.State.EXPIRED if facts.expired else Entry.State.LIVE
    entry.tlp, entry.pap = facts.marking.tlp, facts.marking.pap
    entry.threat_types = list(facts.threat_types)
    entry.subtree = facts.subtree
    entry.base_score = facts.base_score
    entry.institutions = facts.institutions
    entry.first_seen, entry.last_seen = facts.first_seen, facts.last_seen
    entry.valid_until, entry.due_at = facts.valid_until, facts.due_at
