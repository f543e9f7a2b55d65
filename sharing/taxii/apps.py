"""The taxii app."""

from django.apps import AppConfig


class TaxiiConfig(AppConfig):
    """The TAXII 2.1 server."""

    name = "sharing.taxii"
    label = "taxii"

    def ready(self) -> None:
        """Put the collections into the lines to paste, and what is kept into the table of retention."""
        from sharing.taxii import keeping, places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
        keeping.register()
