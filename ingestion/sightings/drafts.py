"""From a request body to observations: each value recognised or refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from ingestion.readers.base import shown
from ingestion.readers.credentials import redact, secrets_in
from ingestion.readers.credentials import refusal as credential_refusal
from ingestion.submissions.drafts import LINE_MAX, InvalidRequest
from iocmarket.indicators.recognise import Recognised, recognise
from iocmarket.indicators.refang import refang
from iocmarket.indicators.sightings import ITEMS_MAX, SOURCE_MAX, Observation, check
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of
from iocmarket.kernel.pointer import pointer

NAMES = frozenset({"value", "indicator", "type", "kind", "count", "seen_at", "source"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One item on its way in. Exactly one of `observation` and `refusal` is set."""

    index: int
    input: str
    """The value or id as it was sent, without passwords."""
    kind: str
    type: str = ""
    value: str = ""
    observation: Observation | None = None
    refusal: Refusal | None = None


def from_document(document: Any) -> list[Draft]:
    """The contract's JSON document. Raises InvalidRequest with a JSON Pointer for every fault; 413 for too many."""
    if not isinstance(document, dict):
        raise InvalidRequest([Refusal("not_an_object", "the body is a JSON object", where="/")])
    faults = [
        Refusal("unknown_field", f"{name[:60]!r} is not a field of this request", where=pointer(name))
        for name in document
        if name != "sightings"
    ]
    items = document.get("sightings")
    if not isinstance(items, list):
        raise InvalidRequest([*faults, Refusal("not_a_list", "sightings is a list", where="/sightings")])
    if len(items) > ITEMS_MAX:
        detail = f"{len(items)} items; at most {ITEMS_MAX} at once: send them in parts"
        raise InvalidRequest([Refusal("too_many_items", detail, where="/sightings")], status=413)
    drafts = []
    for index, item in enumerate(items):
        try:
            drafts.append(_draft(item, index))
        except Refusal as refusal:
            refusal.where = f"/sightings/{index}{refusal.where}"
            faults.append(refusal)
    if faults:
        raise InvalidRequest(faults)
    return drafts


def source_of(value: Any) -> str:
    """Free text, and free text is kept without the passwords in it. Raises Refusal."""
    text = _text(value, "/source").strip()
    if len(text) > SOURCE_MAX:
        raise Refusal("too_long", f"{len(text)} characters; at most {SOURCE_MAX}", where="/source")
    return redact(text)[:SOURCE_MAX]


def _draft(item: Any, index: int) -> Draft:
    if not isinstance(item, dict):
        raise Refusal("not_an_object", f"an object is expected, not {type(item).__name__}")
    for name in item:
        if name not in NAMES:
            raise Refusal("unknown_field", f"{name[:60]!r} is not a field of a sighting", where=pointer(name))
    given = {name: found for name, found in item.items() if found is not None}
    observation = Observation(
        kind=_text(given.get("kind", ""), "/kind").strip().lower(),
        public_id=_public_id(given),
        count=_count(given.get("count", 1)),
        seen_at=_moment(given["seen_at"]) if "seen_at" in given else None,
        source=source_of(given.get("source", "")),
    )
    check(observation)
    if observation.public_id is not None:
        return Draft(index=index, input=str(observation.public_id), kind=observation.kind, observation=observation)
    return _with_value(given, index, observation)


def _with_value(given: Mapping[str, Any], index: int, observation: Observation) -> Draft:
    value, type_name = _value(given), given.get("type")
    if type_name is not None:
        type_name = _text(type_name, "/type")
    told = shown(redact(value))
    try:
        found = _recognised(value, type_name)
    except Refusal as refusal:
        return Draft(index=index, input=told, kind=observation.kind, type=type_name or "", refusal=refusal)
    name, canonical = found.type.name, found.canonical.value
    named = Observation(
        kind=observation.kind,
        digest=digest_of(name, canonical),
        count=observation.count,
        seen_at=observation.seen_at,
        source=observation.source,
    )
    return Draft(index=index, input=told, kind=named.kind, type=name, value=canonical, observation=named)


def _recognised(value: str, type_name: str | None) -> Recognised:
    """As `recognise`, but an account with its password is none of any type. Raises Refusal."""
    if secrets_in(refang(value)):
        raise credential_refusal()
    return recognise(value, type_name)


def _public_id(given: Mapping[str, Any]) -> UUID | None:
    if "indicator" not in given:
        return None
    for name in ("value", "type"):
        if name in given:
            raise Refusal("named_twice", "a sighting names a value or an indicator, not both", where=pointer(name))
    text = _text(given["indicator"], "/indicator")
    try:
        return UUID(text)
    except ValueError as error:
        raise Refusal("bad_id", f"{text[:60]!r} is not the id of an indicator", where="/indicator") from error


def _value(given: Mapping[str, Any]) -> str:
    value = given.get("value")
    if not isinstance(value, str) or not value.strip():
        raise Refusal("value_missing", "a sighting has a value, a text, or the id of an indicator", where="/value")
    if len(value) > LINE_MAX:
        raise Refusal("value_too_long", f"{len(value)} characters; at most {LINE_MAX}", where="/value")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refusal("bad_count", f"count is a whole number, not {type(value).__name__}", where="/count")
    return value


def _moment(value: Any) -> datetime:
    text = _text(value, "/seen_at").strip()
    try:
        found = parse_datetime(text) or datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        detail = f"{text[:40]!r} is not a date; write it as 2027-01-31T08:00:00Z"
        raise Refusal("bad_date", detail, where="/seen_at") from error


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise Refusal("not_text", f"a text is expected, not {type(value).__name__}", where=where)
    return value
