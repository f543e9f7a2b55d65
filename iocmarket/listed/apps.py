"""The app of the warning lists."""

from __future__ import annotations

from django.apps import AppConfig


class ListedConfig(AppConfig):
    """Lists, choices and exceptions."""

    name = "iocmarket.listed"
    label = "listed"

    def ready(self) -> None:
        """Register the page and the sentences."""
        from iocmarket.listed import places, reasons  # noqa: PLC0415 (models may be imported from here on)

        places.register()
        reasons.register()
