"""One value as one viewer sees it: everything on its page and in its API answer, from visible contributions alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import ip_interface, ip_network
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.enrichment.services import facts_now
from ingestion.submissions.values import reversed_name
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators import guard, scoring
from iocmarket.indicators.assets import guarding
from iocmarket.indicators.contesting import REASONS as CONTESTED
from iocmarket.indicators.contesting import contested_for
from iocmarket.indicators.models import Audience, Contribution, Indicator, Report
from iocmarket.indicators.types import ioc_types
from iocmarket.indicators.types.names import registrable_domain
from iocmarket.indicators.visibility import (
    circles_of,
    distinct_authors,
    effective_marking,
    may_withdraw,
    report_visible,
    visible,
)
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Decision
from iocmarket.kernel.marking import BLOCKING_PAP, TLP, Marking
from iocmarket.publication.access import statements_of
from iocmarket.publication.models import Entry
from iocmarket.publication.personal import personal_entries
from sharing.search.sightings import Sightings, sightings_of

RELATED_MAX = 6
# Wide enough for a provider's block that one tenant uses up, narrow enough to mean something.
NEAR_V4, NEAR_V6 = 24, 48


@dataclass(frozen=True, slots=True)
class Statement:
    """One contribution, with what this viewer may do with it and why it is seen."""

    contribution: Contribution
    named: bool
    mine: bool
    withdrawable: bool
    why: str
    report: Report | None
    """The story around it, if that is visible too."""


@dataclass(frozen=True, slots=True)
class Group:
    """The statements addressed to one audience."""

    audience: Audience
    statements: list[Statement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """Everything a viewer may know of one indicator. All of it follows from `statements` and `sightings`."""

    indicator: Indicator
    marking: Marking
    groups: list[Group]
    threat_types: list[str]
    institutions: int
    first_seen: datetime
    last_seen: datetime
    state: str
    score: int
    base_score: int
    valid_until: datetime | None
    facts: dict[str, dict[str, object]]
    days: list[tuple[date, int]]
    sightings: Sightings
    block: Decision

    @property
    def block_reason(self) -> str:
        """Why no feed of the viewer that blocks carries the value, in the reader's language."""
        said = str(_BLOCK_REASONS.get(self.block.reason, self.block.reason))
        if self.block.reason != "warning_list":
            return said
        subject = guard.subject_of(self.indicator.type, self.indicator.value, subtree=self.subtree)
        hit = guarding().lists.guards(subject)
        return f"{said} ({hit.label}, {hit.version})" if hit else said

    @property
    def statements(self) -> list[Statement]:
        """Every statement, in the order of the groups."""
        return [statement for group in self.groups for statement in group.statements]

    @property
    def subtree(self) -> bool:
        """Whether any statement means the sub-names too."""
        return any(statement.contribution.subtree for statement in self.statements)

    @property
    def aged(self) -> int:
        """What age has taken from the score."""
        return self.base_score - self.score if self.state == Entry.State.LIVE else self.base_score

    @property
    def ip(self) -> dict[str, object]:
        """Country and operator, where the value is an address."""
        return self.facts.get("ip-context", {})

    @property
    def mine(self) -> list[Statement]:
        """What the viewer's own institution says."""
        return [statement for statement in self.statements if statement.mine]


def read_value(public_id: UUID, *, viewer: Viewer) -> Value:
    """The value of that public id. Raises Http404: hidden and absent are one answer."""
    rows = list(
        Contribution.objects.visible_to(viewer)
        .filter(indicator__public_id=public_id)
        .with_authors()
        .order_by("created_at", "pk"),
    )
    if not rows:
        raise Http404
    indicator = rows[0].indicator
    entries = [*statements_of(viewer).filter(indicator=indicator), *personal_entries(viewer, [indicator.pk])]
    moment = clock.now()
    lifetime = ioc_types[indicator.type].lifetime_days
    marking = effective_marking(rows)
    state = _state(rows, entries, moment)
    score = round(max((score_of(entry, moment, lifetime) for entry in entries), default=0))
    sightings = sightings_of(indicator, viewer=viewer)
    return Value(
        indicator=indicator,
        marking=marking,
        groups=_groups(rows, viewer),
        threat_types=sorted({row.threat_type for row in rows}),
        institutions=distinct_authors(rows),
        first_seen=min(row.first_seen for row in rows),
        last_seen=max([*(row.last_seen for row in rows), *sightings.seen]),
        state=state,
        score=score,
        base_score=round(max((entry.base_score for entry in entries), default=0)),
        valid_until=max((entry.valid_until for entry in entries if entry.valid_until), default=None),
        facts=facts_now(indicator),
        days=_days(rows),
        sightings=sightings,
        block=_may_block(indicator, rows, viewer=viewer, marking=marking, state=state, score=score),
    )


def score_of(entry: Entry, moment: datetime, lifetime_days: int) -> float:
    """The score of one entry now; 0 when it no longer speaks."""
    if entry.state != Entry.State.LIVE or entry.last_seen is None:
        return 0.0
    return scoring.score_at(moment, base=entry.base_score, last_seen=entry.last_seen, lifetime_days=lifetime_days)


def _groups(rows: list[Contribution], viewer: Viewer) -> list[Group]:
    circles, found = set(circles_of(viewer.institution_id)), []
    for audience in Audience:
        statements = [_statement(row, viewer, circles) for row in rows if row.audience == audience]
        if statements:
            found.append(Group(audience, statements))
    return found


def _statement(row: Contribution, viewer: Viewer, circles: Container[int]) -> Statement:
    mine = row.institution_id == viewer.institution_id
    named = mine or not row.anonymous
    # One title over a named and an unnamed statement would sign the unnamed one (domain.md, rule 6).
    told = named and row.report is not None and report_visible(row.report, viewer, circles=circles)
    return Statement(
        contribution=row,
        named=named,
        mine=mine,
        withdrawable=bool(may_withdraw(row, viewer)),
        why=visible(row, viewer, circles=circles).reason,
        report=row.report if told else None,
    )


def _state(rows: list[Contribution], entries: list[Entry], moment: datetime) -> str:
    """`live` or `expired`. Just shared and not yet published counts as live."""
    if any(entry.state == Entry.State.LIVE for entry in entries):
        return Entry.State.LIVE.value
    over = all(row.valid_until is not None and row.valid_until <= moment for row in rows)
    return Entry.State.EXPIRED.value if entries or over else Entry.State.LIVE.value


_BLOCK_REASONS: dict[str, str | Promise] = {
    **guard.REASONS,
    **CONTESTED,
    "policy": _("policy of your institution: another statement that it received speaks against blocking"),
    "pap": _("its PAP does not permit an action that the attacker can notice"),
    "score": _("its score is below the threshold"),
    "expired": _("it has expired"),
    "unpublished": _("it is being published"),
    "red": _("TLP:RED is for the persons named: it is in no feed"),
}


def _may_block(
    indicator: Indicator, rows: list[Contribution], *, viewer: Viewer, marking: Marking, state: str, score: int
) -> Decision:
    """Whether the viewer's feeds that block carry the value: the feeds' own order of questions."""
    if all(row.tlp == TLP.RED for row in rows):
        return Decision(False, "red")
    if marking.pap > BLOCKING_PAP:
        return Decision(False, "pap")
    if state == Entry.State.EXPIRED:
        return Decision(False, "expired")
    subtree = any(row.subtree for row in rows)
    guarded = guard.guard(guard.subject_of(indicator.type, indicator.value, subtree=subtree), *guarding())
    if not guarded:
        return guarded
    if reason := contested_for(viewer, [indicator.pk]).reason(indicator.pk):
        return Decision(False, reason)
    return Decision(score >= settings.SCORE_THRESHOLD, "score" if score else "unpublished")


def _days(rows: list[Contribution]) -> list[tuple[date, int]]:
    counts = Counter(timezone.localtime(row.created_at).date() for row in rows)
    return sorted(counts.items())


def related_to(indicator: Indicator, *, viewer: Viewer) -> list[Indicator]:
    """Other visible values near this one: under the same registered name, or in the same small network.

    Index-backed and bounded; nothing is stored about relations. In the order of their values: the order in which rows
    were made would tell of a value that it was here, hidden, before the viewer saw it.
    """
    near = _near(indicator)
    if near is None:
        return []
    others = Indicator.objects.visible_to(viewer).filter(near).exclude(pk=indicator.pk)
    return list(others.order_by("value", "type")[:RELATED_MAX])


def _near(indicator: Indicator) -> Q | None:
    if indicator.reversed_name:
        name = ".".join(reversed(indicator.reversed_name.rstrip(".").split(".")))
        registered = registrable_domain(name)
        return Q(reversed_name__startswith=reversed_name(registered)) if registered else None
    if indicator.network:
        address = ip_interface(indicator.network)
        length = min(address.network.prefixlen, NEAR_V4 if address.version == 4 else NEAR_V6)
        return Q(network__within=str(ip_network(f"{address.ip}/{length}", strict=False)))
    return None
