"""Everything of a person or of an institution, as a zip of JSON files that whoever asks takes along (GDPR, article 20).

Apps register portions: a file each, written row by row, so that an export needs no memory for what is long.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from iocmarket.accounts.models import Institution, Member
from iocmarket.audit.services import Actor, record

Rows = Iterable[dict[str, object]]
PIECE = 64 * 1024
"""Bytes of an export that are kept in memory: it is sent while it is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """One file of an export: what there is of a person, of an institution, or of both; and of which models."""

    name: str
    models: tuple[str, ...]
    of_member: Callable[[Member], Rows] | None = None
    of_institution: Callable[[Institution], Rows] | None = None


class Portions:
    """The registered files. A name is registered once (ValueError)."""

    def __init__(self) -> None:
        self._portions: dict[str, Portion] = {}

    def register(self, *portions: Portion) -> None:
        """Add files."""
        for portion in portions:
            if portion.name in self._portions:
                raise ValueError(f"the portion {portion.name!r} is registered twice")
            self._portions[portion.name] = portion

    def ordered(self) -> list[Portion]:
        """All files, by name."""
        return [self._portions[name] for name in sorted(self._portions)]

    def of_persons(self) -> set[str]:
        """The labels of the models of which a person is given the own rows."""
        return {label for one in self._portions.values() if one.of_member for label in one.models}

    def of_institutions(self) -> set[str]:
        """The labels of the models of which an institution is given its rows."""
        return {label for one in self._portions.values() if one.of_institution for label in one.models}


portions = Portions()


@transaction.atomic
def export_member(member: Member, *, actor: Actor) -> Iterator[bytes]:
    """What the platform holds of a person."""
    record("member.exported", actor=actor, subject_type="member", subject_id=member.public_id, details={})
    return _zipped({one.name: one.of_member(member) for one in portions.ordered() if one.of_member})


@transaction.atomic
def export_institution(institution: Institution, *, actor: Actor) -> Iterator[bytes]:
    """What the platform holds of an institution: what it said and did, its people and keys. No secret."""
    record(
        "institution.exported", actor=actor, subject_type="institution", subject_id=institution.public_id, details={}
    )
    return _zipped({one.name: one.of_institution(institution) for one in portions.ordered() if one.of_institution})


def _zipped(files: dict[str, Rows]) -> Iterator[bytes]:
    """The octets of the zip while they are made: the first come at once, however long it is."""
    sent = _Pieces()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, rows in files.items():
            with packed.open(f"{name}.json", "w", force_zip64=True) as file:
                for octets in _listed(rows):
                    file.write(octets)
                    if sent.size >= PIECE:
                        yield sent.taken()
    yield sent.taken()


class _Pieces(io.RawIOBase):
    """What was written since somebody took it. It cannot be sought: zipfile then writes sizes behind each file."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, octets: Any) -> int:
        """Keep them."""
        self._kept.append(bytes(octets))
        self.size += len(octets)
        return len(octets)

    def taken(self) -> bytes:
        """Give them away."""
        octets = b"".join(self._kept)
        self._kept, self.size = [], 0
        return octets


def _listed(rows: Rows) -> Iterator[bytes]:
    """A JSON list, row by row."""
    yield b"["
    before = b"\n"
    for row in rows:
        yield before + json.dumps(row, default=str, ensure_ascii=False, sort_keys=True).encode()
        before = b",\n"
    yield b"\n]\n"
