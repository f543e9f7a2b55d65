"""The sealer: chains committed events by hashes, in the order in which they are found committed.

An event with a small id may be committed after one with a greater id; so not ids tell what is to be sealed but a queue,
which a trigger fills in the event's own transaction: what is in it is committed, and what is not in it is sealed.
Two sealers do no harm: an advisory lock lets one work, and the table refuses a second link behind the same one.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, timedelta

from django.db import connection, transaction

from iocmarket.audit.models import Event, Seal, Unsealed
from iocmarket.kernel import clock

LOCK = 0x10C_0005
BATCH = 1000
"""Events in one transaction."""
BEGIN = hashlib.sha256(b"iocmarket audit chain 1").digest()
"""What the first link follows upon."""

_TAKE = """DELETE FROM audit_unsealed WHERE event_id = ANY (ARRAY (
SELECT waiting.event_id FROM audit_unsealed waiting JOIN audit_event ON audit_event.id = waiting.event_id
ORDER BY waiting.event_id LIMIT %s)) RETURNING event_id"""
_FIND = """INSERT INTO audit_unsealed (event_id) SELECT id FROM audit_event event
WHERE NOT EXISTS (SELECT FROM audit_seal WHERE event_id = event.id) ON CONFLICT DO NOTHING"""


def canonical(event: Event) -> bytes:
    """The event as one line of JSON that is the same whenever and wherever it is written; without its origin itself."""
    said = {
        "id": event.pk,
        "public_id": str(event.public_id),
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "action": event.action,
        "actor": event.actor_id,
        "token": event.token_id,
        "institution": event.institution_id,
        "subject_type": event.subject_type,
        "subject_id": str(event.subject_id) if event.subject_id else None,
        "details": event.details,
        "origin": bytes(event.origin).hex() if event.origin else None,
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link(event: Event, previous: bytes) -> bytes:
    """The hash of an event that follows upon a link: SHA-256 over its canonical form and that link's hash."""
    return hashlib.sha256(canonical(event) + previous).digest()


@transaction.atomic
def seal(batch: int = BATCH) -> int:
    """Seal what is committed and waits, at most so many; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(_TAKE, [batch])
        taken = [pk for (pk,) in cursor.fetchall()]
    if not taken:
        return 0
    last = Seal.objects.order_by("-position").first()
    position, previous = (last.position, bytes(last.hash)) if last else (0, BEGIN)
    links = []
    present = clock.now()
    for event in Event.objects.filter(pk__in=taken).order_by("pk"):
        position += 1
        links.append(Seal(position=position, event_id=event.pk, previous=previous, sealed_at=present))
        previous = links[-1].hash = link(event, previous)
    Seal.objects.bulk_create(links)
    return len(links)


def seal_all() -> int:
    """Seal until nothing waits; how many there were."""
    count = 0
    while found := seal():
        count += found
    return count


@transaction.atomic
def find_forgotten() -> int:
    """Put into the queue what has no seal and is not in it: the sealer does it when it starts. How many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(_FIND)
        return int(cursor.rowcount)


def is_behind(patience: timedelta) -> bool:
    """Whether an event waits for its seal longer than that."""
    return Event.objects.filter(pk__in=Unsealed.objects.values("pk"), at__lt=clock.now() - patience).exists()
