"""The misp app."""

from django.apps import AppConfig


class MispConfig(AppConfig):
    """The MISP-compatible server."""

    name = "sharing.misp"
    label = "misp"

    def ready(self) -> None:
        """Offer the feeds' formats to searches, and the addresses to people."""
        from sharing.misp import feed_exports, feed_format, places  # noqa: PLC0415 (models may be imported from here on)

        feed_exports.register()
        feed_format.register()
        places.register()
