"""Reports as STIX objects: for each report and view, what of it the view holds (ADR 0033).

A report is told where its own audience and marking lie in the view *and* at least one of its named statements does. It
refers to the entries of that view and to nothing else. One object names at most 1 000 entries; a longer report is told
in parts, each an object of its own for a range of indicators, split as the leaves of a tree are, so that a change
touches the parts in whose range it lies and no other.

Anonymous statements are in no report: a report is one institution's, so that a single named statement beside them
would name them all (domain.md, rule 6).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.audiences import audiences_of, contributions_in
from iocmarket.publication.beside import Beside, Writer
from iocmarket.publication.entries import creator
from iocmarket.publication.gathering import among
from iocmarket.publication.models import Entry, View
from iocmarket.publication.rendering import LABEL_WITHDRAWN
from iocmarket.publication.standard_objects import marking_refs

REFS = 1000
"""Entries that one object names at most."""
LABEL_CONTINUED = "iocmarket:continued"
_SPOKEN = (Entry.State.LIVE, Entry.State.EXPIRED)


class Touched(NamedTuple):
    """A report, and those of its indicators of which something was announced."""

    report: Report
    indicator_ids: list[int]


def touched_by(indicator_ids: Collection[int]) -> list[Touched]:
    """The reports that any statement, also one taken back, on these indicators belongs to. Two statements."""
    rows = Contribution.unscoped.filter(among(Contribution, "indicator", indicator_ids), report__isnull=False)
    found = dict(rows.order_by().values_list("report").annotate(ids=ArrayAgg("indicator_id", distinct=True)))
    reports = Report.objects.in_bulk(list(found)) if found else {}
    return [Touched(reports[pk], sorted(ids)) for pk, ids in sorted(found.items())]


def publish_reports(view: View, touched: Sequence[Touched]) -> int:
    """Bring the objects of these reports in a view up to date; the number of versions. Idempotent.

    The entries of the announced indicators were written before.
    """
    if not touched:
        return 0
    held = _parts(view, [one.report.pk for one in touched])
    writer = Writer(view, "report")
    for report, indicator_ids in touched:
        _Telling(view, report, writer, held[report.pk]).tell(indicator_ids)
    return writer.write()


def _parts(view: View, report_ids: Collection[int]) -> dict[int, list[Beside]]:
    rows = Entry.objects.filter(view=view, report__in=list(report_ids)).order_by("report_id", "from_indicator")
    columns = ("pk", "from_indicator", "stix_id", "first_added", "digest", "state", "tlp", "pap")
    found: dict[int, list[Beside]] = defaultdict(list)
    for report_id, *row in rows.values_list("report_id", *columns):
        found[report_id].append(Beside._make(row))
    return found


class _Telling:
    """One report in one view."""

    def __init__(self, view: View, report: Report, writer: Writer, parts: list[Beside]) -> None:
        self._view, self._report, self._writer, self._parts = view, report, writer, parts
        self._marking = Marking(TLP(report.tlp), PAP(report.pap))
        self._starts = [part.key for part in parts] or [0]
        self._told = view.audience in audiences_of(report) and self._marking.within(view.ceiling)

    def tell(self, indicator_ids: Sequence[int]) -> None:
        """Make new versions of the parts in whose range these indicators lie; of all, where the text is another."""
        places = {max(0, bisect_right(self._starts, pk) - 1) for pk in indicator_ids}
        if self._text_is_new():
            places = set(range(len(self._starts)))
        for place in sorted(places):
            self._tell_part(place)

    def _text_is_new(self) -> bool:
        """Title, description and labels are in every part that is told: what one of them says, all say."""
        told = next((part.pk for part in self._parts if part.state == Entry.State.BESIDE), None)
        if told is None:
            return False
        body: dict[str, Any] = orjson.loads(bytes(Entry.objects.values_list("body", flat=True).get(pk=told)))
        now = self._content([], first=True)
        return any(body.get(name) != now.get(name) for name in ("name", "description", "object_marking_refs"))

    def _tell_part(self, place: int) -> None:
        held = self._parts[place] if self._parts else None
        groups = self._groups(place) if self._told else []
        if not groups and held is not None:
            self._writer.withdraw(held, _withdrawn(self._marking_of(held)), self._marking_of(held))
        for number, (start, numbers) in enumerate(groups):
            first = number == 0
            content = self._content(numbers, first=first and place == 0)
            about = {"report_id": self._report.pk, "from_indicator": self._starts[place] if first else start}
            self._writer.tell(held if first else None, content, self._marking, **about)

    def _groups(self, place: int) -> list[tuple[int, list[UUID]]]:
        """What the view holds of a part's range: its first indicator and its entries, in groups of at most REFS."""
        start = self._starts[place]
        end = self._starts[place + 1] if place + 1 < len(self._starts) else None
        within = Q(indicator_id__gte=start) if end is None else Q(indicator_id__gte=start, indicator_id__lt=end)
        rows = Contribution.unscoped.filter(
            contributions_in(self._view.audience),
            within,
            report=self._report,
            anonymous=False,
            tlp__lte=self._view.ceiling_tlp,
            pap__lte=self._view.ceiling_pap,
            indicator__entries__view=self._view,
            indicator__entries__state__in=_SPOKEN,
        )
        members = list(
            rows.order_by("indicator_id").values_list("indicator_id", "indicator__entries__stix_id").distinct()
        )
        groups = [members[at : at + REFS] for at in range(0, len(members), REFS)]
        return [(group[0][0], [number for _pk, number in group]) for group in groups]

    def _content(self, numbers: Sequence[UUID], *, first: bool) -> dict[str, Any]:
        """STIX 2.1 section 4.16, without what the entry adds."""
        content: dict[str, Any] = {"created_by_ref": creator(), "name": self._report.title}
        if self._report.description:
            content["description"] = self._report.description
        return content | {
            "report_types": ["indicator"],
            "labels": [f"PAP:{self._marking.pap.label}", *([] if first else [LABEL_CONTINUED])],
            "object_refs": [f"indicator--{number}" for number in numbers],
            "object_marking_refs": marking_refs(self._marking),
        }

    @staticmethod
    def _marking_of(held: Beside) -> Marking:
        return Marking(TLP(held.tlp), PAP(held.pap))


def _withdrawn(marking: Marking) -> Mapping[str, Any]:
    """A report must refer to something (STIX 2.1 section 4.16): to the community, which tells nothing."""
    return {
        "created_by_ref": creator(),
        "name": "withdrawn",
        "description": "Withdrawn by those who shared it.",
        "report_types": ["indicator"],
        "labels": [LABEL_WITHDRAWN],
        "object_refs": [creator()],
        "object_marking_refs": marking_refs(marking),
    }
