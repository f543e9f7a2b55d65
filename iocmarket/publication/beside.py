"""What the objects beside indicators, reports and sightings, have in common: how they are rendered and versioned.

They speak of entries of their view by STIX id, and say nothing that these do not. Neither type has `revoked`
semantics that fit (domain.md keeps it for erasure): what is withdrawn is a last version without content, labelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from iocmarket.kernel.clock import stamp
from iocmarket.kernel.marking import Marking
from iocmarket.publication.entries import Ticks, store
from iocmarket.publication.models import Entry, View
from iocmarket.publication.rendering import body_of, digest_of, written
from iocmarket.publication.storing import Columns, Fresh, Version


class Beside(NamedTuple):
    """An object beside the indicators as it stands."""

    pk: int
    key: int
    """What it is about: the value sighted, or the first indicator of a part of a report."""
    stix_id: UUID
    first_added: datetime
    digest: bytes
    state: str
    tlp: int
    pap: int


class Writer:
    """Collects new objects and versions of one type in one view, and writes them in one go."""

    def __init__(self, view: View, kind: str) -> None:
        self.view, self.kind = view, kind
        self._ticks = Ticks(view.head)
        self._fresh: list[Fresh] = []
        self._newer: list[tuple[int, Version]] = []

    def tell(self, held: Beside | None, content: Mapping[str, Any], marking: Marking, **about: int) -> None:
        """Make an object or its next version, if this is not what it says already. `about`: columns of a new one."""
        text = written(content)
        digest = digest_of(text)
        if held is None:
            stix_id, added = uuid4(), self._ticks.tick()
            version = self._version(text, digest, Entry.State.BESIDE, marking, stix_id, added, added)
            self._fresh.append(Fresh(self.view.pk, None, self.kind, stix_id, added, version, **about))
        elif bytes(held.digest) != digest or held.state != Entry.State.BESIDE:
            self._replace(held, text, digest, Entry.State.BESIDE, marking)

    def withdraw(self, held: Beside, content: Mapping[str, Any], marking: Marking) -> None:
        """Make the last version of an object of which nothing is left. Once."""
        if held.state != Entry.State.WITHDRAWN:
            text = written(content)
            self._replace(held, text, digest_of(text), Entry.State.WITHDRAWN, marking)

    def write(self) -> int:
        """Write all; how many versions."""
        store(self.view, self._ticks, self._fresh, self._newer)
        return len(self._fresh) + len(self._newer)

    def _replace(self, held: Beside, text: bytes, digest: bytes, state: Entry.State, marking: Marking) -> None:
        added = self._ticks.tick()
        version = self._version(text, digest, state, marking, held.stix_id, held.first_added, added)
        self._newer.append((held.pk, version))

    def _version(
        self,
        text: bytes,
        digest: bytes,
        state: Entry.State,
        marking: Marking,
        stix_id: UUID,
        created: datetime,
        added: datetime,
    ) -> Version:
        if self.kind == "report":  # STIX 2.1 section 4.16 asks when it was published: in this view, since it exists
            text = f'{{"published":"{stamp(created)}",'.encode() + text[1:]
        body = body_of(self.kind, text, stix_id=stix_id, created=created, modified=added)
        return Version(added, body, digest, Columns(state.value, marking.tlp, marking.pap).written())
