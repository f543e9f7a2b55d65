"""Changing a report after it was made: its title, its text, its marking and its audience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.outbox import announce

FIELDS = frozenset({"title", "description", "tlp", "pap", "audience", "circle_id", "recipients"})


@transaction.atomic
def amend_report(report: Report, *, viewer: Viewer, changes: Mapping[str, Any]) -> Report:
    """Change what a report of the viewer's institution says or to whom; its statements keep what they carry.

    `changes` are model values by field name, of FIELDS. Raises Refusal: `not_yours` (another institution's, or told in
    TLP:RED), `scope_missing`, `red_names_persons`, `title_taken`; ValueError for another field.
    """
    if unknown := set(changes) - FIELDS:
        raise ValueError(f"{sorted(unknown)} cannot be amended")
    _check_right(report, viewer)
    hold_institution(viewer.institution_id)
    row = Report.objects.select_for_update().get(pk=report.pk)
    before, keys = _marking_of(row), audiences_of(row)
    for name, value in changes.items():
        setattr(row, name, value)
    if row.tlp == TLP.RED:
        raise Refusal("red_names_persons", "a report that others read is not made TLP:RED", where="/tlp")
    same = Report.objects.filter(institution_id=row.institution_id, title=row.title, tlp__lt=TLP.RED)
    if same.exclude(pk=row.pk).exists():
        raise Refusal("title_taken", "another report of your institution has this title", where="/title")
    row.save(update_fields=sorted(changes))
    _announce(row, keys | audiences_of(row))
    record(
        "report.amended", actor=Actor.of(viewer), subject_type="report", subject_id=row.public_id,
        details={"fields": sorted(changes), "before": before, "after": _marking_of(row)},
    )  # fmt: skip
    return row


def _check_right(report: Report, viewer: Viewer) -> None:
    if report.institution_id != viewer.institution_id or report.tlp == TLP.RED:
        raise Refusal("not_yours", "only the institution that wrote a report changes it")
    if "indicators:write" not in viewer.scopes:
        raise Refusal("scope_missing", "this needs the scope indicators:write")


def _announce(report: Report, keys: frozenset[str]) -> None:
    """A report is published beside its indicators: whoever reads one of them, before or now, reads it anew."""
    rows = Contribution.unscoped.filter(report=report, withdrawn_at__isnull=True)
    told: dict[int, frozenset[str]] = {}
    for row in rows.only("indicator_id", "tlp", "audience", "institution_id", "recipients", "circle_id"):
        told[row.indicator_id] = told.get(row.indicator_id, keys) | audiences_of(row)
    announce(told)


def _marking_of(row: Report) -> dict[str, object]:
    """Marking and audience for the audit: no title, no text."""
    marking = Marking(TLP(row.tlp), PAP(row.pap))
    return {"tlp": marking.tlp.label, "pap": marking.pap.label, "audience": row.audience}
