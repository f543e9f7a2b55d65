"""The enrichment app."""

from django.apps import AppConfig


class EnrichmentConfig(AppConfig):
    """Local facts of values; checks at start that the operator's data files can be read."""

    name = "ingestion.enrichment"
    label = "enrichment"

    def ready(self) -> None:
        """Register the system check: a wrong path is named at start, not in a worker's log."""
        from ingestion.enrichment import checks  # noqa: F401, PLC0415 (registering is the import)
