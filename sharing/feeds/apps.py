"""The feeds app."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Feeds for the tools that act."""

    name = "sharing.feeds"
    label = "feeds"
