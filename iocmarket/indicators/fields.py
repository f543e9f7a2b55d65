"""A PostgreSQL `inet` column that holds an address or a network; core types only, no extension needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    _Text = models.Field[str | None, str | None]
else:
    _Text = models.Field


class InetField(_Text):
    """An address or network with its prefix length, as text in Python (`198.51.100.0/24`)."""

    def db_type(self, connection: object) -> str:
        """PostgreSQL's own type: it compares containment through a GiST index."""
        del connection
        return "inet"
