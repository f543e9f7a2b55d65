"""The visibility rule, the heart of the program: one function decides, one queryset method applies it.

`visible(contribution, viewer)` is the rule as domain.md states it, on one object, with its reason. `visible_to` is the
same rule as a condition of the database. A property test holds them equal; every exit of the program passes through
`visible_to`, or reads entries that the publisher computed for a view of the viewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from django.db import models
from django.db.models import Exists, OuterRef, Q

from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel.decision import Decision
from iocmarket.kernel.marking import PAP, TLP, Marking, strictest

if TYPE_CHECKING:
    from iocmarket.indicators.models import Contribution, Indicator, Report

    _Contributions = models.QuerySet[Contribution]
    _Indicators = models.QuerySet[Indicator]
else:
    _Contributions = _Indicators = models.QuerySet


def visible(contribution: Contribution, viewer: Viewer) -> Decision:
    """Whether this viewer may see this contribution, and why (domain.md, The visibility rule).

    Not withdrawn, admitted by the audience, and both labels within the viewer's ceiling: also for one's own.
    """
    if contribution.withdrawn_at is not None:
        return Decision(False, "withdrawn")
    if not contribution.marking.within(viewer.ceiling):
        return Decision(False, "above_ceiling")
    return _admitted(contribution, viewer)


def report_visible(report: Report, viewer: Viewer) -> Decision:
    """The same rule for the story around contributions: it has a marking and an audience of its own."""
    if not Marking(TLP(report.tlp), PAP(report.pap)).within(viewer.ceiling):
        return Decision(False, "above_ceiling")
    return _admitted(report, viewer)


def _admitted(told: Contribution | Report, viewer: Viewer) -> Decision:
    own = told.institution_id == viewer.institution_id
    if told.audience == "community":
        return Decision(True, "community")
    if told.audience == "own" and own:
        return Decision(True, "own")
    if told.audience == "recipients" and (own or viewer.institution_id in told.recipients):
        return Decision(True, "sender" if own else "recipient")
    return Decision(False, "not_addressed")


def visible_q(viewer: Viewer) -> Q:
    """The same rule as a condition on Contribution."""
    own = Q(institution_id=viewer.institution_id)
    audience = (
        Q(audience="community")
        | (Q(audience="own") & own)
        | (Q(audience="recipients") & (own | Q(recipients__contains=[viewer.institution_id])))
    )
    ceiling = Q(tlp__lte=viewer.ceiling.tlp, pap__lte=viewer.ceiling.pap)
    return Q(withdrawn_at__isnull=True) & ceiling & audience


class ContributionQuerySet(_Contributions):
    """Reads of contributions in request code begin with `visible_to` or `own_of`."""

    def visible_to(self, viewer: Viewer) -> ContributionQuerySet:
        """What this viewer may see, expired ones included (expiry is a state, not invisibility)."""
        return self.filter(visible_q(viewer))

    def with_authors(self) -> ContributionQuerySet:
        """With what a page needs of each, in the same statement."""
        return self.select_related("institution", "author", "report", "indicator")


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
    """Only the institution that said it takes it back, and only with the right to write."""
    if contribution.institution_id != viewer.institution_id:
        return Decision(False, "not_yours")
    if "indicators:write" not in viewer.scopes:
        return Decision(False, "scope_missing")
    return Decision(True, "own")


def filters_by_author(contributions: ContributionQuerySet, author: Q) -> ContributionQuerySet:
    """Contributions of a named author, for filters that people choose; `author` is a condition on Contribution.

    Anonymous ones match no institution filter (domain.md, rule 6).
    """
    return contributions.filter(author, anonymous=False)
