"""The community's app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Institutions, members, tokens."""

    name = "iocmarket.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Put the community's pages into the navigation, and tell its sentences."""
        from iocmarket.accounts import places, reasons, reauthentication, traces  # noqa: PLC0415 (models may be imported now)

        places.register()
        reasons.register()
        reauthentication.register()
        traces.register()
