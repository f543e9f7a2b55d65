"""The vetting app."""

from django.apps import AppConfig


class VettingConfig(AppConfig):
    """How an institution and a person come in."""

    name = "iocmarket.vetting"
    label = "vetting"

    def ready(self) -> None:
        """Put its pages into the navigation, its rows into the table of retention, and tell its sentences."""
        from iocmarket.vetting import keeping, places, reasons  # noqa: PLC0415 (models may be imported from here on)

        places.register()
        keeping.register()
        reasons.register()
