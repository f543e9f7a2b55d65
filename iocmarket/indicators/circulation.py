"""Alerts: a value circulates under a weaker PAP than an institution asked for (domain.md, rule 3).

PAP protects an operation. Whoever asked for care must learn at once that somebody else, whose statement they may
read, allows more with the same value: the marking shown to others follows from what these see, not from their wish.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery

from iocmarket.accounts.models import CircleMembership
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Alert, Contribution
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP

# `weak` is visible to the institution of `strict` at the full ceiling, or in TLP:RED to its author: the visibility
# rule for another institution's statement (visibility.py), set-based because thousands are written at once.
_NOTE = f"""
INSERT INTO {Alert._meta.db_table} (public_id, institution_id, contribution_id, created_at)
SELECT gen_random_uuid(), met.institution_id, met.id, %(moment)s
FROM (
    SELECT DISTINCT strict.institution_id, strict.id
    FROM {Contribution._meta.db_table} AS strict
    JOIN {Contribution._meta.db_table} AS weak ON weak.indicator_id = strict.indicator_id
    WHERE strict.indicator_id = ANY(ARRAY(
        -- Nearly always none: the join of thousands with themselves is then not begun, whatever the planner believes.
        SELECT indicator_id FROM {Contribution._meta.db_table}
        WHERE indicator_id = ANY(%(indicators)s) AND withdrawn_at IS NULL
        GROUP BY indicator_id HAVING min(pap) < max(pap)))
      AND strict.withdrawn_at IS NULL AND weak.withdrawn_at IS NULL
      AND (weak.valid_until IS NULL OR weak.valid_until > %(moment)s)
      AND weak.pap < strict.pap AND weak.institution_id <> strict.institution_id
      AND (
        (weak.tlp < {TLP.RED:d} AND (
            weak.audience = 'community'
            OR (weak.audience = 'recipients' AND strict.institution_id = ANY(weak.recipients))
            OR (weak.audience = 'circle' AND EXISTS (
                SELECT 1 FROM {CircleMembership._meta.db_table} AS member
                WHERE member.circle_id = weak.circle_id AND member.institution_id = strict.institution_id))))
        OR (weak.tlp = {TLP.RED:d} AND strict.author_id = ANY(weak.named_members)))
) AS met
ORDER BY met.id
ON CONFLICT (contribution_id) DO NOTHING
"""  # noqa: S608, SLF001 (only names of our own models are spelled into it)


def note_circulation(indicator_ids: Collection[int]) -> None:
    """Alert those whose statements on these indicators meet one with a weaker PAP. In the writer's transaction.

    Asks the database also about none: how many values were there before is nothing to be told apart by.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"indicators": sorted(indicator_ids) or [0], "moment": clock.now()})


@dataclass(frozen=True, slots=True)
class Circulation:
    """One alert as its reader sees it now."""

    alert: Alert
    weakest: PAP
    """The weakest PAP that others, as far as the reader sees them, give the value."""

    @property
    def contribution(self) -> Contribution:
        """The own, stricter statement."""
        return self.alert.contribution


def alerts_of(viewer: Viewer, *, unseen: bool = False) -> QuerySet[Alert]:
    """The alerts that still say something to this viewer, newest first, each with `weakest`, a PAP as an integer."""
    own = Contribution.objects.visible_to(viewer).filter(
        Q(tlp__lt=TLP.RED) | Q(author_id=viewer.member_id), institution_id=viewer.institution_id
    )
    weaker = (
        Contribution.objects.visible_to(viewer)
        .filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=clock.now()),
            indicator_id=OuterRef("contribution__indicator_id"),
            pap__lt=OuterRef("contribution__pap"),
        )
        .exclude(institution_id=viewer.institution_id)
        .order_by("pap")
    )
    found = (
        Alert.objects.filter(institution_id=viewer.institution_id, contribution__in=own)
        .annotate(weakest=Subquery(weaker.values("pap")[:1]))
        .filter(weakest__isnull=False)
        .select_related("contribution__indicator")
        .order_by("-id")
    )
    return found.filter(seen_at__isnull=True) if unseen else found


def circulating(viewer: Viewer, *, limit: int, unseen: bool = True) -> list[Circulation]:
    """The newest alerts; with `unseen` those that nobody has marked as seen."""
    rows = alerts_of(viewer, unseen=unseen)[:limit]
    return [Circulation(row, PAP(getattr(row, "weakest"))) for row in rows]  # noqa: B009 (an annotation)


def mark_seen(alert: Alert, *, viewer: Viewer) -> bool:
    """Note that somebody of the institution has taken note; whether this call was the first to."""
    mine = alerts_of(viewer).filter(pk=alert.pk, seen_at__isnull=True)
    return bool(Alert.objects.filter(pk__in=mine.values("pk")).update(seen_at=clock.now()))
