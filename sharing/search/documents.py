"""What the reading API says, as JSON objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.models import Indicator
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.clock import stamp
from iocmarket.kernel.marking import Marking
from sharing.search.changes import Change
from sharing.search.lookup import Answer
from sharing.search.rows import Row
from sharing.search.sightings import Sightings
from sharing.search.value import Statement, Value

WHY: dict[str, str | Promise] = {
    "community": _("It was shared with the whole community."),
    "recipient": _("It was addressed to your institution by name."),
    "sender": _("Your institution addressed it to institutions by name."),
    "own": _("Your institution keeps it for itself."),
    "circle": _("It was shared in a circle that your institution is in."),
    "named": _("It was told to you by name."),
    "author": _("You told it to persons by name."),
}


def row_document(row: Row) -> dict[str, Any]:
    """One value in a list. A thousand of them are a page: written out at once, without the parts that others share."""
    public_id, kind, value = row.indicator
    tlp, pap = _labels(row.marking)
    updated, first_seen, last_seen, valid_until = row.stamps
    return {
        "id": public_id,
        "type": kind,
        "value": value,
        "defanged": ioc_types[kind].defang(value),
        "tlp": tlp,
        "pap": pap,
        "state": row.state,
        "threat_types": row.threat_types,
        "score": row.score,
        "institutions": row.institutions,
        "subtree": row.subtree,
        "first_seen": first_seen,
        "last_seen": last_seen,
        "valid_until": valid_until,
        "updated": updated,
    }


def change_document(change: Change) -> dict[str, Any]:
    """One change: what the value is now, or only its name when it is gone."""
    told = row_document(change.row) if change.row is not None else _named(change.indicator)
    return {"action": change.action, **told}


def value_document(value: Value, related: Iterable[Indicator]) -> dict[str, Any]:
    """One value with every statement that the viewer may see."""
    reasons = sorted({statement.why for statement in value.statements})
    return {
        **_named(value.indicator),
        **_marked(value.marking),
        "state": value.state,
        "threat_types": value.threat_types,
        "score": value.score,
        "institutions": value.institutions,
        "subtree": value.subtree,
        "first_seen": _moment(value.first_seen),
        "last_seen": _moment(value.last_seen),
        "valid_until": _moment(value.valid_until),
        "updated": _moment(max(said.contribution.refreshed_at for said in value.statements)),
        "contributions": [_statement_document(statement) for statement in value.statements],
        "sightings": _sightings_document(value.sightings),
        "enrichment": value.facts,
        "related": [_named(indicator) for indicator in related],
        "why": [{"reason": reason, "sentence": str(WHY[reason])} for reason in reasons],
    }


def _sightings_document(met: Sightings) -> dict[str, Any]:
    return {
        "counts": met.counts,
        "reporters": [
            {
                "kind": heard.kind.value,
                "institution": {"id": str(heard.institution_id), "name": heard.name} if heard.name else None,
                "mine": heard.mine,
                "count": heard.count,
                "first": _moment(heard.first),
                "last": _moment(heard.last),
                "source": heard.source,
            }
            for heard in met.heard
        ],
        "mine": [
            {
                "id": str(row.public_id),
                "kind": row.kind,
                "count": row.count,
                "seen_at": _moment(row.seen_at),
                "source": row.source,
                **_marked(row.marking),
                "audience": row.audience,
                "anonymous": row.anonymous,
            }
            for row in met.mine
        ],
    }


def answer_document(answer: Answer) -> dict[str, Any]:
    """One looked-up value."""
    found: dict[str, Any] = {
        "value": answer.asked,
        "known": answer.known,
        "type": answer.type or None,
        "canonical": answer.value or None,
        "reason": answer.refusal.code if answer.refusal else None,
    }
    if (summary := answer.summary) is not None:
        found |= {
            "indicator": str(summary.public_id),
            **_marked(summary.marking),
            "threat_types": summary.threat_types,
            "institutions": summary.institutions,
            "first_seen": _moment(summary.first_seen),
            "last_seen": _moment(summary.last_seen),
            "score": summary.score,
            "covered_by": answer.covered_by or None,
        }
    return found


def _named(indicator: Indicator) -> dict[str, Any]:
    return {
        "id": str(indicator.public_id),
        "type": indicator.type,
        "value": indicator.value,
        "defanged": ioc_types[indicator.type].defang(indicator.value),
    }


@cache
def _labels(marking: Marking) -> tuple[str, str]:
    return marking.tlp.label, marking.pap.label


def _marked(marking: Marking) -> dict[str, str]:
    return {"tlp": marking.tlp.label, "pap": marking.pap.label}


def _statement_document(statement: Statement) -> dict[str, Any]:
    said = statement.contribution
    who = said.institution if statement.named else None
    return {
        "id": str(said.public_id),
        "institution": None if who is None else {"id": str(who.public_id), "name": who.name},
        "mine": statement.mine,
        "threat_type": said.threat_type,
        **_marked(said.marking),
        "audience": said.audience,
        "confidence": said.confidence,
        "subtree": said.subtree,
        "comment": said.comment,
        "tags": said.tags,
        "report": statement.report.title if statement.report else None,
        "first_seen": _moment(said.first_seen),
        "last_seen": _moment(said.last_seen),
        "valid_until": _moment(said.valid_until),
        "shared": _moment(said.created_at),
        "refreshed": _moment(said.refreshed_at),
        "why": statement.why,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)
