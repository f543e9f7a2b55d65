"""What administrators add to the warning lists: lists of their own, another severity, exceptions."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Member
from iocmarket.indicators.warninglists.base import Severity
from iocmarket.kernel import clock

SEVERITIES = [
    (Severity.BLOCK_GUARD.value, _("Never blocked")),
    (Severity.CONFIRM.value, _("To confirm")),
    (Severity.INFO.value, _("Told only")),
]
OFF = "off"


class AddedList(models.Model):
    """A list that the community keeps itself. A new version of one takes its place."""

    name = models.CharField(max_length=60, unique=True)
    label = models.CharField(max_length=200)
    version = models.CharField(max_length=40)
    severity = models.CharField(max_length=12, choices=SEVERITIES)
    entries = models.IntegerField()
    # Compiled (compiling.py): what every process looks values up in.
    content = models.BinaryField()
    added_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class Choice(models.Model):
    """Another severity than the one that a list came with."""

    list = models.CharField(max_length=60, unique=True)
    severity = models.CharField(max_length=12, choices=[*SEVERITIES, (OFF, _("Switched off"))])

    def __str__(self) -> str:
        return self.list


class Exemption(models.Model):
    """A value for which one list, or every list, does not count, and why."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    value = models.CharField(max_length=400)
    # Empty: every list.
    list = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=400)
    added_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value", "list"], name="exemption_once")]

    def __str__(self) -> str:
        return str(self.public_id)


class Edition(models.Model):
    """One row, drawn anew by every change of the tables above: equal marks mean equal contents. None: nothing there."""

    mark = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="edition_is_one_row")]

    def __str__(self) -> str:
        return str(self.mark)
