"""Indicator, Report, Contribution, Sighting: one value, many statements.

An Indicator holds nothing but the value and what follows from the value alone. Everything that somebody *said* of it
is a Contribution, and is read through `visible_to(viewer)` (visibility.py) and in no other way.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import MD5, Lower
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Circle, Institution, Member
from iocmarket.indicators.fields import InetField
from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.visibility import ContributionQuerySet, IndicatorQuerySet, SightingQuerySet
from iocmarket.kernel import clock
from iocmarket.kernel.marking import DEFAULT, PAP, TLP, Marking
from iocmarket.kernel.match.keys import FOLDED

TLP_CHOICES = [(level.value, level.label) for level in TLP]
FOLDED_TYPES = sorted(FOLDED)
PAP_CHOICES = [(level.value, level.label) for level in PAP]


class Audience(models.TextChoices):
    """Who on the platform may see a contribution (domain.md, Audience)."""

    OWN = "own", _("My institution alone")
    COMMUNITY = "community", _("The whole community")
    CIRCLE = "circle", _("A circle")
    RECIPIENTS = "recipients", _("Named institutions")


def _circle_named(name: str) -> models.CheckConstraint:
    """A circle is named by those statements that are addressed to one, and by no other."""
    addressed = Q(audience="circle")
    return models.CheckConstraint(
        condition=(addressed & Q(circle__isnull=False)) | (~addressed & Q(circle__isnull=True)), name=name
    )


class Indicator(models.Model):
    """One typed, normalised value: one row per (type, canonical value) on the platform."""

    public_id = models.UUIDField(unique=True, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    type = models.CharField(max_length=24)
    value = models.TextField()
    network = InetField(null=True, editable=False)
    # The DNS name reversed (`fr.evil.www.`): "all names under" is a prefix search in it.
    reversed_name = models.TextField(null=True, editable=False)  # noqa: DJ001 (absent is not the empty name)
    created_at = models.DateTimeField(default=clock.now)

    unscoped: ClassVar[models.Manager[Indicator]] = models.Manager()
    objects: ClassVar[IndicatorQuerySet] = IndicatorQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_manager_name = "unscoped"
        indexes = [
            # Of those that have one alone: an index that holds what nobody asks for costs every value that is written.
            GistIndex(
                OpClass(F("network"), name="inet_ops"), condition=Q(network__isnull=False), name="indicator_network"
            ),
            models.Index(
                OpClass(F("reversed_name"), name="text_pattern_ops"),
                condition=Q(reversed_name__isnull=False),
                name="indicator_reversed_name",
            ),
            # What Windows makes no difference of letters in: evidence is asked for it in lower case.
            models.Index(MD5(Lower("value")), condition=Q(type__in=FOLDED_TYPES), name="indicator_folded"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Report(models.Model):
    """The story around contributions: an incident, a campaign, a phishing mail; with its own marking and audience."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="reports")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=20_000)
    tlp = models.SmallIntegerField(choices=TLP_CHOICES, default=DEFAULT.tlp)
    pap = models.SmallIntegerField(choices=PAP_CHOICES, default=DEFAULT.pap)
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.COMMUNITY)
    recipients = ArrayField(models.BigIntegerField(), default=list)
    circle = models.ForeignKey(Circle, on_delete=models.PROTECT, null=True, related_name="+")
    named_members = ArrayField(models.BigIntegerField(), default=list)
    author = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            # What one person tells others in TLP:RED does not exist for the colleagues: titles meet only within
            # what both may see.
            models.UniqueConstraint(
                fields=["institution", "title"], condition=Q(tlp__lt=TLP.RED), name="report_title_once"
            ),
            models.UniqueConstraint(fields=["author", "title"], condition=Q(tlp=TLP.RED), name="report_title_once_red"),
            _circle_named("report_circle_named"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Contribution(models.Model):
    """One institution's statement about one indicator. One live row per (institution, indicator, report)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="contributions")
    # No index of their own: those below serve them, of the rows that have one alone.
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="contributions", db_index=False)
    author = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    report = models.ForeignKey(
        Report, on_delete=models.PROTECT, null=True, related_name="contributions", db_index=False
    )
    # The submission that made it. Submissions live in the house above, so this is its public id, not a foreign key.
    submission = models.UUIDField(null=True, editable=False)

    threat_type = models.CharField(max_length=20, choices=ThreatType.choices, default=ThreatType.OTHER)
    tlp = models.SmallIntegerField(choices=TLP_CHOICES)
    pap = models.SmallIntegerField(choices=PAP_CHOICES)
    audience = models.CharField(max_length=10, choices=Audience.choices)
    recipients = ArrayField(models.BigIntegerField(), default=list)
    circle = models.ForeignKey(Circle, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # TLP:RED is for individuals: the members whom the author named (FIRST, TLP 2.0).
    named_members = ArrayField(models.BigIntegerField(), default=list)
    anonymous = models.BooleanField(default=False)
    subtree = models.BooleanField(default=False)
    confidence = models.SmallIntegerField(default=60)
    comment = models.TextField(blank=True, max_length=2000)
    tags = ArrayField(models.CharField(max_length=100), default=list)

    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    refreshed_at = models.DateTimeField(default=clock.now)
    withdrawn_at = models.DateTimeField(null=True)

    unscoped: ClassVar[models.Manager[Contribution]] = models.Manager()
    objects: ClassVar[ContributionQuerySet] = ContributionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "institution", "report"],
                condition=Q(withdrawn_at__isnull=True, tlp__lt=TLP.RED),
                nulls_distinct=False,
                name="contribution_live_once",
            ),
            # A statement in TLP:RED is its author's, not the institution's (ADR 0031).
            models.UniqueConstraint(
                fields=["indicator", "author", "report"],
                condition=Q(withdrawn_at__isnull=True, tlp=TLP.RED, author__isnull=False),
                nulls_distinct=False,
                name="contribution_live_once_red",
            ),
            _circle_named("contribution_circle_named"),
            models.CheckConstraint(condition=Q(confidence__range=(0, 100)), name="contribution_confidence_percent"),
        ]
        indexes = [
            models.Index(fields=["institution", "-id"], name="contribution_of_institution"),
            models.Index(fields=["author"], condition=Q(author__isnull=False), name="contribution_of_author"),
            models.Index(fields=["report"], condition=Q(report__isnull=False), name="contribution_of_report"),
            GinIndex(fields=["recipients"], condition=Q(audience="recipients"), name="contribution_recipients"),
            GinIndex(fields=["named_members"], condition=Q(tlp=TLP.RED), name="contribution_named"),
            models.Index(fields=["circle"], condition=Q(circle__isnull=False), name="contribution_of_circle"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def marking(self) -> Marking:
        """Its TLP and PAP as one value."""
        return Marking(TLP(self.tlp), PAP(self.pap))


class Sighting(models.Model):
    """What an institution met of a value that it had read of: seen, a false positive, or gone.

    To whom it is told is copied at writing from a statement that the reporter saw (sightings.py), so it says nothing
    to anybody who does not know of the value; the fields of the audience mean what they mean in a Contribution.
    """

    class Kind(models.TextChoices):
        """What was met (contracts.md, `POST sightings`)."""

        SEEN = "seen", _("Seen")
        FALSE_POSITIVE = "false-positive", _("False positive")
        EXPIRED = "expired", _("No longer active")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # No index of its own: the one below begins with it.
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="sightings", db_index=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="sightings")
    author = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    count = models.BigIntegerField(default=1)
    seen_at = models.DateTimeField()
    # The full hour of `seen_at` for `seen`, which is counted by the hour; null for the others, of which one stands.
    hour = models.DateTimeField(null=True, editable=False)
    source = models.CharField(max_length=200, blank=True)

    tlp = models.SmallIntegerField(choices=TLP_CHOICES)
    pap = models.SmallIntegerField(choices=PAP_CHOICES)
    audience = models.CharField(max_length=10, choices=Audience.choices)
    recipients = ArrayField(models.BigIntegerField(), default=list)
    circle = models.ForeignKey(Circle, on_delete=models.PROTECT, null=True, related_name="+")
    named_members = ArrayField(models.BigIntegerField(), default=list)
    anonymous = models.BooleanField(default=False)

    created_at = models.DateTimeField(default=clock.now)
    withdrawn_at = models.DateTimeField(null=True)

    unscoped: ClassVar[models.Manager[Sighting]] = models.Manager()
    objects: ClassVar[SightingQuerySet] = SightingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_manager_name = "unscoped"
        constraints = [
            _circle_named("sighting_circle_named"),
            models.CheckConstraint(condition=Q(count__gte=1), name="sighting_count_positive"),
        ]
        indexes = [
            models.Index(fields=["indicator", "institution"], name="sighting_of_indicator"),
            # The guard asks for all that stand, of whatever value (contesting.py).
            models.Index(
                fields=["indicator"],
                condition=Q(kind="false-positive", withdrawn_at__isnull=True),
                name="sighting_false_positive",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def marking(self) -> Marking:
        """Its TLP and PAP as one value."""
        return Marking(TLP(self.tlp), PAP(self.pap))


class Alert(models.Model):
    """A value that an institution shared circulates under a weaker PAP than it asked for (domain.md, rule 3).

    Kept: that it happened and whether somebody has seen it. What to say of it is read anew through `visible_to`
    whenever it is shown, so a statement that is gone says nothing any more.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="alerts")
    # The stricter statement, whose authors are told.
    contribution = models.OneToOneField(Contribution, on_delete=models.CASCADE, related_name="alert")
    created_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["institution", "-id"], name="alert_of_institution")]

    def __str__(self) -> str:
        return str(self.public_id)


class Settlement(models.Model):
    """An institution left or merged, and not all that it said is taken back or handed over yet (settling.py).

    The row goes when it is done: what was done then stands in the record of acts.
    """

    institution = models.OneToOneField(Institution, on_delete=models.CASCADE, related_name="settlement")
    # Of one that left: whether all that it said is taken back, or what it said in circles alone.
    withdraw = models.BooleanField(default=False)
    # Rows that were settled, by kind.
    counts: models.JSONField[Any, Any] = models.JSONField(default=dict)
    # Of one that merged: the report that takes what both said to different readers, by the report that held it.
    apart: models.JSONField[Any, Any] = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.institution_id)
