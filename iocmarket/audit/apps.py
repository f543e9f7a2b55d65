"""The audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only events."""

    name = "iocmarket.audit"
    label = "audit"
