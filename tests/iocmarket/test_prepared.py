"""Statements that are kept: they ask the database nothing while they are written, and what is given each time."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from iocmarket.accounts.models import Institution
from iocmarket.prepared import Among, Prepared, planned_rows, with_words
from tests.factories import make_institution

pytestmark = pytest.mark.django_db


def test_what_is_given_may_be_one_value_or_many_and_the_statement_is_written_once() -> None:
    made = [make_institution() for _ in range(5)]
    calls: list[str] = []

    def build(state: str) -> object:
        calls.append(state)
        return Institution.objects.filter(Among("pk"), state=state).order_by("pk").values_list("pk", "public_id")

    kept = Prepared[str](build)  # type: ignore[arg-type]
    assert kept.rows("approved", [made[2].pk]) == [(made[2].pk, str(made[2].public_id))]
    assert [pk for pk, _number in kept.rows("approved", [one.pk for one in made])] == [one.pk for one in made]
    assert kept.rows("suspended", [made[2].pk]) == []
    assert calls == ["approved", "suspended"]


def test_one_that_would_ask_the_database_while_it_is_written_is_refused() -> None:
    """What it would learn would be believed for ever: the circles of a reader, say."""
    kept = Prepared[int](lambda pk: Institution.objects.filter(name=Institution.objects.get(pk=pk).name).values_list())
    with pytest.raises(RuntimeError, match="must not ask"):
        kept.rows(make_institution().pk)


def test_each_run_is_one_statement() -> None:
    kept = Prepared[str](lambda state: Institution.objects.filter(Among("pk"), state=state).values_list("pk"))
    with CaptureQueriesContext(connection) as statements:
        for _ in range(3):
            kept.rows("approved", [1])
    assert len(statements) == 3


def test_the_programs_own_words_are_written_into_a_statement_and_nothing_else_is() -> None:
    sql, left = with_words("SELECT %s || %s || %s || '%%'", ["left:", "O'Neil", 7])
    assert sql == "SELECT 'left:'::text || %s || %s || '%%'"
    assert left == ("O'Neil", 7)


def test_a_value_that_is_repeated_is_given_once_and_means_the_same() -> None:
    with CaptureQueriesContext(connection) as statements:
        for values, expected in (([1, 1, "1"], (2, "1")), ([1, 2, "1"], (3, "1")), ([3, 3, "x"], (6, "x"))):
            assert planned_rows("SELECT %s::int + %s::int, %s::text", values, repeated=True) == [expected]
    assert [statement["sql"].count(",") for statement in statements] == [1, 2, 1]
