"""The API's common parts."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Parsers, renderers, problems, schema."""

    name = "iocmarket.api"
    label = "api"
