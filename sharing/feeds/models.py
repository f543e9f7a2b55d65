"""What feeds remember between two requests: their serial, and the rule numbers of values."""

from __future__ import annotations

from django.db import models

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Indicator
from iocmarket.kernel import clock
from iocmarket.publication.models import View


class FeedState(models.Model):
    """The last content of one feed as one institution reads it: its serial rises when, and only when, that changes.

    A row is a memory, not a truth: without it the next request builds the feed and begins a serial at the present
    time, which is later than any that was given out.
    """

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")
    # SHA-256 of exit ceiling, format and options.
    feed = models.BinaryField(max_length=32)
    # Of all that the content may depend on; equal → the content is the same, and need not be built to say so.
    inputs = models.BinaryField(max_length=32, default=b"")
    content = models.BinaryField(max_length=32, default=b"")
    serial = models.BigIntegerField(default=0)
    # The files of the content, its counts and strictest labels (snapshots.py); null once they were given up.
    files = models.JSONField(null=True)
    # Of the views that the content was read from: an older content is given only to who still has exactly these.
    access = models.BinaryField(max_length=32, default=b"")
    built_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "feed"], name="feed_state_once")]
        indexes = [models.Index(fields=["institution", "-serial"], name="feed_state_newest")]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.serial}"


class ViewFiles(models.Model):
    """The files that hold the objects of one view, for all its readers (segments.py). A memory, not a truth."""

    view = models.OneToOneField(View, on_delete=models.CASCADE, related_name="+")
    # The view's own when the files were looked at: equal → nothing was published since.
    head = models.DateTimeField(null=True)
    # [start, end, rows, objects, name, bytes] of each, oldest first.
    segments = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.view_id} {len(self.segments)}"


class FeedPolicy(models.Model):
    """What an institution wants of its feeds (policy.py); without a row: everything."""

    institution = models.OneToOneField(Institution, on_delete=models.CASCADE, related_name="+", primary_key=True)
    rules = models.JSONField()
    # Of the rules: what feeds compare to know whether they changed.
    digest = models.BinaryField(max_length=32)
    changed_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return str(self.institution_id)


class RuleNumber(models.Model):
    """The Suricata rule numbers of one value, the same in everybody's feed for ever.

    Drawn at random: a number tells nothing of how many values exist or when one came.
    """

    indicator = models.OneToOneField(Indicator, on_delete=models.CASCADE, related_name="rule_number")
    sid = models.BigIntegerField(unique=True)

    def __str__(self) -> str:
        return str(self.sid)
