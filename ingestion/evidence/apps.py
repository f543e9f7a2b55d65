"""The app of evidence."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Cases, and the archives that are sent to them."""

    name = "ingestion.evidence"
    label = "evidence"

    def ready(self) -> None:
        """Tell what is kept for how long, the sentences of refusals, and where people find it."""
        from ingestion.evidence import keeping, refusals, signs  # noqa: PLC0415 (models may be imported from here on)

        keeping.register()
        signs.register()
        refusals.register()
