"""The demonstration app."""

from django.apps import AppConfig


class DemonstrationConfig(AppConfig):
    """A small invented community, made through the services like a real one."""

    name = "ingestion.demonstration"
    label = "demonstration"
