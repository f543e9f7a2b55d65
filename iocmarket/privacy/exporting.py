"""Everything of a person or of an institution, as a zip of JSON files that whoever asks takes along (GDPR, article 20).

Apps register portions: a file each, written row by row, so that an export needs no memory for what is long.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction

from iocmarket.accounts.models import Institution, Member
from iocmarket.audit.services import Actor, record

Rows = Iterable[dict[str, object]]
IN_MEMORY = 4 * 1024 * 1024
"""Bytes of an export that are kept in memory; a longer one goes to a file without a name."""
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """One file of an export: what there is of a person, of an institution, or of both."""

    name: str
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
    """The octets of the zip, made when the first are asked for: an answer that nobody reads leaves no file open."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, rows in files.items():
                with packed.open(f"{name}.json", "w") as file:
                    for octets in _listed(rows):
                        file.write(octets)
        kept.seek(0)
        while octets := kept.read(_PIECE):
            yield octets


def _listed(rows: Rows) -> Iterator[bytes]:
    """A JSON list, row by row."""
    yield b"["
    before = b"\n"
    for row in rows:
        yield before + json.dumps(row, default=str, ensure_ascii=False, sort_keys=True).encode()
        before = b",\n"
    yield b"\n]\n"
