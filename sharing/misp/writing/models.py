"""The ids under which clients wrote: what a client calls its event, it goes on calling so.

They are the institution's own, and it alone reads what it wrote under them: everybody else reads it under the names of
the view. So two institutions may write the same uuid and learn nothing of each other.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel import clock


class WrittenEvent(models.Model):
    """An event that a client wrote: a report here."""

    # No index of its own: the constraint below begins with it.
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+", db_index=False)
    uuid = models.UUIDField()
    # What the client reads as `id`; drawn at random, as those of views are.
    number = models.IntegerField(unique=True)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="+")
    # Tags of the event that are no markings: attributes that come later carry them, too.
    tags = ArrayField(models.CharField(max_length=100), default=list)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "uuid"], name="misp_event_written_once")]

    def __str__(self) -> str:
        return str(self.uuid)


class WrittenAttribute(models.Model):
    """A value of an attribute that a client wrote: `domain|ip` has two, each a statement and an attribute here."""

    # No index of its own: the constraint below begins with it.
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+", db_index=False)
    uuid = models.UUIDField()
    # What the client sent: of the first value its uuid, of the others that from which theirs follow.
    sent = models.UUIDField()
    number = models.IntegerField(unique=True)
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="+")
    # The object that the client put it into.
    object_uuid = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "uuid"], name="misp_attribute_written_once")]
        indexes = [
            models.Index(fields=["institution", "sent"], name="misp_attribute_sent"),
            models.Index(
                fields=["institution", "object_uuid"],
                condition=models.Q(object_uuid__isnull=False),
                name="misp_object_written",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)
