"""The mailbox app."""

from django.apps import AppConfig


class MailboxConfig(AppConfig):
    """Take mails of members, share what they hold, answer."""

    name = "ingestion.mailbox"
    label = "mailbox"

    def ready(self) -> None:
        """Tell where keys are made, and what is kept for how long."""
        from ingestion.mailbox import keeping, places, reasons  # noqa: PLC0415 (models may be imported from here on)

        places.register()
        keeping.register()
        reasons.register()
