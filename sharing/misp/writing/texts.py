"""`freeTextImport`: a text is read as the page Share reads it, and its values go into the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from django.db import transaction

from ingestion.readers.misp import NOT_DETECTED
from ingestion.submissions import pressure
from ingestion.submissions.choices import read_choices
from ingestion.submissions.drafts import ITEMS_MAX, Draft, Sending, from_text
from ingestion.submissions.planning import Planned, plan
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.locks import hold_institution
from iocmarket.kernel.decision import Refusal
from sharing.misp.shapes import Json
from sharing.misp.types import category_of, written
from sharing.misp.writing.events import Own, defaults_of
from sharing.misp.writing.incoming import Piece
from sharing.misp.writing.taking import Taken, store

TEXT_MAX = 1_000_000
"""Characters of a text."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the body of `freeTextImport` asks for."""

    text: str
    lists: str = ""
    """What becomes of values on warning lists: empty = they are taken, `soft` = out of detection, `drop` = left out."""
    own: bool = False
    """Whether the distribution asked for is the own organisation."""
    only_look: bool = False


def wish_in(document: Mapping[str, Any]) -> Wish:
    """The wish in a body. Raises Refusal: `value_missing`, `too_long`."""
    text = document.get("value", document.get("Attribute", {}))
    if isinstance(text, Mapping):
        text = text.get("value")
    if not isinstance(text, str) or not text.strip():
        raise Refusal("value_missing", "the body has a value: the text", where="value")
    if len(text) > TEXT_MAX:
        raise Refusal("too_long", f"{len(text)} characters; at most {TEXT_MAX}", where="value")
    adhere = document.get("adhereToWarninglists", document.get("adhere_to_warninglists"))
    lists = "soft" if adhere == "soft" else "drop" if str(adhere).lower() in {"1", "true"} else ""
    looking = str(document.get("returnMetaAttributes", "")).lower() in {"1", "true"}
    return Wish(text, lists, str(document.get("distribution", "")) == "0", looking)


def read(own: Own, wish: Wish) -> tuple[Sending, list[Planned]]:
    """The values in a text with what holds for them in the event. Raises Refusal, InvalidRequest."""
    _frame, choices, story = defaults_of(own)
    said: dict[str, Any] = {"tags": own.tags} if own.tags else {}
    if wish.own:
        said["audience"] = "own"
    base = read_choices(said, base=choices, where="", own=False)
    sending = replace(from_text(wish.text, choices=base), report=story)
    if len(sending.drafts) > ITEMS_MAX:
        raise Refusal("too_many_items", f"{len(sending.drafts)} values; at most {ITEMS_MAX} at once", where="value")
    return sending, plan(sending.drafts)


def candidates(own: Own, wish: Wish) -> list[Json]:
    """What could become of a text, in the words of MISP's importer: nothing is stored. Raises as `read` does."""
    _sending, planned = read(own, wish)
    found = []
    for item in planned:
        if item.draft.canonical is None:
            continue
        said = written(item.draft.type, item.draft.canonical.value, threat_type="", subtree=False)
        found.append(
            {
                "value": said.value,
                "default_type": said.type,
                "types": {said.type: said.type},
                "to_ids": not item.lists,
                "category": category_of(said.type),
                "comment": "",
                "original_value": item.draft.input,
            }
        )
    return found


@transaction.atomic
def import_text(own: Own, wish: Wish, *, viewer: Viewer) -> Taken:
    """Put the values of a text into an event. Raises Refusal, InvalidRequest and ComeBackLater."""
    pressure.check_publication()
    sending, planned = read(own, wish)
    hold_institution(viewer.institution_id)
    taken = Taken()
    drafts: list[Draft] = []
    pieces: list[Piece] = []
    for item in planned:
        piece = Piece(str(len(pieces) + len(taken.skipped)), {"value": item.draft.input}, uuid4())
        if item.lists and wish.lists == "drop":
            taken.skipped[piece.place] = f"it is on a warning list: {item.lists[0].name}"
            continue
        pieces.append(piece)
        drafts.append(replace(_in_event(item, wish, sending), line=len(pieces), index=len(drafts)))
    store(replace(sending, drafts=tuple(drafts), lines_without_indicator=()), pieces, taken, viewer=viewer)
    return taken


def _in_event(item: Planned, wish: Wish, sending: Sending) -> Draft:
    """Marked no looser than the event; out of detection, where it stands on a list and the client wants that."""
    base, choices = sending.choices, item.draft.choices
    choices = replace(choices, tlp=max(choices.tlp, base.tlp), pap=max(choices.pap, base.pap))
    if item.lists and wish.lists == "soft":
        choices = replace(choices, confidence=NOT_DETECTED)
    return replace(item.draft, choices=choices)
