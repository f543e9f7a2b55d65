"""The app of news."""

from django.apps import AppConfig


class NewsConfig(AppConfig):
    """Tell people what is new, in their feed reader."""

    name = "sharing.news"
    label = "news"

    def ready(self) -> None:
        """Let feed keys open the two feeds, and tell where they are."""
        from sharing.news import places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
