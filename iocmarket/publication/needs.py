"""Which views must exist: full ceilings always, narrower ones once a key or the public needs one (domain.md, Views).

A view that nobody needs any more is kept: it costs its upkeep, but whoever gets a new key with that ceiling reads at
once, and clients find their collection again under the id they know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from django.db.models import Q

from iocmarket.accounts.models import Circle, CircleMembership, Institution, Token
from iocmarket.accounts.roles import Scope
from iocmarket.kernel import clock
from iocmarket.kernel.marking import FULL, PUBLIC, Marking
from iocmarket.publication.audiences import COMMUNITY, circle, inbox

Needed = dict[tuple[str, Marking], dict[str, int]]
"""By audience key and ceiling: whose inbox or which circle it is, as fields of View."""

READING = (Scope.INDICATORS_READ.value, Scope.FEEDS_READ.value)


destinations: list[Callable[[], Iterable[tuple[int, Marking]]]] = []
"""What apps above send in the name of member institutions: whose, and under which ceiling."""


def needed_views() -> Needed:
    """Every view that must exist now, in the order in which they are made. Three statements, and what others ask."""
    approved = sorted(Institution.objects.filter(state=Institution.State.APPROVED).values_list("pk", "kind"))
    circles = sorted(Circle.objects.values_list("pk", flat=True))
    needed: Needed = {(COMMUNITY, FULL): {}}
    needed |= {(inbox(pk), FULL): {"institution_id": pk} for pk, kind in approved if kind == Institution.Kind.MEMBER}
    needed |= {(circle(pk), FULL): {"circle_id": pk} for pk in circles}
    narrow, partners = _narrow_ceilings()
    if any(kind == Institution.Kind.PUBLIC for _pk, kind in approved):
        partners.append(PUBLIC)
    needed |= {(COMMUNITY, ceiling): {} for ceiling in partners}
    if narrow:
        joined = _circles_by_institution()
        for institution_id, ceilings in narrow.items():
            for ceiling in ceilings:
                needed[COMMUNITY, ceiling] = {}
                needed[inbox(institution_id), ceiling] = {"institution_id": institution_id}
                needed |= {(circle(pk), ceiling): {"circle_id": pk} for pk in joined[institution_id]}
    return needed


def _narrow_ceilings() -> tuple[dict[int, set[Marking]], list[Marking]]:
    """The ceilings below the full one of the keys that read now: of members by institution, of partners in order."""
    moment = clock.now()
    usable = Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=moment))
    narrow = Q(tlp_ceiling__lt=FULL.tlp) | Q(operated_by=Token.OperatedBy.PROVIDER) | _OF_PARTNERS
    found: dict[int, set[Marking]] = defaultdict(set)
    partners: dict[Marking, None] = {}
    tokens = Token.objects.filter(
        usable, narrow, scopes__overlap=list(READING), institution__state=Institution.State.APPROVED
    ).select_related("institution")
    for token in tokens.order_by("institution_id", "pk"):
        if not token.institution.opens_to_tokens(moment):
            continue
        if token.institution.reads_community_only:
            partners[token.ceiling] = None
        else:
            found[token.institution_id].add(token.ceiling)
    for listed in destinations:
        for institution_id, ceiling in listed():
            found[institution_id].add(ceiling)
    return {pk: ceilings - {FULL} for pk, ceilings in found.items()}, list(partners)


_OF_PARTNERS = Q(institution__kind=Institution.Kind.PARTNER)


def _circles_by_institution() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for institution_id, circle_id in CircleMembership.objects.order_by("pk").values_list("institution_id", "circle_id"):
        found[institution_id].append(circle_id)
    return found
