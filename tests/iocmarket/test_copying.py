"""Rows that are copied are the rows that were meant, whatever characters are in them."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from iocmarket.copying import array_literal, cell, copy_rows
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP
from tests.factories import contribute, make_institution


def test_copied_text_comes_back_as_it_was(db: None) -> None:
    nasty = 'tab\t line\n back\\slash "quoted" {braces}, \\N é'
    held = contribute(make_institution())
    held.comment, held.tags = nasty, [nasty, "", "plain"]
    held.pk, held.public_id, held.withdrawn_at = held.pk + 1, UUID(int=5), clock.now()
    copy_rows([held])
    read = Contribution.unscoped.get(pk=held.pk)
    assert (read.comment, read.tags, read.withdrawn_at) == (nasty, [nasty, "", "plain"], held.withdrawn_at)
    assert bytes(Indicator.unscoped.get().digest) == bytes(held.indicator.digest)


def test_cells_are_written_as_postgresql_reads_them() -> None:
    assert [cell(value) for value in (None, True, False, TLP.AMBER, PAP.CLEAR, 1.5, b"\x00\xff", "a\\b")] == [
        "\\N", "t", "f", "2", "0", "1.5", "\\\\x00ff", "a\\\\b",
    ]  # fmt: skip
    with pytest.raises(TypeError):
        cell(object())


def test_nothing_to_copy_is_nothing_done(db: None) -> None:
    copy_rows([])
    assert not Contribution.unscoped.exists()


def test_a_row_that_breaks_a_rule_is_refused_as_by_any_statement(db: None) -> None:
    held = contribute(make_institution())
    held.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_rows([held])


@pytest.mark.parametrize(
    "items", [[], [""], ["a", "b,c"], ['"'], ['","', "a"], ['a"', '"b'], ["\\"], ["a", None], ["NULL"]]
)
def test_a_list_is_written_as_postgresql_reads_it(items: list[str | None], db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [array_literal(items)])
        assert cursor.fetchone() == (items,)
