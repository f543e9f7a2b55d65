"""Sightings that clients report: by value, by the uuid or number of an attribute, of three types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ingestion.sightings.drafts import Draft, from_document, source_of
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Sighting
from iocmarket.indicators.sightings import Observation, Result, check, report_sightings
from iocmarket.kernel.decision import Refusal

KINDS = {
    "0": Sighting.Kind.SEEN.value,
    "1": Sighting.Kind.FALSE_POSITIVE.value,
    "2": Sighting.Kind.EXPIRED.value,
}
VALUES_MAX = 500
UNKNOWN = "No valid attributes found that match the criteria."


def report_values(values: Sequence[str], document: Mapping[str, Any], *, viewer: Viewer) -> list[tuple[str, Result]]:
    """Report these values; each with what became of it. Raises Refusal for what is no report."""
    said = _said(document)
    items = [{"value": value, **said} for value in values]
    drafts = from_document({"sightings": items})
    return list(zip(values, _stored(drafts, viewer), strict=True))


def report_indicators(public_ids: Sequence[UUID], document: Mapping[str, Any], *, viewer: Viewer) -> list[Result]:
    """Report what an attribute says, which the caller has found for this viewer. Raises Refusal."""
    said = _said(document)
    moment = said.get("seen_at")
    items = [
        Observation(
            kind=str(said["kind"]),
            public_id=number,
            seen_at=datetime.fromisoformat(moment) if moment else None,
            source=str(said.get("source", "")),
        )
        for number in public_ids
    ]
    for item in items:
        check(item)
    return report_sightings(items, viewer)


def values_in(document: Mapping[str, Any]) -> list[str]:
    """The values that a body reports. Raises Refusal(`too_many_items`)."""
    given = document.get("values", document.get("value"))
    listed = given if isinstance(given, list) else [given] if given is not None else []
    found = [value for value in listed if isinstance(value, str) and value.strip()]
    if len(listed) > VALUES_MAX:
        raise Refusal("too_many_items", f"{len(listed)} values; at most {VALUES_MAX} at once", where="values")
    return found


def _stored(drafts: Sequence[Draft], viewer: Viewer) -> list[Result]:
    read = [draft.observation for draft in drafts if draft.observation is not None]
    results = iter(report_sightings(read, viewer))
    return [
        next(results)
        if draft.observation is not None
        else Result(status="refused", reason=draft.refusal.code if draft.refusal else "")
        for draft in drafts
    ]


def _said(document: Mapping[str, Any]) -> dict[str, Any]:
    """Kind, moment and source in the words of the API. Raises Refusal: `unknown_kind`, `bad_date`."""
    kind = KINDS.get(str(document.get("type", "0") or "0"))
    if kind is None:
        detail = "type is 0 (sighting), 1 (false positive) or 2 (expiration)"
        raise Refusal("unknown_kind", detail, where="type")
    found: dict[str, Any] = {"kind": kind}
    if (moment := _moment(document)) is not None:
        found["seen_at"] = moment.isoformat()
    if source := document.get("source"):
        found["source"] = source_of(source)
    return found


def _moment(document: Mapping[str, Any]) -> datetime | None:
    given = document.get("timestamp", document.get("date_sighting"))
    if given in (None, ""):
        return None
    try:
        text = str(given).strip()
        whole = text.isascii() and text.isdigit()
        found = datetime.fromtimestamp(int(text), UTC) if whole else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal("bad_date", f"{str(given)[:40]!r} is no moment", where="timestamp") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
