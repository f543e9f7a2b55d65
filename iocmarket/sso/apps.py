"""The app: its configuration is read at the start, so that a mistake in it stops the program and not a log-in."""

from __future__ import annotations

from django.apps import AppConfig


class SsoConfig(AppConfig):
    """Named `iocmarket.sso`."""

    name = "iocmarket.sso"
    label = "sso"

    def ready(self) -> None:
        """Raises ImproperlyConfigured for a FEDERATION that cannot be read."""
        from allauth.account.signals import user_logged_in  # noqa: PLC0415 (apps are not ready above)
        from django.conf import settings  # noqa: PLC0415

        from iocmarket.sso.assurance import remember  # noqa: PLC0415
        from iocmarket.sso.config import read_federation  # noqa: PLC0415

        read_federation(settings.FEDERATION)
        user_logged_in.connect(remember, dispatch_uid="sso.assurance")
