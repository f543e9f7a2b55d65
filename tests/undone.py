"""What leaves nothing behind: examples of hypothesis, and what the tests of one module begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from pytest_django import DjangoDbBlocker


@contextmanager
def undone() -> Iterator[None]:
    """Whatever an example writes is gone after it."""
    with transaction.atomic():
        point = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(point)


@contextmanager
def lasting(blocker: DjangoDbBlocker) -> Iterator[None]:
    """One transaction for all tests of a module: what is made in it first is made once, and each test is `undone`.

    Such a module has its own fixture `db`. That of pytest-django would close the connection after each test.
    """
    with blocker.unblock():
        with undone():
            yield
        connection.close()
