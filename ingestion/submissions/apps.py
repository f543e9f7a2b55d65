"""The submissions app."""

from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    """Receive, parse, normalise, merge, report."""

    name = "ingestion.submissions"
    label = "submissions"

    def ready(self) -> None:
        """Put the page into the navigation, and what is kept into the table of retention."""
        from ingestion.submissions import keeping, places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
        keeping.register()
