"""The search box: one value, many values, or words; what is found is a page of visible values, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from django.db.models import Q

from ingestion.readers.credentials import redact
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.recognise import Recognised, recognise
from iocmarket.indicators.types import Trait
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of
from sharing.search.filters import Filters
from sharing.search.listing import page_of
from sharing.search.lookup import Answer, look_up
from sharing.search.reach import Reach, reach_of, under
from sharing.search.rows import Row

PAGE = 50
MANY_MAX = 500
WORDS_MAX = 200


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


ONLY = {"live": Filters(state="live"), "mine": Filters(mine=True)}
"""What the whole list may be narrowed to."""


def search(text: str, *, viewer: Viewer, before: str = "", only: str = "") -> Found:
    """Search for whatever was typed or pasted. Nothing typed: everything, or what `only` names, newest first."""
    text = text.replace("\x00", " ").strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1:
        answers = look_up(lines[:MANY_MAX], viewer=viewer)
        return Found(kind="many", answers=[replace(answer, asked=redact(answer.asked)) for answer in answers])
    if not text:
        return _listed("all", ONLY.get(only, Filters()), viewer, before)
    try:
        if text.startswith("."):
            return _listed("suffix", Filters(reach=under(text)), viewer, before)
        found = recognise(text)
    except Refusal:
        return _listed("words", Filters(words=text[:WORDS_MAX]), viewer, before)
    return _one(text, found, viewer, before)


def _one(text: str, found: Recognised, viewer: Viewer, before: str) -> Found:
    listed = Found(kind="one")
    if (near := _near(found)) is not None:
        listed = _listed("one", Filters(reach=near), viewer, before)
    listed.answers = look_up([text], viewer=viewer)
    return listed


def _near(found: Recognised) -> Reach | None:
    """Networks around an address, what lies in a network, names and URLs under a name; the value itself excluded."""
    value = found.canonical.value
    itself = Q(digest=digest_of(found.type.name, value))
    if found.type.network(value):
        return reach_of(found).but_not(itself)
    return under(value).but_not(itself) if Trait.NAME in found.type.traits else None


def _listed(kind: str, filters: Filters, viewer: Viewer, before: str) -> Found:
    """A page; an address with a cursor that no page gave shows the first one."""
    try:
        page = page_of(filters, viewer=viewer, limit=PAGE, cursor=before)
    except Refusal:
        page = page_of(filters, viewer=viewer, limit=PAGE)
    return Found(kind=kind, rows=page.rows, older=page.next)
