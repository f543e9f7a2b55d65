"""Transitions of a contribution after it was made: amending it and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.database import update_many
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.visibility import may_withdraw
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.outbox import announce

AUDIENCE = frozenset({"tlp", "pap", "audience", "circle_id", "recipients", "named_members", "anonymous"})
CONTENT = frozenset(
    {"threat_type", "confidence", "comment", "tags", "first_seen", "last_seen", "valid_until", "subtree"}
)
"""What may be amended: to whom it is told, and what is told. Never the value, the institution or the report."""


@transaction.atomic
def withdraw(contribution: Contribution, *, viewer: Viewer) -> None:
    """Take one statement back; the publisher tells every reader. Withdrawing twice changes nothing.

    Raises Refusal with the reason of `may_withdraw`: the caller has found the contribution through `visible_to`.
    """
    row = _held(contribution, viewer)
    if row.withdrawn_at is not None:
        return
    row.withdrawn_at = clock.now()
    row.save(update_fields=["withdrawn_at"])
    announce({row.indicator_id: audiences_of(row)})
    record(
        "contribution.withdrawn", actor=Actor.of(viewer), subject_type="contribution", subject_id=row.public_id,
        details={},
    )  # fmt: skip


@transaction.atomic
def amend(contribution: Contribution, *, viewer: Viewer, changes: Mapping[str, Any]) -> Contribution:
    """Change what one statement says or to whom; a marking may be loosened here, and only here (domain.md, Marking).

    `changes` are model values by field name, of AUDIENCE and CONTENT. Raises Refusal: the reasons of `may_withdraw`,
    `withdrawn`, `red_names_persons`, `red_needs_a_person`, `recipients_missing`, `already_shared`,
    `dates_out_of_order`; ValueError for another field.
    """
    if unknown := set(changes) - AUDIENCE - CONTENT:
        raise ValueError(f"{sorted(unknown)} cannot be amended")
    row = _held(contribution, viewer)
    if row.withdrawn_at is not None:
        raise Refusal("withdrawn", "it was taken back already")
    before, keys = _marking_of(row), audiences_of(row)
    for name, value in changes.items():
        setattr(row, name, value)
    if row.tlp == TLP.RED and before["tlp"] != TLP.RED.label:
        row.author_id = viewer.member_id  # from now on it is this person's alone
    check_audience(row)
    if row.first_seen > row.last_seen:
        raise Refusal("dates_out_of_order", "first_seen lies after last_seen", where="/first_seen")
    _check_alone(row)
    row.refreshed_at = clock.now()
    row.save()
    note_circulation([row.indicator_id])
    announce({row.indicator_id: keys | audiences_of(row)})
    record(
        "contribution.amended", actor=Actor.of(viewer), subject_type="contribution", subject_id=row.public_id,
        details={"fields": sorted(changes), "before": before, "after": _marking_of(row)},
    )  # fmt: skip
    return row


@transaction.atomic
def amend_together(changed: Sequence[tuple[Contribution, Mapping[str, Any]]], *, viewer: Viewer, why: str) -> int:
    """The same for many statements at once, told and recorded once; how many differ. None becomes or is TLP:RED.

    The caller has found them for this viewer. Raises Refusal and ValueError as `amend` does; then none is changed.
    """
    for contribution, changes in changed:
        if unknown := set(changes) - AUDIENCE - CONTENT:
            raise ValueError(f"{sorted(unknown)} cannot be amended")
        if not (allowed := may_withdraw(contribution, viewer)):
            raise Refusal(allowed.reason, "only the institution that shared it, with the right to write, changes it")
    hold_institution(viewer.institution_id)
    wanted = {contribution.pk: changes for contribution, changes in changed}
    rows = Contribution.unscoped.select_for_update().filter(pk__in=wanted, withdrawn_at__isnull=True, tlp__lt=TLP.RED)
    told: dict[int, frozenset[str]] = {}
    renewed: list[Contribution] = []
    for row in rows.order_by("indicator_id", "pk"):
        different = {name: value for name, value in wanted[row.pk].items() if getattr(row, name) != value}
        if different:
            before = told.get(row.indicator_id, frozenset()) | audiences_of(row)
            _set(row, different)
            told[row.indicator_id] = before | audiences_of(row)
            renewed.append(row)
    fields = sorted({name for changes in wanted.values() for name in changes})
    update_many(renewed, [name.removesuffix("_id") for name in fields] + ["refreshed_at"])
    note_circulation(list(told))
    announce(told)
    if renewed:
        record(
            "contribution.amended", actor=Actor.of(viewer), subject_type="contribution",
            details={"fields": fields, "count": len(renewed), "why": why},
        )  # fmt: skip
    return len(renewed)


def _set(row: Contribution, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    if row.tlp == TLP.RED:
        raise Refusal("red_names_persons", "TLP:RED is said statement by statement", where="/tlp")
    check_audience(row)
    row.refreshed_at = clock.now()


def check_audience(row: Contribution) -> None:
    """What marking and audience must hold together. Raises Refusal.

    TLP:RED names persons (FIRST, TLP 2.0), and only a person can say it; every other statement names institutions.
    """
    if row.tlp == TLP.RED:
        if row.author_id is None:
            raise Refusal("red_needs_a_person", "TLP:RED is said by a person, not by a token", where="/tlp")
        if row.audience not in {"own", "recipients"} or row.recipients:
            raise Refusal("red_names_persons", "TLP:RED is for persons: name members as recipients", where="/audience")
    elif row.named_members:
        raise Refusal("red_names_persons", "persons are named with TLP:RED only", where="/recipients")
    if row.audience == "recipients" and not (row.recipients or row.named_members):
        raise Refusal("recipients_missing", "audience recipients names at least one", where="/recipients")


def _held(contribution: Contribution, viewer: Viewer) -> Contribution:
    """The row as it stands now, locked, if the viewer may change it."""
    allowed = may_withdraw(contribution, viewer)
    if not allowed:
        raise Refusal(allowed.reason, "only the institution that shared it, with the right to write, changes it")
    hold_institution(contribution.institution_id)
    return Contribution.unscoped.select_for_update().get(pk=contribution.pk)


def _check_alone(row: Contribution) -> None:
    """One live statement for (institution, indicator, report); in TLP:RED for (author, indicator, report)."""
    others = Contribution.unscoped.filter(
        indicator_id=row.indicator_id, report=row.report, withdrawn_at__isnull=True
    ).exclude(pk=row.pk)
    red = row.tlp == TLP.RED
    same = (
        others.filter(tlp=TLP.RED, author_id=row.author_id)
        if red
        else others.filter(tlp__lt=TLP.RED, institution_id=row.institution_id)
    )
    if same.exists():
        raise Refusal("already_shared", "you share this value so already: amend that statement", where="/tlp")


def _marking_of(row: Contribution) -> dict[str, object]:
    """Marking and audience for the audit: no value, no comment."""
    return {
        "tlp": row.marking.tlp.label,
        "pap": row.marking.pap.label,
        "audience": row.audience,
        "anonymous": row.anonymous,
    }
