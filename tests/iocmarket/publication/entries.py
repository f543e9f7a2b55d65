"""What tests of the publisher read of a view."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise

from iocmarket.indicators.models import Contribution
from iocmarket.publication.models import Entry, View


def entry_of(contribution: Contribution, audience: str = "community") -> Entry:
    """The entry of a statement's value in one view."""
    return Entry.objects.get(view__audience=audience, indicator=contribution.indicator)


def content_of(entry: Entry) -> dict[str, object]:
    """The object that the entry carries."""
    found: dict[str, object] = json.loads(bytes(entry.body))
    return found


def in_order(view: View) -> list[Entry]:
    """The entries of a view, of which no two have one moment and none is beyond the view's own."""
    entries = list(Entry.objects.filter(view=view).order_by("date_added"))
    assert all(earlier.date_added < later.date_added for earlier, later in pairwise(entries))
    assert entries[-1].date_added <= (View.objects.get(pk=view.pk).head or datetime.min.replace(tzinfo=UTC))
    return entries
