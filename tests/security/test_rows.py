"""Every row names tests, and every test that is named exists."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from iocmarket.settings.env import PROJECT
from tests.security.defences import MUTATIONS
from tests.security.rows import ROWS


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((PROJECT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def exists(test: str) -> bool:
    path, _, name = test.partition("::")
    return (PROJECT / path).is_file() and name.partition("[")[0] in names_in(path)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_names_tests_that_exist(row: object) -> None:
    found = next(one for one in ROWS if one is row)
    assert found.tests
    assert [test for test in found.tests if not exists(test)] == []


def test_every_defence_that_is_taken_away_stands_where_the_script_looks_for_it() -> None:
    """Else `python -m tests.security.mutations` would take nothing away."""
    lost = [one.defence for one in MUTATIONS if (PROJECT / one.path).read_text().count(one.search) != 1]
    assert lost == []
    assert [test for one in MUTATIONS for test in one.tests if not exists(test)] == []
    assert len(MUTATIONS) >= 65
    assert {one.path.partition("/")[0] for one in MUTATIONS} >= {"iocmarket", "ingestion", "sharing"}
