"""The app of stolen accounts."""

from django.apps import AppConfig


class StolenConfig(AppConfig):
    """Route, tell, forget."""

    name = "ingestion.stolen"
    label = "stolen"

    def ready(self) -> None:
        """Put the page into the navigation, and what is kept into the table of retention."""
        from ingestion.stolen import keeping, places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
        keeping.register()
