"""What a transactional test leaves behind is removed from the tables that it filled, and from no other.

Django truncates every table, which makes new files for each and its indexes, and writes types and permissions again.
"""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase

KEPT = {model._meta.db_table for model in (ContentType, Permission)}
"""What `migrate` wrote; no test changes it."""

_by_truncating = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def empty(case: TransactionTestCase) -> None:
    """In the place of Django's `_fixture_teardown`; only a superuser may pass the guards, so others truncate."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if may := cursor.fetchone() == (True,):
            _delete_all(cursor)
    if not may:
        _by_truncating(case)


def _delete_all(cursor: CursorWrapper) -> None:
    """As truncating does, it waits for what a request or a thread of the test is still writing."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = [connection.ops.quote_name(name) for name in sorted(set(names) - KEPT)]
    cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
    cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables))
    filled = [table for (table,) in cursor.fetchall()]
    # No guard of the journal, and no question after what refers to what: nothing stays.
    cursor.execute("SET LOCAL session_replication_role = replica")
    for table in filled:
        cursor.execute(f"DELETE FROM {table}")
