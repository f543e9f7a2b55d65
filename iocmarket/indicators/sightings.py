"""Sightings: reporting that a value was seen, is a false positive or is gone, and taking such a report back.

The only writer of Sighting. Whom a report reaches is never chosen: it is copied from the widest statement on the value
that the reporter sees, so that it tells nobody of a value who did not know of it (domain.md, Sighting; ADR 0032).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, IntegerField, Q, Value, When

from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.copying import copy_rows
from iocmarket.database import update_many
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Indicator, Sighting
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Decision, Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.outbox import announce

ITEMS_MAX = 1000
COUNT_MAX = 999_999_999
SOURCE_MAX = 200
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(minutes=5)
"""A sensor's clock may run ahead by so much; what it dates later is taken for a mistake."""

ACCEPTED, ADDED, REFUSED = "accepted", "refreshed", "refused"
_WIDEST_FIRST = ("community", "circle", "recipients", "own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One report on its way in. The value is named by its digest or by the indicator's public id."""

    kind: str
    digest: bytes = b""
    public_id: UUID | None = None
    count: int = 1
    seen_at: datetime | None = None
    """None means now."""
    source: str = ""
    """Where it was met, in the reporter's words, without passwords (ingestion.readers.credentials.redact)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one report: `accepted` (a new one), `refreshed` (counted with one that stands) or `refused`."""

    status: str
    reason: str = ""
    indicator: Indicator | None = None
    sighting: UUID | None = None


UNKNOWN = Result(status=REFUSED, reason="unknown")


def check(item: Observation) -> None:
    """Raises Refusal whose `where` names the field: `unknown_kind`, `bad_count`, `bad_date`, `in_the_future`…"""
    if item.kind not in Sighting.Kind.values:
        detail = f"{item.kind[:40]!r} is not a kind of sighting; one of {', '.join(Sighting.Kind.values)}"
        raise Refusal("unknown_kind", detail, where="/kind")
    if not 1 <= item.count <= COUNT_MAX:
        raise Refusal("bad_count", f"count is a whole number from 1 to {COUNT_MAX}", where="/count")
    if len(item.source) > SOURCE_MAX:
        raise Refusal("too_long", f"{len(item.source)} characters; at most {SOURCE_MAX}", where="/source")
    if item.seen_at is not None and item.seen_at < EARLIEST:
        raise Refusal("bad_date", f"seen_at lies before {EARLIEST.year}", where="/seen_at")
    if item.seen_at is not None and item.seen_at > clock.now() + CLOCKS_DIFFER:
        raise Refusal("in_the_future", "a sighting cannot lie in the future", where="/seen_at")


@transaction.atomic
def report_sightings(items: Sequence[Observation], viewer: Viewer) -> list[Result]:
    """Store what was met and tell whom it reaches; one result for each item, in order.

    A value that the viewer may not see is refused as `unknown`, by the same statements as one that nobody shared.
    Raises Refusal: `scope_missing`, `too_many_items`, and what `check` raises, with the item's place.
    """
    _check_all(items, viewer)
    hold_institution(viewer.institution_id)
    moment = clock.now()
    widest = _widest(items, viewer)
    ids = {row.indicator_id for row in widest.values()}
    anonymous = _anonymous_on(ids, viewer)
    standing = _standing(items, ids, viewer, moment)
    fresh: dict[_Key, Sighting] = {}
    results = []
    for item in items:
        said = widest.get(item.digest or item.public_id)
        if said is None:
            results.append(UNKNOWN)
            continue
        drawn = _drawn(item, said, viewer, moment, anonymous=said.indicator_id in anonymous)
        held = standing.get(_key(drawn)) or fresh.get(_key(drawn))
        if held is None:
            held = fresh[_key(drawn)] = drawn
        else:
            _add(held, drawn)
        status = ACCEPTED if held is drawn else ADDED
        results.append(Result(status=status, indicator=said.indicator, sighting=held.public_id))
    copy_rows(list(fresh.values()))
    update_many(list(standing.values()), ["count", "seen_at", "source"])
    told = [row for row in (*standing.values(), *fresh.values()) if row.public_id in {r.sighting for r in results}]
    announce(_audiences(told))
    _record(items, results, viewer)
    return results


def may_retract(sighting: Sighting, viewer: Viewer) -> Decision:
    """Only the institution that reported it takes it back; in TLP:RED only the person. The caller has found it."""
    if sighting.institution_id != viewer.institution_id:
        return Decision(False, "not_yours")
    if sighting.tlp == TLP.RED and sighting.author_id != viewer.member_id:
        return Decision(False, "not_yours")
    if "sightings:write" not in viewer.scopes:
        return Decision(False, "scope_missing")
    return Decision(True, "own")


@transaction.atomic
def retract(sighting: Sighting, *, viewer: Viewer) -> None:
    """Take one report back, with everything that was counted into it. Twice changes nothing.

    Raises Refusal with the reason of `may_retract`: the caller has found the sighting through `visible_to`.
    """
    allowed = may_retract(sighting, viewer)
    if not allowed:
        raise Refusal(allowed.reason, "only the institution that reported it takes it back")
    hold_institution(sighting.institution_id)
    row = Sighting.unscoped.select_for_update().get(pk=sighting.pk)
    if row.withdrawn_at is not None:
        return
    row.withdrawn_at = clock.now()
    row.save(update_fields=["withdrawn_at"])
    announce(_audiences([row]))
    record(
        "sighting.retracted", actor=Actor.of(viewer), subject_type="sighting", subject_id=row.public_id,
        details={"kind": row.kind},
    )  # fmt: skip


def _check_all(items: Sequence[Observation], viewer: Viewer) -> None:
    if "sightings:write" not in viewer.scopes:
        raise Refusal("scope_missing", "this needs the scope sightings:write")
    if len(items) > ITEMS_MAX:
        raise Refusal("too_many_items", f"{len(items)} items; at most {ITEMS_MAX} at once", where="/sightings")
    for index, item in enumerate(items):
        try:
            check(item)
        except Refusal as refusal:
            refusal.where = f"/sightings/{index}{refusal.where}"
            raise


def _widest(items: Sequence[Observation], viewer: Viewer) -> dict[object, Contribution]:
    """The widest statement that the viewer sees of each value, by digest and by public id. One statement.

    Widest: told to the community before a circle, a circle before named institutions or persons, these before the own
    institution; among equals the lowest TLP, then the lowest PAP, then the oldest.
    """
    named = Q(indicator__digest__in=sorted({item.digest for item in items if item.digest}) or [b""])
    named |= Q(indicator__public_id__in=sorted({item.public_id for item in items if item.public_id}) or [UUID(int=0)])
    width = Case(
        *(When(audience=audience, then=Value(place)) for place, audience in enumerate(_WIDEST_FIRST)),
        output_field=IntegerField(),
    )
    rows = (
        Contribution.objects.visible_to(viewer)
        .filter(named)
        .annotate(width=width)
        .order_by("indicator_id", "width", "tlp", "pap", "pk")
        .distinct("indicator_id")
        .select_related("indicator")
    )
    found: dict[object, Contribution] = {}
    for row in rows:
        found[bytes(row.indicator.digest)] = found[row.indicator.public_id] = row
    return found


def _anonymous_on(ids: Iterable[int], viewer: Viewer) -> set[int]:
    """The values of which the institution speaks without its name: a sighting must not give it away."""
    own = Contribution.objects.visible_to(viewer).filter(institution_id=viewer.institution_id, anonymous=True)
    return set(own.filter(indicator_id__in=sorted(ids) or [0]).values_list("indicator_id", flat=True))


_Key = tuple[object, ...]
"""What two reports must share to be one row: value, kind, hour, and everything that says to whom it is told."""


def _key(row: Sighting) -> _Key:
    person = row.author_id if row.tlp == TLP.RED else None  # what is told in TLP:RED is its author's alone
    return (
        row.indicator_id, row.kind, row.hour, row.audience, row.circle_id, tuple(row.recipients),
        tuple(row.named_members), row.tlp, row.pap, row.anonymous, person,
    )  # fmt: skip


def _standing(
    items: Iterable[Observation], ids: Iterable[int], viewer: Viewer, moment: datetime
) -> dict[_Key, Sighting]:
    """The institution's rows into which these reports may be counted, locked."""
    hours = {_hour(item, moment) for item in items} - {None}
    rows = Sighting.unscoped.select_for_update().filter(
        Q(hour__in=sorted(filter(None, hours)) or [EARLIEST]) | Q(hour__isnull=True),
        indicator_id__in=sorted(ids) or [0],
        institution_id=viewer.institution_id,
        withdrawn_at__isnull=True,
    )
    return {_key(row): row for row in rows.order_by("pk")}


def _hour(item: Observation, moment: datetime) -> datetime | None:
    """A sensor that sees a value every second would fill the table: what it sees in one hour is one row.

    Of the other kinds one row stands, however often they are repeated.
    """
    if item.kind != Sighting.Kind.SEEN:
        return None
    return _seen_at(item, moment).replace(minute=0, second=0, microsecond=0)


def _seen_at(item: Observation, moment: datetime) -> datetime:
    return min(item.seen_at.astimezone(UTC), moment) if item.seen_at else moment


def _drawn(item: Observation, said: Contribution, viewer: Viewer, moment: datetime, *, anonymous: bool) -> Sighting:
    red = said.tlp == TLP.RED
    persons = {*said.named_members, *([said.author_id] if said.author_id else [])} if red else set()
    # The sender of a statement to named institutions is one of those who know of it.
    institutions = {*said.recipients, said.institution_id} if said.audience == "recipients" and not red else set()
    return Sighting(
        indicator_id=said.indicator_id,
        institution_id=viewer.institution_id,
        author_id=viewer.member_id,
        kind=Sighting.Kind(item.kind),
        count=item.count,
        seen_at=_seen_at(item, moment),
        hour=_hour(item, moment),
        source=item.source,
        tlp=said.tlp,
        pap=said.pap,
        audience=said.audience,
        recipients=sorted(institutions),
        circle_id=said.circle_id,
        named_members=sorted(persons),
        anonymous=anonymous,
        created_at=moment,
    )


def _add(held: Sighting, more: Sighting) -> None:
    held.count += more.count
    held.seen_at = max(held.seen_at, more.seen_at)
    held.source = more.source or held.source


def _audiences(rows: Iterable[Sighting]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = defaultdict(frozenset)
    for row in rows:
        found[row.indicator_id] |= audiences_of(row)
    return {pk: keys for pk, keys in found.items() if keys}


def _record(items: Sequence[Observation], results: Sequence[Result], viewer: Viewer) -> None:
    kept = Counter(item.kind for item, result in zip(items, results, strict=True) if result.status != REFUSED)
    statuses = Counter(result.status for result in results)
    record(
        "sighting.reported", actor=Actor.of(viewer), subject_type="sighting",
        details={"received": len(items), **statuses, "kinds": dict(kept)},
    )  # fmt: skip
