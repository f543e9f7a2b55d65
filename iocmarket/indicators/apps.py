"""The indicators app."""

from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    """Indicator, Contribution, Report."""

    name = "iocmarket.indicators"
    label = "indicators"
