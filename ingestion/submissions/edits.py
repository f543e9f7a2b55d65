"""What a person changes of single lines before sharing: another type, marking or threat, left out, taken after all.

A change is named by what was read, not by its place, so that it stays with a value when lines move. It is applied to
what was read, on the server, each time anew; what then stands there is what was looked at, and only that is shared
(`mark_of`). Pure.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ingestion.readers.credentials import BLANK
from ingestion.submissions.choices import Choices, read_choices
from ingestion.submissions.drafts import Draft, Sending, recognised
from ingestion.submissions.remarks import IN_LINE
from iocmarket.indicators.types.base import Canonical
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of

PROPOSALS_MAX = 100
"""Proposals that a page shows; a list with thousands of values in its comments is read as a list."""
_KEY_LENGTH = 16
_LEVELS = {"tlp": "tlp", "pap": "pap", "threat": "threat_type"}
"""Fields of a line in the form, and what they set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a person set for one line."""

    type: str = ""
    tlp: str = ""
    pap: str = ""
    threat: str = ""
    dropped: bool = False
    taken: bool = False

    @property
    def is_said(self) -> bool:
        """Whether something is changed."""
        return self != _NO_EDIT


_NO_EDIT = Edit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the look: as it was read, what was set, and what follows."""

    key: str
    read: Draft
    edit: Edit
    draft: Draft
    proposed: bool = False
    """Whether the text only mentions it, and a person took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A sending with what was changed of it."""

    sending: Sending
    rows: tuple[Row, ...]
    """One for each draft of the sending, in its order."""
    proposals: tuple[Row, ...]
    proposals_hidden: int = 0


def edited(sending: Sending, data: Mapping[str, str]) -> Edited:
    """Apply the fields `type-<key>`, `tlp-<key>`, `pap-<key>`, `threat-<key>`, `drop-<key>` and `take-<key>`.

    Whatever cannot be, an unknown label, a type that the value is none of, refuses its line alone.
    """
    rows = [_row(draft, key, data, sending.choices) for key, draft in _named(sending.drafts)]
    known = {_identity(row.read) for row in rows}
    fresh = {_identity(draft): draft for draft in reversed(sending.proposals) if draft.canonical is not None}
    mentioned = [draft for draft in reversed(fresh.values()) if _identity(draft) not in known]
    proposals = [_row(draft, key, data, sending.choices) for key, draft in _named(mentioned[:PROPOSALS_MAX])]
    taken = [replace(row, proposed=True) for row in proposals if row.edit.taken]
    if taken:
        rows = sorted([*rows, *taken], key=lambda row: row.draft.line)
        rows = [replace(row, draft=replace(row.draft, index=index)) for index, row in enumerate(rows)]
    return Edited(
        sending=replace(sending, drafts=tuple(row.draft for row in rows)),
        rows=tuple(rows),
        proposals=tuple(proposals),
        proposals_hidden=max(0, len(mentioned) - PROPOSALS_MAX),
    )


def mark_of(sending: Sending) -> str:
    """Equal for the same text or file whose every line is read as the same; what is set by hand is in plain sight.

    However a browser ends its lines, and whatever is set for the batch or as the marking of a line: whoever presses the
    button has set it. Another type, a line left out or taken, a line that a setting refuses is looked at first.
    """
    told = hashlib.sha256("\n".join(sending.raw.splitlines()).encode(errors="surrogatepass"))
    for draft in sending.drafts:
        value = draft.canonical.value if draft.canonical else ""
        refused = draft.refusal.code if draft.refusal else ""
        told.update(repr((draft.line, draft.input, draft.type, value, refused)).encode(errors="surrogatepass"))
    return told.hexdigest()[:32]


def can_be_read_again(draft: Draft) -> bool:
    """Whether what is shown of the input is the whole of it, and holds no secret."""
    code = draft.refusal.code if draft.refusal else ""
    return code != "credential" and bool(draft.input) and not draft.input.endswith("…") and BLANK not in draft.input


def _named(drafts: Iterable[Draft]) -> Iterator[tuple[str, Draft]]:
    """Each with the name that its fields bear in the form: a value that stands twice has two names."""
    met: Counter[str] = Counter()
    for draft in drafts:
        key = digest_of(*_identity(draft)).hex()[:_KEY_LENGTH]
        met[key] += 1
        yield (key if met[key] == 1 else f"{key}.{met[key]}"), draft


def _identity(draft: Draft) -> tuple[str, str]:
    return ("", draft.input) if draft.canonical is None else (draft.type, draft.canonical.value)


def _row(read: Draft, key: str, data: Mapping[str, str], base: Choices) -> Row:
    edit = Edit(
        **{name: data.get(f"{name}-{key}", "")[:60] for name in ("type", *_LEVELS)},
        dropped=bool(data.get(f"drop-{key}")),
        taken=bool(data.get(f"take-{key}")),
    )
    return Row(key=key, read=read, edit=edit, draft=_applied(read, edit, base) if edit.is_said else read)


def _applied(read: Draft, edit: Edit, base: Choices) -> Draft:
    if edit.dropped:
        return replace(read, canonical=None, refusal=Refusal("left_out", "left out by the sender"))
    try:
        choices = _choices(read, edit, base)
        if edit.type or read.canonical is None:
            if not can_be_read_again(read):
                return read
            found = recognised(read.input, edit.type or read.type or None)
            return replace(read, type=found.type.name, canonical=found.canonical, refusal=None, choices=choices)
    except Refusal as refusal:
        return replace(read, type=edit.type or read.type, canonical=None, refusal=refusal)
    return replace(read, canonical=_marked_by_hand(read, edit), choices=choices)


def _marked_by_hand(read: Draft, edit: Edit) -> Canonical | None:
    """The value without the warning that its line gives its marking, where a person gives it another one."""
    if read.canonical is None or not (edit.tlp or edit.pap):
        return read.canonical
    return replace(read.canonical, warnings=tuple(code for code in read.canonical.warnings if code != IN_LINE))


def _choices(read: Draft, edit: Edit, base: Choices) -> Choices:
    """What holds for a line: what was set for it, over what its words say, over the rest. Raises Refusal."""
    own = {name: getattr(edit, field) for field, name in _LEVELS.items() if getattr(edit, field)}
    if read.said:
        return read_choices({**read.said, **own}, base=base, where="", own=True)
    return read_choices(own, base=read.choices, where="", own=True) if own else read.choices
