"""A stolen account as its owner is told of it: no indicator, in no feed, no search and no score."""

from __future__ import annotations

import uuid

from django.db import models

from iocmarket.accounts.models import Institution
from iocmarket.kernel import clock


class StolenAccount(models.Model):
    """Whose account, where it is used and when it was stolen. Never the password, and not who told it."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="stolen_accounts")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.EmailField(max_length=254)
    # The host alone: paths and queries of a service are the victim's.
    service = models.CharField(max_length=253, blank=True)
    stolen_on = models.DateField(null=True, blank=True)
    told_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        # Not unique: two institutions that were told the same may become one.
        indexes = (models.Index(fields=["institution", "account"], name="stolen_by_account"),)

    def __str__(self) -> str:
        return str(self.public_id)
