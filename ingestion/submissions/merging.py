"""Merging planned items into indicators and contributions: one transaction, announced to the publisher.

One institution merges one submission at a time (an advisory lock), so "do we say this already?" is asked and answered
without a race; different institutions never wait for each other: new indicators are inserted in the order of their
digests and `ON CONFLICT DO NOTHING`, then read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from ingestion.submissions.addressees import Addressees
from ingestion.submissions.choices import Choices
from ingestion.submissions.planning import ACCEPTED, REFRESHED, Planned
from iocmarket.accounts.viewer import Viewer
from iocmarket.copying import copy_rows
from iocmarket.database import insert_new, update_many
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.ids import public_id_of
from iocmarket.kernel.marking import TLP
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.outbox import announce

Key = tuple[bytes, bool]
"""A value by its digest, and whether TLP:RED: what one person tells others stands beside what the institution says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What all items of one merge share."""

    viewer: Viewer
    report: Report | None
    submission: UUID
    addressees: Addressees
    moment: datetime


def merge(items: list[Planned], *, context: Merge) -> dict[bytes, Indicator]:
    """Store every kept item; the indicators by digest. Sets each item's status and warnings."""
    hold_institution(context.viewer.institution_id)
    context.addressees.check_circles(context.viewer)
    by_value = _by_value(items)
    indicators = _indicators(by_value)
    standing = _standing(by_value, context, lock=True)
    fresh = _settle(by_value, standing, context)
    for (digest, _red), statement in fresh.items():
        statement.indicator = indicators[digest]
    copy_rows(list(fresh.values()))
    update_many(list(standing.values()), _REFRESHED_FIELDS)
    note_circulation([row.pk for row in indicators.values()])
    announce(_told((*fresh.values(), *standing.values())))
    return indicators


def rehearse(items: list[Planned], *, context: Merge) -> None:
    """Set each item's status and warnings as `merge` would. Stores nothing and waits for nobody."""
    by_value = _by_value(items)
    _settle(by_value, _standing(by_value, context, lock=False), context)


def _by_value(items: list[Planned]) -> dict[Key, list[Planned]]:
    """The kept items of each value, values in the order in which every writer takes them."""
    found: dict[Key, list[Planned]] = defaultdict(list)
    for item in items:
        if item.kept:
            found[item.digest, item.draft.choices.tlp is TLP.RED].append(item)
    return dict(sorted(found.items()))


def _settle(
    by_value: dict[Key, list[Planned]], standing: dict[Key, Contribution], context: Merge
) -> dict[Key, Contribution]:
    """Renew what stands, in place; the new statements, still without their indicator."""
    fresh: dict[Key, Contribution] = {}
    for key, items in by_value.items():
        statement = standing.get(key)
        for item in items:
            if statement is None:
                item.status = ACCEPTED
                statement = fresh[key] = _new(item, context)
            else:
                item.status = REFRESHED
                item.warnings += _refresh(statement, item.draft.choices, context)
    return fresh


def _indicators(by_value: dict[Key, list[Planned]]) -> dict[bytes, Indicator]:
    key = settings.INDICATOR_ID_KEY.encode()
    rows = []
    drafts = {digest: items[0].draft for (digest, _red), items in by_value.items()}
    for digest, draft in drafts.items():
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
    found = Indicator.unscoped.filter(digest__in=list(drafts) or [b""])
    return {bytes(row.digest): row for row in found}


def reversed_name(name: str) -> str:
    """`www.evil.fr` as `fr.evil.www.`: every name under `evil.fr` begins with `fr.evil.`."""
    return ".".join(reversed(name.split("."))) + "."


def _standing(by_value: dict[Key, list[Planned]], context: Merge, *, lock: bool) -> dict[Key, Contribution]:
    """What the institution, and in TLP:RED the person, says already of these values in this report."""
    said = Q(tlp__lt=TLP.RED)
    if context.viewer.member_id is not None:
        said |= Q(tlp=TLP.RED, author_id=context.viewer.member_id)
    rows = Contribution.unscoped.filter(
        said,
        institution_id=context.viewer.institution_id,
        indicator__digest__in=sorted({digest for digest, _red in by_value}) or [b""],
        report=context.report,
        withdrawn_at__isnull=True,
    ).select_related("indicator")
    rows = rows.select_for_update(of=("self",)).order_by("indicator_id", "pk") if lock else rows
    found = {(bytes(row.indicator.digest), row.tlp == TLP.RED): row for row in rows}
    return {key: row for key, row in found.items() if key in by_value}


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
        recipients=context.addressees.recipients(choices),
        circle_id=context.addressees.circle(choices),
        named_members=context.addressees.named_members(choices),
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


def _addressed(choices: Choices, context: Merge) -> tuple[str, int | None, list[int], list[int]]:
    to = context.addressees
    return choices.audience, to.circle(choices), to.recipients(choices), to.named_members(choices)


_REFRESHED_FIELDS = [
    "tlp", "pap", "threat_type", "confidence", "comment", "tags", "first_seen", "last_seen", "valid_until",
    "refreshed_at", "subtree", "anonymous",
]  # fmt: skip


def _refresh(row: Contribution, choices: Choices, context: Merge) -> list[str]:
    """Renew a statement. A refresh never loosens (domain.md, Marking): returns what was kept, as warnings."""
    warnings = _refresh_marking(row, choices)
    if _addressed(choices, context) != (row.audience, row.circle_id, row.recipients, row.named_members):
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


def _told(rows: Iterable[Contribution]) -> dict[int, frozenset[str]]:
    """The audiences of each indicator, over all its statements."""
    keys: dict[int, frozenset[str]] = defaultdict(frozenset)
    for row in rows:
        keys[row.indicator_id] |= audiences_of(row)
    return {indicator_id: found for indicator_id, found in keys.items() if found}
