"""The chain of custody: one line after the other, each with the hash of the one before, never changed."""

from __future__ import annotations

import hashlib

import orjson
from django.db import connection

from ingestion.evidence.models import Archive, Case, CustodyEntry
from iocmarket.audit.services import Actor
from iocmarket.kernel import clock

START = "0" * 64
"""What stands before the first line."""


def note(
    act: str, case: Case, *, actor: Actor, archive: Archive | None = None, sha256: str = "", **details: object
) -> CustodyEntry:
    """Add a line. Raises RuntimeError outside a transaction: an act and its line stand or fall together."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"{act}: a line of custody is written in the transaction of its act")
    Case.objects.select_for_update(of=("self",)).get(pk=case.pk)  # two at once would both be the next
    last = CustodyEntry.objects.filter(case=case).order_by("-position").first()
    line = CustodyEntry(
        case=case, position=last.position + 1 if last else 0, archive=archive, at=clock.now(), act=act,
        member_id=actor.member_id, token_id=actor.token_id, sha256=sha256, details=details,
    )  # fmt: skip
    line.digest = digest_of(line, last.digest if last else START)
    line.save(force_insert=True)
    return line


def digest_of(line: CustodyEntry, before: str) -> str:
    """SHA-256 of the line before and of everything that this one says."""
    said = {
        "before": before, "position": line.position, "at": clock.stamp(line.at), "act": str(line.act),
        "case": str(line.case.public_id), "archive": str(line.archive.public_id) if line.archive else None,
        "member": line.member_id, "token": line.token_id, "sha256": line.sha256, "details": line.details,
    }  # fmt: skip
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def broken_at(case: Case) -> int | None:
    """The first position whose line is not what its hash says, or is missing; None for a whole chain."""
    before = START
    lines = CustodyEntry.objects.filter(case=case).select_related("case", "archive").order_by("position")
    for position, line in enumerate(lines):
        if line.position != position or line.digest != digest_of(line, before):
            return position
        before = line.digest
    return None
