"""False positives and the blocking guard: who contests a value, and for whom it is kept out of what blocks.

A report takes the value out of the reporter's own feeds at once. For another viewer it does so when, among what that
viewer sees, every contributor contests the value, or the reports of distinct institutions are at least two and not
fewer than the unretracted contributors (domain.md, Blocking guard). Contributors are counted as long as their
statement stands, expired or not (ADR 0018); anonymous ones are one, on both sides (domain.md, rule 6).

Everything is decided over what an institution's machines see at the full ceiling, whatever the exit in use: that is
its decision to block (Viewer.decider; partners and the public decide over what they read). Set-based: the reports that
stand are few, so it begins with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import MD5, Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.indicators.visibility import SightingQuerySet
from iocmarket.kernel.marking import FULL

REPORTS_MIN = 2
"""So many institutions are heard against contributors who do not agree."""

REASONS: dict[str, str | Promise] = {"false_positive": _("it is reported as a false positive")}
"""Why a value is kept out. `policy`, where the exit in use may not see the reports, belongs to the feeds."""

Who = int | None
"""An institution by its key; None for the anonymous ones together."""


def contested(contributors: Set[Who], reporters: Set[Who]) -> bool:
    """Whether reports outweigh the statements, for somebody who reported nothing. Of at least one contributor."""
    if not contributors or not reporters:
        return False
    return contributors <= reporters or (len(reporters) >= REPORTS_MIN and len(reporters) >= len(contributors))


@dataclass(frozen=True, slots=True)
class Contested:
    """The values, by key of their indicator, that false positives keep out of an institution's feeds that block."""

    deciding: frozenset[int] = frozenset()
    shown: frozenset[int] = frozenset()
    """Of these the exit in use sees the reports that suffice: the reason may be told."""

    def reason(self, indicator_id: int) -> str | None:
        """`false_positive`, `policy` where the reports may not be told, or None for a value that may be blocked."""
        if indicator_id not in self.deciding:
            return None
        return "false_positive" if indicator_id in self.shown else "policy"


def contested_for(viewer: Viewer, indicator_ids: Collection[int] | None = None) -> Contested:
    """What is kept out of the viewer's feeds, among these indicators or all. Two statements; four when narrow."""
    decider = viewer.decider
    deciding = _contested(decider, indicator_ids)
    narrow = replace(decider, ceiling=viewer.ceiling.capped(FULL))
    shown = deciding if narrow == decider else deciding & _contested(narrow, indicator_ids)
    return Contested(deciding, shown)


@lru_cache(maxsize=1024)
def contested_statement(decider: Viewer) -> tuple[str, tuple[Any, ...]]:
    """A statement of one cell or none: equal for equal reports, hence whether what is kept out may have changed.

    Statements are not in it: they change with their publication, in the heads of the views. Written once for each
    viewer that decides: its consumers ask it again and again (compare assets.py).
    """
    reports = _reports(decider).order_by().values(together=Value(1))
    keys = StringAgg(Cast("pk", TextField()), ",", order_by="pk")
    return reports.annotate(all=MD5(keys)).values_list("all").query.sql_with_params()


def _reports(viewer: Viewer) -> SightingQuerySet:
    return Sighting.objects.visible_to(viewer).filter(kind=Sighting.Kind.FALSE_POSITIVE)


def _contested(viewer: Viewer, indicator_ids: Collection[int] | None) -> frozenset[int]:
    reports = _reports(viewer)
    if indicator_ids is not None:
        reports = reports.filter(indicator_id__in=indicator_ids)
    reporters: dict[int, set[Who]] = defaultdict(set)
    own: set[int] = set()
    for pk, institution_id, anonymous in reports.values_list("indicator_id", "institution_id", "anonymous"):
        reporters[pk].add(None if anonymous else institution_id)
        if institution_id == viewer.institution_id:
            own.add(pk)
    contributors = _contributors(viewer, reports)
    return frozenset(own | {pk for pk, heard in reporters.items() if contested(contributors[pk], heard)})


def _contributors(viewer: Viewer, reports: QuerySet[Sighting]) -> dict[int, set[Who]]:
    said = Contribution.objects.visible_to(viewer).filter(indicator_id__in=reports.values("indicator_id"))
    found: dict[int, set[Who]] = defaultdict(set)
    rows: Iterable[tuple[int, int, bool]] = said.values_list("indicator_id", "institution_id", "anonymous").distinct()
    for pk, institution_id, anonymous in rows:
        found[pk].add(None if anonymous else institution_id)
    return found
