"""Dépôt: what an institution posted over TAXII, as it posted it, and what became of it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import PAP_CHOICES, TLP_CHOICES, Contribution
from iocmarket.kernel import clock


class Depot(models.Model):
    """The one collection of an institution that takes objects. Its row is what writers wait for, one after another."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.OneToOneField(Institution, on_delete=models.CASCADE, related_name="depot")
    # The last `date_added` given out: the next one is later, whatever the clock says.
    head = models.DateTimeField(null=True)
    # What it holds, every version: counted by the writers under its lock, for the quota (quotas.py).
    objects_held = models.BigIntegerField(default=0)
    octets = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return str(self.public_id)


class DepotObject(models.Model):
    """One version of one object, verbatim."""

    # No index of its own: the constraints below begin with it.
    depot = models.ForeignKey(Depot, on_delete=models.CASCADE, related_name="+", db_index=False)
    stix_type = models.CharField(max_length=250)
    stix_id = models.UUIDField()
    # TAXII's version: `modified`, else `created`, else `date_added`; and as its author wrote it.
    version = models.DateTimeField()
    version_text = models.CharField(max_length=40)
    date_added = models.DateTimeField()
    body = models.BinaryField()
    is_first = models.BooleanField()
    is_last = models.BooleanField()
    # What it carries, or what is assumed of it: a token with a lower ceiling does not read it back.
    tlp = models.SmallIntegerField(choices=TLP_CHOICES)
    pap = models.SmallIntegerField(choices=PAP_CHOICES)
    # The indicators that a report or a grouping is about.
    refs = ArrayField(models.UUIDField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["depot", "stix_id", "stix_type", "version"], name="depot_version_once"),
            models.UniqueConstraint(fields=["depot", "date_added"], name="depot_strict_order"),
        ]
        indexes = [GinIndex(fields=["refs"], condition=~Q(refs=[]), name="depot_stories")]

    def __str__(self) -> str:
        return f"{self.stix_type}--{self.stix_id}"


class DepotStatement(models.Model):
    """An indicator in Dépôt and a contribution that follows from it: what goes when the indicator goes."""

    depot = models.ForeignKey(Depot, on_delete=models.CASCADE, related_name="+", db_index=False)
    stix_id = models.UUIDField()
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="+")
    # Whether the contribution exists because of Dépôt; one that was there before stays when the indicator goes.
    made = models.BooleanField()
    # Its `refreshed_at` when Dépôt last said it: a later one means that somebody said it since, by another way.
    said_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["depot", "stix_id", "contribution"], name="depot_statement_once")
        ]

    def __str__(self) -> str:
        return f"{self.stix_id} {self.contribution_id}"


class DepotStatus(models.Model):
    """The status resource of one POST (TAXII 2.1 section 4.3), ready to be sent."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    body = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="depot_status_age")]

    def __str__(self) -> str:
        return str(self.public_id)
