"""The app of transfers."""

from django.apps import AppConfig


class TransferConfig(AppConfig):
    """The response policy zone by transfer."""

    name = "sharing.transfer"
    label = "transfer"

    def ready(self) -> None:
        """Tell where subscribers are made, what is kept, and what codes mean."""
        from sharing.transfer import keeping, places, reasons  # noqa: PLC0415 (models may be imported from here)

        places.register()
        keeping.register()
        reasons.register()
