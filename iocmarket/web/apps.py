"""The app of the pages' shell."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, tags and middleware that every page uses, and the pages at the foot."""

    name = "iocmarket.web"
    label = "web"

    def ready(self) -> None:
        """Put the pages at the foot into the navigation, and the checks of a deployment into `check --deploy`."""
        from iocmarket.web import checks, places  # noqa: PLC0415 (models may be imported from here on)

        places.register()
        checks.register_checks()
