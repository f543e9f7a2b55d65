"""Status resources (TAXII 2.1 section 4.3): what became of each object of one POST, for a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
from rest_framework.exceptions import NotFound

from ingestion.readers.base import shown
from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel import clock
from iocmarket.kernel.clock import stamp
from sharing.taxii.filters import is_uuid
from sharing.taxii.models import DepotStatus

KEPT = timedelta(hours=24)
"""Section 4.3 asks for at least a day."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What became of one object (section 4.3.1, status-details)."""

    id: str
    version: str
    message: str = ""

    def document(self) -> dict[str, str]:
        """As it is sent; a message only where there is something to tell."""
        told = {"message": shown(self.message)} if self.message else {}
        return {"id": self.id, "version": self.version, **told}


def keep(viewer: Viewer, *, asked_at: datetime, stored: Sequence[Detail], refused: Sequence[Detail]) -> bytes:
    """Write the status of a POST that is over, and give it back. Nothing is ever pending: see docs/taxii.md."""
    number = uuid4()
    document: dict[str, Any] = {
        "id": str(number),
        "status": "complete",
        "request_timestamp": stamp(asked_at),
        "total_count": len(stored) + len(refused),
        "success_count": len(stored),
        "failure_count": len(refused),
        "pending_count": 0,
    }
    document |= _listed({"successes": stored, "failures": refused})
    body = orjson.dumps(document)
    DepotStatus.objects.create(public_id=number, institution_id=viewer.institution_id, body=body)
    return body


def _listed(details: Mapping[str, Sequence[Detail]]) -> dict[str, list[dict[str, str]]]:
    """Lists that are not empty (section 2)."""
    return {name: [detail.document() for detail in found] for name, found in details.items() if found}


def status_of(viewer: Viewer, status_id: str) -> bytes:
    """A status of the viewer's institution. Raises NotFound for every other, for none, and after a day."""
    if is_uuid(status_id):
        held = DepotStatus.objects.filter(
            public_id=status_id, institution_id=viewer.institution_id, created_at__gt=clock.now() - KEPT
        )
        for body in held.values_list("body", flat=True):
            return bytes(body)
    raise NotFound


def due() -> int:
    """How many statuses `purge` would delete."""
    return DepotStatus.objects.filter(created_at__lte=clock.now() - KEPT).count()


def purge() -> int:
    """Delete the statuses that nobody can ask for any more; how many there were."""
    return DepotStatus.objects.filter(created_at__lte=clock.now() - KEPT).delete()[0]
