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
        MAIL = "mail"
        SUBSCRIPTION = "subscription"
        DEMONSTRATION = "demonstration"

    class State(models.TextChoices):
        """The contract's states. A synchronous submission is `done` when it exists."""

        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    class Held(models.TextChoices):
        """Whether an administrator has to look before anything of it is shared (reviewing.py)."""

        NO = "", "no"
        HELD = "held", "held"
        RELEASED = "released", "released"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="submissions")
    author = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="submissions")
    token = models.ForeignKey(Token, on_delete=models.SET_NULL, null=True, related_name="submissions")
    channel = models.CharField(max_length=15, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DONE)
    raw = models.TextField(blank=True)
    # After some days the raw input goes and leaves its SHA-256, where there was any (retention.py).
    raw_digest = models.BinaryField(max_length=32, null=True)
    raw_purged_at = models.DateTimeField(null=True)
    defaults = models.JSONField(default=dict)
    received = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    refreshed = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    lines_without_indicator = ArrayField(models.IntegerField(), default=list)
    created_at = models.DateTimeField(default=clock.now)

    # Of a submission that the worker takes in parts (ADR 0027); a synchronous one has none.
    report = models.JSONField(default=dict)
    # The marking that headings of a long text give to its lines that are still to be read.
    labels = models.JSONField(default=dict)
    # Items that it has in all; null while a long text is still to be read.
    expected = models.IntegerField(null=True)
    parts = models.IntegerField(default=0)
    parts_done = models.IntegerField(default=0)
    # How often the next part was begun without being finished.
    attempts = models.SmallIntegerField(default=0)
    # The worker's last sign of life; null until one has begun.
    beat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    held = models.CharField(max_length=10, choices=Held.choices, blank=True, default=Held.NO)
    # Why: how many were looked at, how many no feed may block, and for which reasons. No values.
    held_figures = models.JSONField(default=dict)
    # Something in it is TLP:RED.
    in_person = models.BooleanField(default=False)
    # Why it failed: a code and a sentence.
    failure = models.CharField(max_length=60, blank=True)
    failure_detail = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["institution", "-id"], name="submission_of_institution"),
            models.Index(
                fields=["created_at"], condition=models.Q(raw_purged_at=None), name="submission_with_raw_input"
            ),
            models.Index(
                fields=["institution"], condition=models.Q(state__in=["queued", "running"]), name="submission_waiting"
            ),
        ]
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

    @property
    def is_long(self) -> bool:
        """Whether the worker takes it: its items are read page by page."""
        return self.parts > 0

    @property
    def is_finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in {self.State.DONE, self.State.FAILED}


class SubmissionPart(models.Model):
    """Up to 2 000 items of a long submission as they were sent, redacted; or a long text that is still to be read."""

    class Kind(models.TextChoices):
        """What the body holds (parts.py)."""

        ENTRIES = "entries"
        TEXT = "text"

    # No index of its own: the constraint below begins with it.
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="held_parts", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.ENTRIES)
    number = models.IntegerField()
    # The index of its first item; of a text, the number of its first line.
    first = models.IntegerField(default=0)
    # Compressed: the server's own compression would be slower and weaker.
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "kind", "number"], name="part_once")]

    def __str__(self) -> str:
        return f"{self.submission_id}/{self.number}"


class KeptAnswer(models.Model):
    """The answer to a request that carried an Idempotency-Key: the same request again gets it again for 24 hours."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")
    # `token:<id>` or `member:<id>`: two programs of one institution do not meet in their keys.
    sender = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    # SHA-256 over method, path, query, media type and body.
    request = models.BinaryField(max_length=32)
    status = models.SmallIntegerField(default=0)
    location = models.CharField(max_length=200, blank=True)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "sender", "key"], name="kept_answer_once")]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_age")]

    def __str__(self) -> str:
        return f"{self.sender} {self.pk}"


class ColumnMemory(models.Model):
    """What an institution has said of the columns of tables with certain headings (remembering.py)."""

    # No index of its own: the constraint below begins with it.
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+", db_index=False)
    # SHA-256 over the headings: they themselves are of whoever made the table, and nobody needs them here.
    digest = models.BinaryField(max_length=32)
    # One for each column, in their order (readers/headings.py).
    roles = ArrayField(models.CharField(max_length=40, blank=True))
    used_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "digest"], name="columns_once")]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.pk}"


class SubmissionItem(models.Model):
    """One line of a submission and what became of it."""

    class Status(models.TextChoices):
        """The contract's statuses."""

        ACCEPTED = "accepted"
        REFRESHED = "refreshed"
        REFUSED = "refused"

    # No index of its own: the constraint below begins with it. Neither reference is checked row by row, which took
    # longer than writing the rows: whoever writes items holds the submission's row, and has found or made every value.
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="items", db_index=False, db_constraint=False
    )
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
    # The warning lists that held it then, each as `name version severity`.
    lists = ArrayField(models.CharField(max_length=120), default=list)
    indicator = models.ForeignKey(
        Indicator, on_delete=models.SET_NULL, null=True, related_name="+", db_constraint=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "index"], name="item_index_once")]

    def __str__(self) -> str:
        return f"{self.submission_id}/{self.index}"
