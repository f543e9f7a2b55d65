"""Subscriptions to other servers, what each turn of them brought, and which events were taken."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Circle, Institution, Member
from iocmarket.kernel import clock
from iocmarket.kernel.marking import DEFAULT, PAP, TLP


class Subscription(models.Model):
    """Another server whose content is fetched, and on which terms it is shared here."""

    class Kind(models.TextChoices):
        """What the server speaks."""

        TAXII = "taxii", _("TAXII 2.1")
        MISP = "misp", _("MISP")

    class State(models.TextChoices):
        """`stopped`: by the program, since going on makes no sense before somebody looks (`error` says why)."""

        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        STOPPED = "stopped", _("stopped")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="subscriptions")
    # In whose name it is shared: the manager who set it up, or resumed it last.
    author = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Of a TAXII server the collection's address, of MISP the server's.
    url = models.CharField(max_length=2000)
    # Empty for a server that wants a token alone.
    login = models.CharField(max_length=200, blank=True)
    # Encrypted (iocmarket/encrypted.py); empty without any.
    secret = models.TextField(blank=True)

    types = ArrayField(models.CharField(max_length=60), default=list)
    tags = ArrayField(models.CharField(max_length=200), default=list)
    published = models.BooleanField(default=True)
    since = models.DateTimeField(null=True)
    minutes = models.IntegerField(default=60)

    # What is unmarked becomes `tlp` and `pap`; nothing becomes less than the floors.
    tlp = models.SmallIntegerField(default=int(DEFAULT.tlp))
    pap = models.SmallIntegerField(default=int(DEFAULT.pap))
    tlp_floor = models.SmallIntegerField(default=int(TLP.CLEAR))
    pap_floor = models.SmallIntegerField(default=int(PAP.CLEAR))
    audience = models.CharField(max_length=12, default="community")
    circle = models.ForeignKey(Circle, on_delete=models.SET_NULL, null=True, related_name="+")
    # "We are the source or have its permission": AMBER and stricter is shared, too (domain.md, Marking).
    permitted = models.BooleanField(default=False)
    threat_type = models.CharField(max_length=24, default="other")

    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(default=clock.now)
    next_at = models.DateTimeField(default=clock.now)
    # Where the next page begins; only taxii.py and misp.py know what is in it.
    cursor = models.JSONField(default=dict)
    # Turns in a row that ended in an error, and the code of the last one.
    failures = models.IntegerField(default=0)
    error = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="active"), name="subscription_due"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(minutes__gte=5), name="subscription_not_too_often"),
        ]

    def __str__(self) -> str:
        return self.name


class Turn(models.Model):
    """One turn of fetching, and what it brought. No values."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="turns", db_index=False)
    began_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    pages = models.IntegerField(default=0)
    received = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    refreshed = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    # Items of long submissions, which the worker takes afterwards.
    queued = models.IntegerField(default=0)
    # Events or objects that could not be read as a whole: none of their items is among those above.
    unread = models.IntegerField(default=0)
    # Statements that it took back, because the other server did.
    withdrawn = models.IntegerField(default=0)
    # How often each reason was given, for refused items and what could not be read.
    reasons = models.JSONField(default=dict)
    # The first of the submissions that it made.
    submissions = ArrayField(models.UUIDField(), default=list)
    # Whether there was more to fetch than one turn takes.
    more = models.BooleanField(default=False)
    # Why it ended before its time; empty when it did not.
    error = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["subscription", "-id"], name="turn_of_subscription"),
            models.Index(fields=["began_at"], name="turn_age"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class TakenEvent(models.Model):
    """Which version of an event was taken, so that it is not taken again: servers repeat the newest ones."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="taken", db_index=False)
    # SHA-256 of its identifier.
    key = models.BinaryField(max_length=32)
    # SHA-256 of what says that it changed.
    version = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "key"], name="event_taken_once")]

    def __str__(self) -> str:
        return str(self.pk)


class MadeSubmission(models.Model):
    """Which submissions a subscription made, so that what the other server takes back can be found (retiring.py)."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="made", db_index=False)
    submission = models.UUIDField(unique=True)
    # Of the event that it was made of (TakenEvent); empty for the objects of a page.
    key = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["subscription", "key"], name="made_of_event")]

    def __str__(self) -> str:
        return str(self.submission)
