"""The app of personal data."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Retention, export, erasure."""

    name = "iocmarket.privacy"
    label = "privacy"

    def ready(self) -> None:
        """Register what the core keeps and gives back, and the pages."""
        from iocmarket.privacy import places, portions, rules  # noqa: PLC0415 (models may be imported from here on)

        rules.register()
        portions.register()
        places.register()
