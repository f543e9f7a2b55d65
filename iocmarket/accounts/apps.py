"""The community's app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Institutions, members, tokens."""

    name = "iocmarket.accounts"
    label = "accounts"
