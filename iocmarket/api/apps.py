"""The API's common parts."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Parsers, renderers, problems, schema."""

    name = "iocmarket.api"
    label = "api"

    def ready(self) -> None:
        """Describe the ways to authenticate to the schema generator, which finds them by being imported."""
        from iocmarket.api import schema  # noqa: F401, PLC0415
