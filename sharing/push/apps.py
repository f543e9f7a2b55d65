"""The app of web hooks."""

from django.apps import AppConfig


class PushConfig(AppConfig):
    """Send what changes to where an institution wants it."""

    name = "sharing.push"
    label = "push"

    def ready(self) -> None:
        """Tell where they are set up, which views they need, and what is kept for how long."""
        from sharing.push import keeping, places, reasons  # noqa: PLC0415 (models may be imported from here on)

        places.register()
        keeping.register()
        reasons.register()
