"""The search app."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """What people and their scripts look up."""

    name = "sharing.search"
    label = "search"

    def ready(self) -> None:
        """Put the pages into the navigation."""
        from sharing.search import places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
