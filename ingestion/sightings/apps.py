"""The sightings app: it brings paths alone; the model is Sighting in indicators."""

from django.apps import AppConfig


class SightingsConfig(AppConfig):
    """Read, report, answer."""

    name = "ingestion.sightings"
    label = "sightings"

    def ready(self) -> None:
        """Offer the script that reports."""
        from ingestion.sightings import places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
