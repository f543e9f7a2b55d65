"""The feeds app."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Feeds for the tools that act."""

    name = "sharing.feeds"
    label = "feeds"

    def ready(self) -> None:
        """Put the feeds into the lines to paste."""
        from sharing.feeds import places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
