"""Findings of an archive: made of its records by the worker, judged by people of the institution.

The rules are pure (findings/); this reads records and writes rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import QuerySet

from ingestion.evidence import storing
from ingestion.evidence.detecting import detect
from ingestion.evidence.findings.base import Found, Record, findings, may_tell
from ingestion.evidence.logons import break_ins
from ingestion.evidence.models import Archive, Case, Finding
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock

RECORDS_MAX = 200_000
"""Records that may tell of something and are read: a machine has some thousands."""
FINDINGS_MAX = 2000
"""Findings that an archive keeps, the surest first."""
SHOWN = 200
"""Findings of a case on its page."""


def hunt(archive: Archive) -> int:
    """Find what comes back on that machine; how much there is. Done again, it keeps what people said."""
    folder = storing.records_folder(archive)
    if folder is None:
        return keep(archive, [])
    found = [*findings(records(folder)), *detect(folder), *break_ins(archive)]
    return keep(archive, sorted(found, key=lambda one: -one.score))


def records(folder: Path) -> Iterator[Record]:
    """The records that may matter, each line read for a few words before it is parsed."""
    return islice(_told(folder), RECORDS_MAX)


def _told(folder: Path) -> Iterator[Record]:
    for path in sorted(folder.glob("*.jsonl")):
        if path.name == "errors.jsonl":
            continue
        with path.open("rb") as lines:
            for line in lines:
                if may_tell(line):
                    yield orjson.loads(line)


@transaction.atomic
def keep(archive: Archive, found: Iterable[Found]) -> int:
    """Write them; those that are gone go, unless somebody judged them. Nothing of an archive that was shredded."""
    held = Archive.objects.select_for_update().get(pk=archive.pk)
    if held.state != Archive.State.DONE:
        return 0
    rows = {row.public_id: row for row in (_row(held, one) for one in islice(found, FINDINGS_MAX))}
    held.findings.filter(state=Finding.State.PROPOSED).exclude(public_id__in=rows).delete()
    Finding.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["public_id"], batch_size=500,
        update_fields=["score", "records", "known_good", "target_hash"],
    )  # fmt: skip
    return len(rows)


def _row(archive: Archive, found: Found) -> Finding:
    return Finding(
        public_id=found.identity(str(archive.public_id)), archive=archive, category=found.category,
        technique=found.technique, location=_stored(found.location), value=_stored(found.value),
        command=_stored(found.command), target_hash=found.target_hash[:64], records=list(found.records),
        known_good=found.known_good, score=found.score,
    )  # fmt: skip


def _stored(text: str) -> str:
    """As PostgreSQL takes it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


@transaction.atomic
def decide(finding: Finding, state: str, *, viewer: Viewer) -> Finding:
    """Say what it is, or that nobody knows yet. The caller has checked whose it is."""
    held = Finding.objects.select_for_update(of=("self",)).select_related("archive").get(pk=finding.pk)
    open_again = state == Finding.State.PROPOSED
    held.state = state
    held.reviewer_id = None if open_again else viewer.member_id
    held.reviewed_at = None if open_again else clock.now()
    held.save(update_fields=["state", "reviewer", "reviewed_at"])
    record(
        "evidence.finding_judged", actor=Actor.of(viewer), subject_type="archive",
        subject_id=held.archive.public_id, details={"state": state},
    )  # fmt: skip
    return held


def of_case(case: Case) -> QuerySet[Finding]:
    """Those of its archives for the page, the surest first; the API tells more."""
    found = Finding.objects.filter(archive__case=case).select_related("archive", "reviewer")
    return found.order_by("-score", "pk")[:SHOWN]


def own(archive_id: UUID, finding_id: UUID, viewer: Viewer) -> QuerySet[Finding]:
    """One of the own institution's archive, or nothing."""
    return Finding.objects.owned_by(viewer).filter(archive__public_id=archive_id, public_id=finding_id)
