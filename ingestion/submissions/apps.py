"""The submissions app."""

from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    """Receive, parse, normalise, merge, report."""

    name = "ingestion.submissions"
    label = "submissions"
