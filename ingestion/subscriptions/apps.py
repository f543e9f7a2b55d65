"""The app of subscriptions."""

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """Fetch what other servers hold, and share it on the terms that a manager chose."""

    name = "ingestion.subscriptions"
    label = "subscriptions"

    def ready(self) -> None:
        """Tell where they are set up, and what is kept for how long."""
        from ingestion.subscriptions import keeping, places, reasons  # noqa: PLC0415 (models may be imported from here)

        places.register()
        keeping.register()
        reasons.register()
