"""Machines that share and read."""

from tests.ingestion.submissions.conftest import other, sender

__all__ = ["other", "sender"]
