"""The audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only events, and the chain over them."""

    name = "iocmarket.audit"
    label = "audit"

    def ready(self) -> None:
        """Put the journal into the navigation."""
        from iocmarket.audit import places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
