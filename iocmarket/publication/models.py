"""View, Entry, Outbox.

A view is what one audience sees under one ceiling; an entry is one indicator in a view, computed only from the
contributions in that view. Writers never touch either: they add outbox rows in their own transaction, and the one
publisher does the rest in commit order.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from iocmarket.accounts.models import Circle, Institution
from iocmarket.indicators.models import PAP_CHOICES, TLP_CHOICES, Indicator, Report
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP, Marking


class View(models.Model):
    """(audience, ceiling). `audience` is a key (audiences.py); whose inbox or which circle it is, stands beside it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    audience = models.CharField(max_length=40)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, null=True, related_name="views")
    circle = models.ForeignKey(Circle, on_delete=models.CASCADE, null=True, related_name="views")
    ceiling_tlp = models.SmallIntegerField(choices=TLP_CHOICES)
    ceiling_pap = models.SmallIntegerField(choices=PAP_CHOICES)
    created_at = models.DateTimeField(default=clock.now)
    # The last `date_added` given out: the next one is later, whatever the clock says.
    head = models.DateTimeField(null=True)
    # Back-fill: the highest indicator already taken; null once the view is complete and may be read.
    filled_to = models.BigIntegerField(null=True, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["audience", "ceiling_tlp", "ceiling_pap"], name="view_once"),
        ]

    def __str__(self) -> str:
        return f"{self.audience} {self.ceiling}"

    @property
    def ceiling(self) -> Marking:
        """The strictest marking that the view carries."""
        return Marking(TLP(self.ceiling_tlp), PAP(self.ceiling_pap))


class Entry(models.Model):
    """One object of a view, in its current version. A new version replaces it and moves to the end of the view."""

    class State(models.TextChoices):
        """What the entry says now."""

        LIVE = "live"
        EXPIRED = "expired"
        WITHDRAWN = "withdrawn"
        BESIDE = "beside"  # a report or a sighting: it speaks of indicators, and is none
        STATIC = "static"  # a marking definition or the community's identity

    # No index of their own: the ones below begin with them, and each index more costs every version that is written.
    view = models.ForeignKey(View, on_delete=models.CASCADE, related_name="entries", db_index=False)
    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False
    )
    # What an object beside the indicators is about: a part of a report, from which indicator on; or the value sighted.
    report = models.ForeignKey(Report, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    from_indicator = models.BigIntegerField(null=True)
    sighted = models.ForeignKey(Indicator, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    stix_type = models.CharField(max_length=30, default="indicator")
    stix_id = models.UUIDField(default=uuid.uuid4)
    date_added = models.DateTimeField()
    # The object's version in TAXII's sense: `modified`, or `created` for objects that have no `modified`.
    version = models.DateTimeField()
    first_added = models.DateTimeField()
    body = models.BinaryField()
    # Of everything in the body but `modified`: an unchanged body writes nothing.
    digest = models.BinaryField(max_length=16)
    state = models.CharField(max_length=10, choices=State.choices, default=State.LIVE)

    tlp = models.SmallIntegerField(choices=TLP_CHOICES, default=TLP.CLEAR)
    pap = models.SmallIntegerField(choices=PAP_CHOICES, default=PAP.CLEAR)
    threat_types = ArrayField(models.CharField(max_length=20), default=list)
    subtree = models.BooleanField(default=False)
    base_score = models.FloatField(default=0)
    institutions = models.IntegerField(default=0)
    first_seen = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    # The next moment at which time alone changes the entry; null when none will.
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # The indicator first: it also answers "where is this value published?" for pages and look-up.
            models.UniqueConstraint(fields=["indicator", "view"], name="entry_once"),
            models.UniqueConstraint(
                fields=["report", "view", "from_indicator"], condition=Q(report__isnull=False), name="entry_report_once"
            ),
            models.UniqueConstraint(
                fields=["sighted", "view"], condition=Q(sighted__isnull=False), name="entry_sighting_once"
            ),
            models.UniqueConstraint(fields=["view", "date_added"], name="entry_strict_order"),
            models.UniqueConstraint(fields=["view", "stix_id"], name="entry_stix_id"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="entry_due"),
            # For the purge.
            models.Index(fields=["date_added"], condition=Q(state="withdrawn"), name="entry_withdrawn"),
            # Few among a million: clients ask for them by type.
            models.Index(
                fields=["view", "date_added"], condition=~Q(stix_type="indicator"), name="entry_standard_objects"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stix_type}--{self.stix_id}"


class Outbox(models.Model):
    """A hint from a writer's own transaction: this indicator changed for these audiences, before and after."""

    class Lane(models.IntegerChoices):
        """Acts of people and machines go first; expiry and back-fill wait."""

        NOW = 0
        LATER = 1

    indicator_id = models.BigIntegerField()
    audiences = ArrayField(models.CharField(max_length=40))
    lane = models.SmallIntegerField(choices=Lane.choices, default=Lane.NOW)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["lane", "id"], name="outbox_turn")]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.audiences}"
