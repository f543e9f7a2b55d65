"""Merging planned items into indicators and contributions: one transaction, announced to the publisher.

One institution merges one submission at a time (an advisory lock), so "do we say this already?" is asked and answered
without a race; different institutions never wait for each other: new indicators are inserted in the order of their
digests and `ON CONFLICT DO NOTHING`, then read again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from ingestion.submissions.choices import Choices
from ingestion.submissions.planning import ACCEPTED, REFRESHED, Planned
from iocmarket.accounts.viewer import Viewer
from iocmarket.copying import copy_rows
from iocmarket.database import insert_new, update_many
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.ids import public_id_of
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.outbox import announce

LOCK_SPACE = 0x10C2


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What all items of one merge share."""

    viewer: Viewer
    report: Report | None
    submission: UUID
    recipients: dict[str, int]
    """Institutions by the names under which the sender addressed them."""
    moment: datetime

    def addressed(self, choices: Choices) -> list[int]:
        """The institutions that a statement is addressed to, as it stores them: in order, each once."""
        return sorted({self.recipients[name] for name in choices.recipients})


def merge(items: list[Planned], *, context: Merge) -> dict[bytes, Indicator]:
    """Store every kept item; the indicators by digest. Sets each item's status and warnings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, context.viewer.institution_id])
    by_digest = _by_digest(items)
    indicators = _indicators(by_digest)
    standing = {bytes(row.indicator.digest): row for row in _standing(by_digest, context, lock=True)}
    fresh = _settle(by_digest, standing, context)
    for digest, statement in fresh.items():
        statement.indicator = indicators[digest]
    copy_rows(list(fresh.values()))
    update_many(list(standing.values()), _REFRESHED_FIELDS)
    announce({row.indicator_id: _keys(row) for row in (*fresh.values(), *standing.values())})
    return indicators


def rehearse(items: list[Planned], *, context: Merge) -> None:
    """Set each item's status and warnings as `merge` would. Stores nothing and waits for nobody."""
    by_digest = _by_digest(items)
    standing = {bytes(row.indicator.digest): row for row in _standing(by_digest, context, lock=False)}
    _settle(by_digest, standing, context)


def _by_digest(items: list[Planned]) -> dict[bytes, list[Planned]]:
    """The kept items of each value, values in the order in which every writer takes them."""
    found: dict[bytes, list[Planned]] = defaultdict(list)
    for item in items:
        if item.kept:
            found[item.digest].append(item)
    return dict(sorted(found.items()))


def _settle(
    by_digest: dict[bytes, list[Planned]], standing: dict[bytes, Contribution], context: Merge
) -> dict[bytes, Contribution]:
    """Renew what stands, in place; the new statements by digest, still without their indicator."""
    fresh: dict[bytes, Contribution] = {}
    for digest, items in by_digest.items():
        statement = standing.get(digest)
        for item in items:
            if statement is None:
                item.status = ACCEPTED
                statement = fresh[digest] = _new(item, context)
            else:
                item.status = REFRESHED
                item.warnings += _refresh(statement, item.draft.choices, context)
    return fresh


def _indicators(by_digest: dict[bytes, list[Planned]]) -> dict[bytes, Indicator]:
    key = settings.INDICATOR_ID_KEY.encode()
    rows = []
    for digest in sorted(by_digest):
        draft = by_digest[digest][0].draft
        value = draft.canonical.value if draft.canonical else ""
        kind = ioc_types[draft.type]
        name = kind.dns_name(value)
        rows.append(
            Indicator(
                digest=digest,
                public_id=public_id_of(draft.type, value, key=key),
                type=draft.type,
                value=value,
                network=kind.network(value),
                reversed_name=reversed_name(name) if name else None,
            ),
        )
    insert_new(rows)
    found = Indicator.unscoped.filter(digest__in=list(by_digest) or [b""])
    return {bytes(row.digest): row for row in found}


def reversed_name(name: str) -> str:
    """`www.evil.fr` as `fr.evil.www.`: every name under `evil.fr` begins with `fr.evil.`."""
    return ".".join(reversed(name.split("."))) + "."


def _standing(by_digest: dict[bytes, list[Planned]], context: Merge, *, lock: bool) -> QuerySet[Contribution]:
    """What the institution says already of these values in this report, with its indicators."""
    rows = Contribution.unscoped.filter(
        institution_id=context.viewer.institution_id,
        indicator__digest__in=list(by_digest) or [b""],
        report=context.report,
        withdrawn_at__isnull=True,
    ).select_related("indicator")
    return rows.select_for_update(of=("self",)).order_by("indicator_id") if lock else rows


def _new(item: Planned, context: Merge) -> Contribution:
    choices, canonical = item.draft.choices, item.draft.canonical
    stated = canonical.subtree if canonical else None
    last_seen = choices.last_seen or max(context.moment, choices.first_seen or context.moment)
    return Contribution(
        institution_id=context.viewer.institution_id,
        author_id=context.viewer.member_id,
        report=context.report,
        submission=context.submission,
        threat_type=choices.threat_type,
        tlp=choices.tlp,
        pap=choices.pap,
        audience=choices.audience,
        recipients=context.addressed(choices),
        anonymous=choices.anonymous,
        subtree=bool(stated if choices.subtree is None else choices.subtree),
        confidence=choices.confidence,
        comment=choices.comment,
        tags=list(choices.tags),
        first_seen=choices.first_seen or min(last_seen, context.moment),
        last_seen=last_seen,
        valid_until=choices.valid_until,
        created_at=context.moment,
        refreshed_at=context.moment,
    )


_REFRESHED_FIELDS = [
    "tlp", "pap", "threat_type", "confidence", "comment", "tags", "first_seen", "last_seen", "valid_until",
    "refreshed_at", "subtree", "anonymous",
]  # fmt: skip


def _refresh(row: Contribution, choices: Choices, context: Merge) -> list[str]:
    """Renew a statement. A refresh never loosens (domain.md, Marking): returns what was kept, as warnings."""
    warnings = _refresh_marking(row, choices)
    if choices.audience != row.audience or (choices.recipients and context.addressed(choices) != row.recipients):
        warnings.append("audience_kept")
    row.last_seen = max(row.last_seen, choices.last_seen or context.moment)
    if choices.first_seen:
        row.first_seen = min(row.first_seen, choices.first_seen)
    row.anonymous = row.anonymous or choices.anonymous  # a name can be taken off; putting it back is a PATCH
    row.refreshed_at = max(row.refreshed_at, context.moment)
    if choices.threat_type != "other":
        row.threat_type = choices.threat_type
    if choices.comment:
        row.comment = choices.comment
    if "confidence" in choices.explicit:
        row.confidence = choices.confidence
    if choices.subtree is not None:
        row.subtree = choices.subtree
    row.tags = sorted({*row.tags, *choices.tags})
    if choices.valid_until is not None:
        row.valid_until = choices.valid_until
    elif row.valid_until is not None and row.valid_until <= context.moment:
        row.valid_until = None  # sharing again is a new life
    return warnings


def _refresh_marking(row: Contribution, choices: Choices) -> list[str]:
    kept = False
    for name in ("tlp", "pap"):
        given, held = getattr(choices, name), getattr(row, name)
        if given == held:
            continue
        if name in choices.explicit and given > held:
            setattr(row, name, given)
        else:
            kept = True
    return ["marking_kept"] if kept else []


def _keys(row: Contribution) -> frozenset[str]:
    return audiences_of(audience=row.audience, institution_id=row.institution_id, recipients=row.recipients)
