"""FeedProfile, and what is remembered of its pulls and its contents."""

from __future__ import annotations

import uuid

from django.db import models

from iocmarket.accounts.models import Institution, Token
from iocmarket.kernel import clock


class FeedProfile(models.Model):
    """A feed under a name of the institution's own: a format with its options."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")
    # In addresses, hence never changed: whoever wants another name makes another profile.
    name = models.SlugField(max_length=50)
    format = models.CharField(max_length=40)
    # As a query has them: option → value.
    options = models.JSONField(default=dict)
    # The tool whose lines to paste are shown first; as formats name it.
    tool = models.CharField(max_length=60, blank=True)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "name"], name="feed_profile_once")]

    def __str__(self) -> str:
        return self.name


class FeedPull(models.Model):
    """The last pull of one profile with one token: one row, written at most once a minute while nothing changes."""

    profile = models.ForeignKey(FeedProfile, on_delete=models.CASCADE, related_name="pulls")
    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    # 200 or 304.
    status = models.PositiveSmallIntegerField()
    # Of the last content that was sent; a 304 leaves them as they are.
    serial = models.BigIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    size = models.BigIntegerField(default=0)
    count = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "token"], name="feed_pull_once")]

    def __str__(self) -> str:
        return f"{self.profile_id} {self.token_id}"


class FeedSnapshot(models.Model):
    """A content that a profile had for one exit: what later ones are compared with (changes.py)."""

    profile = models.ForeignKey(FeedProfile, on_delete=models.CASCADE, related_name="snapshots")
    # The exit and the options that it was read with, as sharing.feeds.state.feed_key names them.
    feed = models.BinaryField(max_length=32)
    serial = models.BigIntegerField()
    # Of the views that it was read from: it is compared only for who still reads exactly these.
    access = models.BinaryField(max_length=32)
    # [name, bytes] of each file.
    files = models.JSONField()
    size = models.BigIntegerField()
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "feed", "serial"], name="feed_snapshot_once")]
        indexes = [models.Index(fields=["made_at"], name="feed_snapshot_made")]

    def __str__(self) -> str:
        return f"{self.profile_id} {self.serial}"
