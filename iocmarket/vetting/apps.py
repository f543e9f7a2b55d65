"""The vetting app."""

from django.apps import AppConfig


class VettingConfig(AppConfig):
    """How an institution and a person come in."""

    name = "iocmarket.vetting"
    label = "vetting"

    def ready(self) -> None:
        """Put its pages into the navigation, and its rows into the table of retention."""
        from iocmarket.vetting import keeping, places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
        keeping.register()
