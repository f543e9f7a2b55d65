"""The search app."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """What people and their scripts look up."""

    name = "sharing.search"
    label = "search"
