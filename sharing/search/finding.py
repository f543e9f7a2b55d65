"""The search box: one value, many values, or words; what is found is a page of visible values, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from ingestion.submissions.merging import reversed_name
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.indicators.recognise import Recognised, recognise
from iocmarket.indicators.types import Trait
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.publication.access import statements_of
from sharing.search.lookup import Answer, look_up
from sharing.search.rows import Row, one_per_value

PAGE = 50
NEAR_MAX = 50
MANY_MAX = 500


@dataclass(slots=True, kw_only=True)
class Found:
    """What a search gave. `answers`: exact answers; `rows`: a list; `older`: the cursor of the next page."""

    kind: str
    answers: list[Answer] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    older: str = ""

    @property
    def known(self) -> int:
        """How many looked-up values the viewer may see something of."""
        return sum(answer.known for answer in self.answers)

    @property
    def refused(self) -> int:
        """How many lines are no value."""
        return sum(answer.refusal is not None for answer in self.answers)

    @property
    def unknown(self) -> int:
        """The others."""
        return len(self.answers) - self.known - self.refused


def search(text: str, *, viewer: Viewer, before: str = "") -> Found:
    """Search for whatever was typed or pasted. Nothing typed: everything, newest first."""
    text = text.strip()
    if not text:
        return _everything(viewer, before)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1:
        return Found(kind="many", answers=look_up(lines[:MANY_MAX], viewer=viewer))
    if text.startswith("."):
        return Found(kind="suffix", rows=_rows(_under(text.lstrip(".")), viewer))
    try:
        found = recognise(text)
    except Refusal:
        return _words(text, viewer)
    return _one(text, found, viewer)


def _one(text: str, found: Recognised, viewer: Viewer) -> Found:
    near = _near(found)
    rows = _rows(near, viewer) if near is not None else []
    return Found(kind="one", answers=look_up([text], viewer=viewer), rows=rows)


def _near(found: Recognised) -> Q | None:
    """Networks around an address, what lies in a network, names and URLs under a name; the value itself excluded."""
    value = found.canonical.value
    itself = Q(type=found.type.name, value=value)
    if network := found.type.network(value):
        inside = Trait.NETWORK in found.type.traits
        reach = Q(network__within=str(ip_network(network))) if inside else Q(network__covers=network)
        return reach & ~itself
    if Trait.NAME in found.type.traits:
        return _under(value) & ~itself
    return None


def _under(name: str) -> Q:
    return Q(reversed_name__startswith=reversed_name(name.lower()))


def _words(text: str, viewer: Viewer) -> Found:
    """Words of comments, tags and reports that the viewer may read."""
    said = Contribution.objects.visible_to(viewer).filter(
        Q(comment__icontains=text) | Q(tags__contains=[text]) | Q(report__title__icontains=text)
    )
    newest = list(said.order_by("-pk").values_list("indicator_id", flat=True)[: NEAR_MAX * 2])
    return Found(kind="words", rows=_rows(Q(pk__in=newest), viewer))


def _rows(condition: Q, viewer: Viewer) -> list[Row]:
    wanted = Indicator.objects.visible_to(viewer).filter(condition).order_by("-pk")[:NEAR_MAX]
    entries = statements_of(viewer).filter(indicator__in=[row.pk for row in wanted] or [0])
    return one_per_value(entries)[:NEAR_MAX]


def _everything(viewer: Viewer, before: str) -> Found:
    moment = _cursor(before)
    entries = statements_of(viewer)
    if moment is not None:
        entries = entries.filter(date_added__lt=moment)
    page = list(entries[: PAGE + 1])
    older = clock.stamp(page[PAGE - 1].date_added) if len(page) > PAGE else ""
    return Found(kind="all", rows=one_per_value(page[:PAGE]), older=older)


def _cursor(text: str) -> datetime | None:
    try:
        return parse_datetime(text) if text else None
    except ValueError:
        return None
