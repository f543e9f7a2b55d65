"""What a target has to hear of some values, worked out from what may be told now and what it was told before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Indicator
from sharing.push.filters import item_of, ruling_for, wants
from sharing.push.models import Hook, Told
from sharing.search.rows import Row, rows_of

ADDED, CHANGED, REMOVED = "added", "changed", "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """One value. `row` is None for one that is to be taken back; `value` is empty for one that was erased."""

    indicator_id: int
    public_id: UUID
    type: str
    value: str
    action: str
    row: Row | None
    digest: bytes = b""


def pieces_of(hook: Hook, viewer: Viewer, indicator_ids: Sequence[int]) -> list[Piece]:
    """Of these values, in this order, those of which the target has something to hear. Five statements at most.

    A value that the target never heard of is not taken back either: that would tell it that the value exists.
    """
    indicators = Indicator.unscoped.in_bulk(list(indicator_ids))
    told = {known.indicator_id: known for known in hook.told.filter(indicator_id__in=list(indicator_ids))}
    rows = {UUID(row.indicator.public_id): row for row in rows_of([*indicators], viewer=viewer)}
    ruling = ruling_for(viewer)
    found = []
    for pk in indicator_ids:
        indicator, known = indicators.get(pk), told.get(pk)
        row = rows.get(indicator.public_id) if indicator else None
        if indicator and row and wants(hook, row) and not ruling.leaves_out(item_of(row), pk):
            digest = digest_of(row)
            if known is None or bytes(known.digest) != digest:
                action = CHANGED if known and known.certain else ADDED
                found.append(Piece(pk, indicator.public_id, indicator.type, indicator.value, action, row, digest))
        elif known:
            value = indicator.value if indicator else ""
            found.append(Piece(pk, known.public_id, known.type, value, REMOVED, None))
    return found


def digest_of(row: Row) -> bytes:
    """Of what is said of a value, but what changes with time alone: a falling score is no news each day."""
    stamps = row.stamps
    said = (
        row.marking.tlp, row.marking.pap, row.state, row.threat_types, row.institutions, row.subtree,
        stamps.first_seen, stamps.last_seen, stamps.valid_until,
    )  # fmt: skip
    return hashlib.sha256(repr(said).encode()).digest()[:16]


def digest_of_all(pieces: Iterable[Piece]) -> bytes:
    """Of all that is said together: a message that says something else is another message."""
    said = [(str(piece.public_id), piece.action, piece.digest) for piece in pieces]
    return hashlib.sha256(repr(said).encode()).digest()


def note_attempt(hook: Hook, pieces: Sequence[Piece]) -> None:
    """Before anything leaves: from here on the target may know, whatever becomes of the attempt."""
    Told.objects.bulk_create(
        [
            Told(hook=hook, indicator_id=piece.indicator_id, public_id=piece.public_id, type=piece.type)
            for piece in pieces
            if piece.row
        ],
        ignore_conflicts=True,
    )
    hook.told.filter(indicator_id__in=[piece.indicator_id for piece in pieces]).update(digest=b"")


def note_arrival(hook: Hook, pieces: Sequence[Piece]) -> None:
    """The target knows."""
    hook.told.filter(indicator_id__in=[piece.indicator_id for piece in pieces if piece.row is None]).delete()
    Told.objects.bulk_create(
        [
            Told(
                hook=hook, indicator_id=piece.indicator_id, public_id=piece.public_id, type=piece.type,
                digest=piece.digest, certain=True,
            )
            for piece in pieces
            if piece.row
        ],
        update_conflicts=True, unique_fields=["hook", "indicator_id"], update_fields=["digest", "certain"],
    )  # fmt: skip
