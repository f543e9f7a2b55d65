"""Submission and its items: what was sent, by whom, and what became of each line."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.indicators.models import Indicator
from iocmarket.kernel import clock


class Submission(models.Model):
    """One act of sending, with its redacted raw input."""

    class Channel(models.TextChoices):
        """How it came in."""

        WEB = "web"
        API = "api"
        TAXII = "taxii"
        COMMAND = "command"
        DEMONSTRATION = "demonstration"

    class State(models.TextChoices):
        """The contract's states. A synchronous submission is `done` when it exists."""

        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="submissions")
    author = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="submissions")
    token = models.ForeignKey(Token, on_delete=models.SET_NULL, null=True, related_name="submissions")
    channel = models.CharField(max_length=15, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DONE)
    raw = models.TextField(blank=True)
    defaults = models.JSONField(default=dict)
    received = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    refreshed = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    lines_without_indicator = ArrayField(models.IntegerField(), default=list)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["institution", "-id"], name="submission_of_institution")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    received=models.F("accepted") + models.F("refreshed") + models.F("refused"),
                ),
                name="submission_counts_add_up",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class SubmissionItem(models.Model):
    """One line of a submission and what became of it."""

    class Status(models.TextChoices):
        """The contract's statuses."""

        ACCEPTED = "accepted"
        REFRESHED = "refreshed"
        REFUSED = "refused"

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="items")
    index = models.IntegerField()
    line = models.IntegerField()
    input = models.TextField()
    type = models.CharField(max_length=24, blank=True)
    value = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    reason = models.CharField(max_length=60, blank=True)
    detail = models.TextField(blank=True)
    # Whether the sender saw a statement on it before this submission: told then, and told again when read again.
    known = models.BooleanField(default=False)
    warnings = ArrayField(models.CharField(max_length=60), default=list)
    indicator = models.ForeignKey(Indicator, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "index"], name="item_index_once")]

    def __str__(self) -> str:
        return f"{self.submission_id}/{self.index}"
