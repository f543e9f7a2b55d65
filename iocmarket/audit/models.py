"""One row for each act. The database itself refuses to change or delete one (migration 0001)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

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

    class Meta:
        indexes = [models.Index(fields=["institution", "-id"], name="event_of_institution")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type}"
