"""Merging planned items into indicators and contributions: one transaction, announced to the publisher.

One institution merges one submission at a time (an advisory lock), so "do we say this already?" is asked and answered
without a race; different institutions never wait for each other: new indicators are inserted in the order of their
digests and `ON CONFLICT DO NOTHING`, then read again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ingestion.submissions import statements
from ingestion.submissions.addressees import Addressees
from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import Draft
from ingestion.submissions.planning import ACCEPTED, REFRESHED, Planned
from ingestion.submissions.statements import Statement
from ingestion.submissions.values import Held, before, find_or_make
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Report
from iocmarket.kernel.marking import PAP, TLP, Marking
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

    @property
    def report_id(self) -> int | None:
        """The report that is joined; 0 is one that does not exist yet and that nothing stands in."""
        return self.report.pk if self.report else None


def settled_values(items: list[Planned], *, context: Merge) -> dict[bytes, Held]:
    """The indicators of every kept item, made where there are none. Before `merge`, in the same transaction.

    Waits for the institution's other writer. Raises Refusal(`unknown_circle`).
    """
    hold_institution(context.viewer.institution_id)
    context.addressees.check_circles(context.viewer)
    return find_or_make({item.digest: item.draft for item in items if item.kept})


def merge(items: list[Planned], held: Mapping[bytes, Held], *, context: Merge) -> dict[str, int]:
    """Store what every kept item says. Sets each item's status and warnings.

    How many statements changed their marking, by what it was and is: for the record of acts, which names no value.
    """
    by_value = _by_value(items)
    standing = _standing(by_value, held, context)
    renewed = list(standing.values())
    markings = [(row.tlp, row.pap) for row in renewed]
    fresh = _settle(by_value, standing, held, context)
    statements.insert(
        fresh, author_id=context.viewer.member_id, report_id=context.report_id, submission=context.submission,
        moment=context.moment,
    )  # fmt: skip
    statements.renew(renewed, moment=context.moment)
    note_circulation(before(held))
    announce(_told((*fresh, *renewed)))
    return _changed_markings(markings, renewed)


def _changed_markings(before: list[tuple[int, int]], rows: list[Statement]) -> dict[str, int]:
    changed = Counter(
        (was, (row.tlp, row.pap)) for was, row in zip(before, rows, strict=True) if was != (row.tlp, row.pap)
    )
    return {
        f"{Marking(TLP(was[0]), PAP(was[1]))} → {Marking(TLP(now[0]), PAP(now[1]))}": count
        for (was, now), count in sorted(changed.items())
    }


def rehearse(items: list[Planned], held: Mapping[bytes, Held], *, context: Merge) -> None:
    """Set each item's status and warnings as `merge` would. Stores nothing and waits for nobody."""
    by_value = _by_value(items)
    _settle(by_value, _standing(by_value, held, context), held, context)


def _by_value(items: list[Planned]) -> dict[Key, list[Planned]]:
    """The kept items of each value, values in the order in which every writer takes them."""
    found: dict[Key, list[Planned]] = defaultdict(list)
    for item in items:
        if item.kept:
            found[item.digest, item.draft.choices.tlp is TLP.RED].append(item)
    return dict(sorted(found.items()))


def _standing(by_value: dict[Key, list[Planned]], held: Mapping[bytes, Held], context: Merge) -> dict[Key, Statement]:
    digests = before(held)
    rows = statements.standing(
        digests, institution_id=context.viewer.institution_id, author_id=context.viewer.member_id,
        report_id=context.report_id,
    )  # fmt: skip
    found = {(digests[row.indicator_id], row.tlp == TLP.RED): row for row in rows}
    return {key: row for key, row in found.items() if key in by_value}


def _settle(
    by_value: dict[Key, list[Planned]], known: dict[Key, Statement], held: Mapping[bytes, Held], context: Merge
) -> list[Statement]:
    """Renew what stands, in place; the new statements."""
    fresh: list[Statement] = []
    saying = _Saying(context)
    for key, items in by_value.items():
        statement = known.get(key)
        for item in items:
            if context.addressees.hides_nobody(item.draft.choices):
                item.warnings.append("anonymous_among_few")
            if statement is None:
                item.status = ACCEPTED
                row = held.get(key[0])
                statement = saying.new(item, row.pk if row else 0)
                fresh.append(statement)
            else:
                item.status = REFRESHED
                item.warnings += saying.again(statement, item.draft)
    return fresh


class _Saying:
    """What the items of one batch say; most say the same, which is worked out once."""

    def __init__(self, context: Merge) -> None:
        self._context = context
        self._addressed: dict[int, tuple[Choices, str, int | None, list[int], list[int]]] = {}

    def _to(self, choices: Choices) -> tuple[str, int | None, list[int], list[int]]:
        found = self._addressed.get(id(choices))
        if found is None:
            to = self._context.addressees
            found = (
                choices, choices.audience, to.circle(choices), to.recipients(choices), to.named_members(choices)
            )  # fmt: skip
            self._addressed[id(choices)] = found  # with the choices themselves: an id lives as long as they do
        return found[1:]

    def new(self, item: Planned, indicator_id: int) -> Statement:
        """A statement that the institution did not make yet."""
        choices, canonical, moment = item.draft.choices, item.draft.canonical, self._context.moment
        stated = canonical.subtree if canonical else None
        last_seen = choices.last_seen or max(moment, choices.first_seen or moment)
        audience, circle_id, recipients, named_members = self._to(choices)
        return Statement(
            self._context.viewer.institution_id, indicator_id, choices.tlp, choices.pap, audience, circle_id,
            recipients, named_members, choices.threat_type, choices.confidence, choices.comment, list(choices.tags),
            choices.first_seen or min(last_seen, moment), last_seen, choices.valid_until, moment,
            bool(stated if choices.subtree is None else choices.subtree), choices.anonymous, says=choices,
        )  # fmt: skip

    def again(self, row: Statement, draft: Draft) -> list[str]:
        """Renew a statement. A refresh never loosens (domain.md, Marking): returns what was kept, as warnings."""
        choices, moment, before = draft.choices, self._context.moment, row.content()
        warnings = _refresh_marking(row, choices)
        if self._to(choices) != (row.audience, row.circle_id, row.recipients, row.named_members):
            warnings.append("audience_kept")
        row.last_seen = max(row.last_seen, choices.last_seen or moment)
        if choices.first_seen:
            row.first_seen = min(row.first_seen, choices.first_seen)
        row.anonymous = row.anonymous or choices.anonymous  # a name can be taken off; putting it back is a PATCH
        row.refreshed_at = max(row.refreshed_at, moment)
        if choices.threat_type != "other":
            row.threat_type = choices.threat_type
        if choices.comment:
            row.comment = choices.comment
        if "confidence" in choices.explicit:
            row.confidence = choices.confidence
        if (subtree := draft.subtree_said) is not None:
            row.subtree = subtree
        if not set(choices.tags) <= set(row.tags):
            row.tags = sorted({*row.tags, *choices.tags})
        if choices.valid_until is not None:
            row.valid_until = choices.valid_until
        elif row.valid_until is not None and row.valid_until <= moment:
            row.valid_until = None  # sharing again is a new life
        row.changed = row.changed or row.content() != before
        row.says = None
        return warnings


def _refresh_marking(row: Statement, choices: Choices) -> list[str]:
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


def _told(rows: Iterable[Statement]) -> dict[int, frozenset[str]]:
    """The audiences of each indicator, over all its statements."""
    keys: dict[int, frozenset[str]] = {}
    worked_out: dict[tuple[bool, str, int | None, tuple[int, ...]], frozenset[str]] = {}
    for row in rows:
        kind = (row.tlp == TLP.RED, row.audience, row.circle_id, tuple(row.recipients))
        told = worked_out.get(kind)
        if told is None:
            told = worked_out[kind] = audiences_of(row)
        before = keys.get(row.indicator_id)
        keys[row.indicator_id] = told if before is None else before | told
    return {indicator_id: found for indicator_id, found in keys.items() if found}
