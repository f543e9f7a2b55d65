"""The feeds app."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Feeds for the tools that act."""

    name = "sharing.feeds"
    label = "feeds"

    def ready(self) -> None:
        """Put the feeds into the lines to paste; forget their files with what was erased; know every format."""
        from sharing.feeds import forgetting, places  # noqa: PLC0415 (models may be imported from here on)
        from sharing.feeds.formats.base import formats  # noqa: PLC0415

        formats.ordered()
        places.register()
        forgetting.register()
