"""The publication app."""

from django.apps import AppConfig


class PublicationConfig(AppConfig):
    """Views, entries, outbox, publisher."""

    name = "iocmarket.publication"
    label = "publication"
