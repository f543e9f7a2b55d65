"""What institutions have said of the columns of tables: the only writer of ColumnMemory.

A table that is not understood by its headings comes again next week from the same colleague or tool. What was chosen
for it on the page *Share* is kept for its institution and proposed the next time, on that page as a choice that can be
seen and changed; a program asks for it (`?columns=remembered`), so that a request means what it says. Kept are a hash
of the headings and the roles, neither a heading nor a cell.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from ingestion.readers.headings import PASSED, UNKNOWN, folded, is_role
from ingestion.readers.tables import Layout
from ingestion.submissions.models import ColumnMemory
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock

UNUSED = timedelta(days=365)
"""After so long without use it is forgotten."""
_NOTED = timedelta(days=1)
"""How exactly the last use is known: a program that asks every minute writes once a day."""


def digest_of(layout: Layout) -> bytes | None:
    """Equal for tables with the same headings, however they are accented and in whatever format; None without any."""
    if not any(title.strip() for title in layout.titles):
        return None
    # A heading behind `#` or `_` is to be passed over: it is not the one without that sign.
    signs = ("#" if title.strip().startswith(("#", "_")) else "" for title in layout.titles)
    said = [sign + folded(title) for sign, title in zip(signs, layout.titles, strict=True)]
    return hashlib.sha256("\n".join([str(len(layout.roles)), *said]).encode(errors="replace")).digest()


def as_read(layout: Layout) -> tuple[str, ...] | None:
    """The roles under which a table is read when nobody says anything; None when it is refused then."""
    if layout.fault() is not None:
        return None
    return tuple(PASSED if role == UNKNOWN else role for role in layout.roles)


def recalled(layout: Layout, institution_id: int | None) -> tuple[str, ...]:
    """What the institution has said of a table with these headings, and that it was asked for; empty for nothing."""
    found = _memories(layout, institution_id).first()
    if found is None or not all(map(is_role, found.roles)):  # a type may have gone since
        return ()
    _note_use(found, clock.now())
    return tuple(found.roles)


@transaction.atomic
def remember(layout: Layout, roles: tuple[str, ...], *, viewer: Viewer) -> None:
    """Keep what a person has said of a table that is now shared; what its headings say themselves needs no memory."""
    digest, moment = digest_of(layout), clock.now()
    if digest is None or viewer.institution_id is None:
        return
    if roles == as_read(layout):
        forget(layout, viewer=viewer)
        return
    found, made = ColumnMemory.objects.select_for_update().get_or_create(
        institution_id=viewer.institution_id, digest=digest, defaults={"roles": list(roles), "used_at": moment}
    )
    if not made and tuple(found.roles) == roles:
        _note_use(found, moment)
        return
    ColumnMemory.objects.filter(pk=found.pk).update(roles=list(roles), used_at=moment)
    record("columns.remembered", actor=Actor.of(viewer), subject_type="columns", details={"roles": list(roles)})


@transaction.atomic
def forget(layout: Layout, *, viewer: Viewer) -> None:
    """Keep nothing any more of what was said of tables with these headings."""
    if _memories(layout, viewer.institution_id).delete()[0]:
        record("columns.forgotten", actor=Actor.of(viewer), subject_type="columns", details={})


def unused() -> QuerySet[ColumnMemory]:
    """What nobody has used for a year."""
    return ColumnMemory.objects.filter(used_at__lt=clock.now() - UNUSED)


def forget_unused() -> int:
    """Delete what nobody has used for a year; how many."""
    return unused().delete()[0]


def _memories(layout: Layout, institution_id: int | None) -> QuerySet[ColumnMemory]:
    if institution_id is None:
        return ColumnMemory.objects.none()
    return ColumnMemory.objects.filter(institution_id=institution_id, digest=digest_of(layout))


def _note_use(memory: ColumnMemory, moment: datetime) -> None:
    if memory.used_at < moment - _NOTED:
        ColumnMemory.objects.filter(pk=memory.pk).update(used_at=moment)
