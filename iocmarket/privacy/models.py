"""The erasure of an institution, while it goes on and afterwards as the proof that it was done."""

from __future__ import annotations

from typing import Any

from django.db import models

from iocmarket.accounts.models import Institution
from iocmarket.kernel import clock


class Erasure(models.Model):
    """That an institution is to be erased, and how much went. Who asked and why stands in the record of acts."""

    institution = models.OneToOneField(Institution, on_delete=models.PROTECT, related_name="erasure")
    asked_at = models.DateTimeField(default=clock.now)
    # Rows that went, by step (institution_steps.py).
    counts: models.JSONField[Any, Any] = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.institution_id)
