"""One row for each act, and the chain of hashes over them. The database itself refuses to change or delete either.

One change of an event is let through: forgetting from where it was done. The event keeps a digest of that under a salt
that goes with it, so the chain still holds when the address is gone (docs/privacy.md).
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from iocmarket.kernel import clock


class Event(models.Model):
    """An act: who, what, on which thing, with which result. Holds no indicator value and no secret."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(default=clock.now)
    action = models.CharField(max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    token = models.ForeignKey(
        "accounts.Token", on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    institution = models.ForeignKey(
        "accounts.Institution", on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField(null=True)
    details = models.JSONField(default=dict)
    # From where: the client's address and what it calls itself. Null where nobody asked from anywhere (a task).
    address = models.GenericIPAddressField(null=True)
    client = models.CharField(max_length=200, blank=True)
    salt = models.BinaryField(max_length=16, null=True)
    origin = models.BinaryField(max_length=32, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["institution", "-id"], name="event_of_institution"),
            # What others did to an institution or its people: by what it was done to.
            models.Index(fields=["subject_id"], condition=Q(subject_id__isnull=False), name="event_of_subject"),
            models.Index(fields=["actor"], condition=Q(actor__isnull=False), name="event_of_actor"),
            models.Index(fields=["at"], condition=Q(salt__isnull=False), name="event_with_origin"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type}"


class Seal(models.Model):
    """One link of the chain: the hash of an event and of the link before it (sealing.py)."""

    position = models.BigIntegerField(primary_key=True)
    # No foreign key: the link must outlast a deleted event, or the deletion would not be found.
    event_id = models.BigIntegerField(unique=True)
    # Unique, so that no event is sealed behind the same link as another: the chain cannot fork.
    previous = models.BinaryField(max_length=32, unique=True)
    hash = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.position}:{bytes(self.hash).hex()}"


class Unsealed(models.Model):
    """An event that waits for its seal: a trigger adds it with the event, in the same transaction (migration 0004)."""

    event_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.event_id)
