"""Where changes are sent to, what is on its way there, and what the target was told of each value."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Institution, Token
from iocmarket.indicators.models import TLP_CHOICES
from iocmarket.kernel import clock
from iocmarket.kernel.marking import FULL


class Hook(models.Model):
    """A target of an institution. What it is told is what the target's ceiling and these filters let through."""

    class Kind(models.TextChoices):
        """What the target speaks."""

        WEBHOOK = "webhook", _("Web hook (signed JSON)")
        BULK = "bulk", _("Elasticsearch or OpenSearch (_bulk)")

    class State(models.TextChoices):
        """`paused`: by a person. `stopped`: by the program, until somebody has looked (`error` says why)."""

        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        STOPPED = "stopped", _("stopped")

    class Auth(models.TextChoices):
        """How a `_bulk` target knows us; a web hook knows us by the signature."""

        NONE = "none", _("none")
        API_KEY = "api-key", _("API key")
        BASIC = "basic", _("user name and password")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="web_hooks")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    url = models.CharField(max_length=2000)
    # Whose hands the target is in: it bounds what may be sent (domain.md, Audience).
    operated_by = models.CharField(
        max_length=10, choices=Token.OperatedBy.choices, default=Token.OperatedBy.PROVIDER.value
    )
    auth = models.CharField(max_length=10, choices=Auth.choices, default=Auth.NONE)
    login = models.CharField(max_length=200, blank=True)
    # Encrypted (credentials.py): what signs, or opens the target; and what signed before, while both sign.
    secret = models.TextField(blank=True)
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)

    types = ArrayField(models.CharField(max_length=30), default=list)
    threat_types = ArrayField(models.CharField(max_length=24), default=list)
    score_min = models.SmallIntegerField(null=True)
    tlp_max = models.SmallIntegerField(choices=TLP_CHOICES, default=int(FULL.tlp))
    # Whether what was there before is told as well.
    from_start = models.BooleanField(default=False)

    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    error = models.CharField(max_length=40, blank=True)
    dead_in_a_row = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    # Another target: what an answer of the one before says does not count any more.
    generation = models.IntegerField(default=0)
    # Once the views of this ceiling are there; and up to where the changes were taken (sharing/search/changes.py).
    begun = models.BooleanField(default=False)
    cursor = models.TextField(blank=True)
    # What the views were, and how far they went, when there was nothing left to take (gathering.signature_of).
    seen = models.BinaryField(max_length=32, default=b"")
    # The feed policy of the institution that was applied to what was told (filters.rules_of).
    rules = models.BinaryField(max_length=32, default=b"")
    # Everything that was told is compared with the present now and then; where that stands while it is under way.
    reviewed_at = models.DateTimeField(null=True)
    review_after = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["institution", "name"], name="hook_of_institution")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """Values of which a target has something to hear: which ones, never what. What is said of them is written at each
    attempt, so that a late one tells nothing that was withdrawn meanwhile."""

    class State(models.TextChoices):
        """`dead`: given up; somebody may have it sent again."""

        WAITING = "waiting", _("on its way")
        DELIVERED = "delivered", _("delivered")
        DEAD = "dead", _("given up")

    # The `webhook-id`: the same in each attempt, as long as the same is said.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    made_at = models.DateTimeField(default=clock.now)
    # By the key of their indicators, in order; empty once it is delivered.
    values = ArrayField(models.BigIntegerField(), default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    # Of what the last attempt said.
    digest = models.BinaryField(max_length=32, default=b"")
    added = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)
    # What the target answered last: its status, our code for what went wrong, and the errors of single documents.
    status = models.SmallIntegerField(null=True)
    error = models.CharField(max_length=40, blank=True)
    refused = models.IntegerField(default=0)
    refusals = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["hook", "-id"], name="delivery_of_hook"),
            models.Index(fields=["hook", "id"], condition=Q(state="waiting"), name="delivery_waiting"),
            models.Index(fields=["made_at"], name="delivery_age"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Told(models.Model):
    """That a target knows of a value, or may: without it, nothing would be there to take back."""

    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="told", db_index=False)
    # No key of the database: a value that is erased is still to be taken back, by its id.
    indicator_id = models.BigIntegerField()
    public_id = models.UUIDField()
    type = models.CharField(max_length=30)
    # Of what was said; empty while it is not known whether that arrived.
    digest = models.BinaryField(max_length=16, default=b"")
    # Whether anything that was said of it ever arrived for certain.
    certain = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hook", "indicator_id"], name="told_once")]

    def __str__(self) -> str:
        return f"{self.hook_id} {self.indicator_id}"
