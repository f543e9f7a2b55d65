"""The app of the pages' shell."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, tags and middleware that every page uses."""

    name = "iocmarket.web"
    label = "web"
