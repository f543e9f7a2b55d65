"""A system check: the data files that the operator names exist and can be read."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from ingestion.enrichment.ipdata import store


@register()
def ip_data_can_be_read(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """enrichment.E001 for each file that is configured and unusable."""
    del app_configs, kwargs
    return [
        Error(f"{problem.name} cannot be read: {problem.detail}", hint="See docs/enrichment.md.", id="enrichment.E001")
        for problem in store.problems()
    ]
