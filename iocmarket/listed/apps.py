"""The app of the warning lists."""

from __future__ import annotations

from django.apps import AppConfig


class ListedConfig(AppConfig):
    """Lists, choices and exceptions."""

    name = "iocmarket.listed"
    label = "listed"
