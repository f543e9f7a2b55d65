"""The taxii app."""

from django.apps import AppConfig


class TaxiiConfig(AppConfig):
    """The TAXII 2.1 server, read side."""

    name = "sharing.taxii"
    label = "taxii"
