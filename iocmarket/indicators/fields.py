"""A PostgreSQL `inet` column that holds an address or a network, and the two questions asked of it.

Core types only, no extension needed; both operators use the GiST index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    _Text = models.Field[str | None, str | None]
    _Lookup = models.Lookup[str]
else:
    _Text = models.Field
    _Lookup = models.Lookup


class InetField(_Text):
    """An address or network with its prefix length, as text in Python (`198.51.100.0/24`)."""

    def db_type(self, connection: object) -> str:
        """PostgreSQL's own type: it compares containment through a GiST index."""
        del connection
        return "inet"


class _Containment(_Lookup):
    operator: str

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        """`column <operator> parameter::inet`."""
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} {self.operator} {right}::inet", (*left_params, *right_params)


@InetField.register_lookup
class WithinNetwork(_Containment):
    """`network__within="198.51.100.0/24"`: what lies in that network or is it."""

    lookup_name = "within"
    operator = "<<="


@InetField.register_lookup
class ContainsNetwork(_Containment):
    """`network__covers="198.51.100.7"`: the networks that contain it or are it."""

    lookup_name = "covers"
    operator = ">>="
