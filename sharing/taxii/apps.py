"""The taxii app."""

from django.apps import AppConfig


class TaxiiConfig(AppConfig):
    """The TAXII 2.1 server."""

    name = "sharing.taxii"
    label = "taxii"

    def ready(self) -> None:
        """Put the collections into the lines to paste."""
        from sharing.taxii import places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
