"""Stored results of enrichers, and how far the sweeper has walked."""

from __future__ import annotations

from typing import Any

from django.db import models

from iocmarket.indicators.models import Indicator
from iocmarket.kernel import clock


class Enrichment(models.Model):
    """What one enricher found on one indicator. A fact of the value: shown to whoever sees the indicator.

    `data` is empty when the enricher ran and knew nothing: without that row the sweeper would ask for ever.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="enrichments")
    enricher = models.CharField(max_length=40)
    data: models.JSONField[Any, Any] = models.JSONField(default=dict)
    dataset_version = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["indicator", "enricher"], name="enrichment_once")]

    def __str__(self) -> str:
        return f"{self.enricher} {self.indicator_id}"


class SweepPosition(models.Model):
    """Per enricher: every indicator with an id up to `done_up_to` was enriched with data of `dataset_version`.

    It keeps a sweep proportional to what is new, however many indicators exist.
    """

    enricher = models.CharField(max_length=40, unique=True)
    dataset_version = models.CharField(max_length=200)
    done_up_to = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.enricher} {self.done_up_to}"
