"""The visibility rule, the heart of the program: one function decides, one queryset method applies it.

`visible(contribution, viewer)` is the rule as domain.md states it, on one object, with its reason. `visible_to` is the
same rule as a condition of the database. A property test holds them equal; every exit of the program passes through
`visible_to`, or reads entries that the publisher computed for a view of the viewer.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Protocol

from django.db import models
from django.db.models import Exists, OuterRef, Q

from iocmarket.accounts.models import CircleMembership
from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel.decision import Decision
from iocmarket.kernel.marking import FULL, PAP, TLP, Marking, strictest

if TYPE_CHECKING:
    from iocmarket.indicators.models import Contribution, Indicator, Report, Sighting

    _Contributions = models.QuerySet[Contribution]
    _Indicators = models.QuerySet[Indicator]
    _Sightings = models.QuerySet[Sighting]
else:
    _Contributions = _Indicators = _Sightings = models.QuerySet


def visible(contribution: Contribution | Sighting, viewer: Viewer, *, circles: Container[int]) -> Decision:
    """Whether this viewer may see this contribution or sighting, and why (domain.md, The visibility rule).

    Not withdrawn, admitted by the audience, and both labels within the viewer's ceiling: also for one's own.
    `circles` are those that the viewer's institution is in now (`circles_of`).
    """
    if contribution.withdrawn_at is not None:
        return Decision(False, "withdrawn")
    return _told(contribution, viewer, circles)


def report_visible(report: Report, viewer: Viewer, *, circles: Container[int]) -> Decision:
    """The same rule for the story around contributions: it has a marking and an audience of its own."""
    return _told(report, viewer, circles)


def _told(told: Contribution | Report | Sighting, viewer: Viewer, circles: Container[int]) -> Decision:
    if told.tlp == TLP.RED:
        return _named(told, viewer)
    if not Marking(TLP(told.tlp), PAP(told.pap)).within(viewer.ceiling):
        return Decision(False, "above_ceiling")
    return _admitted(told, viewer, circles)


def _named(told: Contribution | Report | Sighting, viewer: Viewer) -> Decision:
    """TLP:RED is for individuals (FIRST): the persons named and the author, in a person's own session."""
    if viewer.member_id is None or viewer.ceiling.tlp < FULL.tlp or told.pap > viewer.ceiling.pap:
        return Decision(False, "above_ceiling")
    if told.author_id == viewer.member_id:
        return Decision(True, "author")
    return Decision(True, "named") if viewer.member_id in told.named_members else Decision(False, "not_named")


def _admitted(told: Contribution | Report | Sighting, viewer: Viewer, circles: Container[int]) -> Decision:
    own = told.institution_id == viewer.institution_id
    if told.audience == "community":
        return Decision(True, "community")
    if viewer.community_only:
        return Decision(False, "not_addressed")
    if told.audience == "own" and own:
        return Decision(True, "own")
    if told.audience == "recipients" and (own or viewer.institution_id in told.recipients):
        return Decision(True, "sender" if own else "recipient")
    # Also for what one said there oneself: whoever leaves a circle loses it at once.
    if told.audience == "circle" and told.circle_id in circles:
        return Decision(True, "circle")
    return Decision(False, "not_addressed")


def circles_of(institution_id: int) -> models.QuerySet[CircleMembership, int]:
    """The ids of the circles that an institution is in now; a sub-select where it stands in a condition."""
    return CircleMembership.objects.filter(institution_id=institution_id).values_list("circle_id", flat=True)


def visible_q(viewer: Viewer) -> Q:
    """The same rule as a condition on Contribution and on Sighting."""
    return Q(withdrawn_at__isnull=True) & told_q(viewer)


def told_q(viewer: Viewer) -> Q:
    """To whom a contribution or a report is told: the rule but for withdrawal, which reports do not know."""
    admitted = _admitted_q(viewer) & Q(tlp__lte=min(viewer.ceiling.tlp, FULL.tlp))
    if viewer.member_id is not None and viewer.ceiling.tlp >= FULL.tlp:
        named = Q(named_members__contains=[viewer.member_id]) | Q(author_id=viewer.member_id)
        admitted |= Q(tlp=TLP.RED) & named
    return Q(pap__lte=viewer.ceiling.pap) & admitted


def _admitted_q(viewer: Viewer) -> Q:
    """The audiences that admit the viewer."""
    community = Q(audience="community")
    if viewer.community_only:
        return community
    own = Q(institution_id=viewer.institution_id)
    return (
        community
        | (Q(audience="own") & own)
        | (Q(audience="recipients") & (own | Q(recipients__contains=[viewer.institution_id])))
        | (Q(audience="circle") & Q(circle_id__in=circles_of(viewer.institution_id)))
    )


class ContributionQuerySet(_Contributions):
    """Reads of contributions in request code begin with `visible_to` or `own_of`."""

    def visible_to(self, viewer: Viewer) -> ContributionQuerySet:
        """What this viewer may see, expired ones included (expiry is a state, not invisibility)."""
        return self.filter(visible_q(viewer))

    def own_of(self, viewer: Viewer) -> ContributionQuerySet:
        """What the viewer's institution says itself, as far as this viewer may see it."""
        return self.visible_to(viewer).filter(institution_id=viewer.institution_id)

    def with_authors(self) -> ContributionQuerySet:
        """With what a page needs of each, in the same statement."""
        return self.select_related("institution", "author", "report", "indicator")


class SightingQuerySet(_Sightings):
    """Reads of sightings in request code begin with `visible_to`.

    A sighting is not what makes an indicator visible: whoever reads sightings of one has found it by its statements.
    """

    def visible_to(self, viewer: Viewer) -> SightingQuerySet:
        """What this viewer may see, retracted ones not."""
        return self.filter(visible_q(viewer))


class IndicatorQuerySet(_Indicators):
    """Reads of indicators in request code begin with `visible_to`."""

    def visible_to(self, viewer: Viewer) -> IndicatorQuerySet:
        """The indicators that exist for this viewer: those with a contribution that it may see."""
        from iocmarket.indicators.models import Contribution  # noqa: PLC0415 (the models name this module's querysets)

        said = Contribution.objects.visible_to(viewer).filter(indicator_id=OuterRef("pk"))
        return self.filter(Exists(said))


def effective_marking(contributions: Iterable[Contribution]) -> Marking:
    """The marking shown with an indicator: the strictest TLP and the strictest PAP of what the viewer sees.

    The caller has filtered first. Raises ValueError for none: an indicator without a visible contribution has no
    marking because it does not exist for that viewer.
    """
    return strictest(contribution.marking for contribution in contributions)


class Authored(Protocol):
    """A contribution, or what a statement to the database brought of one."""

    @property
    def anonymous(self) -> bool: ...
    @property
    def institution_id(self) -> int: ...


def distinct_authors(contributions: Iterable[Authored]) -> int:
    """How many institutions speak, anonymous ones pooled into one (domain.md, rule 6).

    Were they counted one by one, the count would tell whether an anonymous one is among the named.
    """
    return len({None if said.anonymous else said.institution_id for said in contributions})


def may_withdraw(contribution: Contribution, viewer: Viewer) -> Decision:
    """Only the institution that said it takes it back or changes it, and only with the right to write.

    What was told in TLP:RED is its author's alone.
    """
    if contribution.institution_id != viewer.institution_id:
        return Decision(False, "not_yours")
    if contribution.tlp == TLP.RED and contribution.author_id != viewer.member_id:
        return Decision(False, "not_yours")
    if "indicators:write" not in viewer.scopes:
        return Decision(False, "scope_missing")
    return Decision(True, "own")


def filters_by_author(contributions: ContributionQuerySet, author: Q) -> ContributionQuerySet:
    """Contributions of a named author, for filters that people choose; `author` is a condition on Contribution.

    Anonymous ones match no institution filter (domain.md, rule 6).
    """
    return contributions.filter(author, anonymous=False)
