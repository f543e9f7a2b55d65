"""What a list about few values costs: their rows by index, however old what PostgreSQL knows of the tables is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from iocmarket.indicators.recognise import recognise
from sharing.search.filters import read_filters
from sharing.search.listing import page_of
from sharing.search.reach import reach_of, under
from tests.factories import Reader, contribute, make_institution, make_reader, publish
from tests.sharing.taxii.test_plan import COPIES

ROWS = 5000


@pytest.fixture
def reader(db: None) -> Reader:
    """Somebody before a view that PostgreSQL believes to be what it was before it grew."""
    found = make_reader()
    contribute(make_institution())
    publish()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE publication_entry")
        cursor.execute(COPIES, [ROWS])
    return found


@pytest.mark.parametrize("value", ["46.200.1.1", "evil-cas.fr", "46.200.0.0/16", ".evil-cas.fr", "a" * 64])
def test_a_list_of_few_values_starts_from_them(reader: Reader, value: str) -> None:
    asked = QueryDict(mutable=True)
    asked["value"] = value
    with CaptureQueriesContext(connection) as said:
        page_of(read_filters(asked), viewer=reader.viewer)
    (statement,) = (each["sql"] for each in said.captured_queries if 'FROM "publication_entry"' in each["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "entry_once" in plan, plan
    assert "entry_strict_order" not in plan


@pytest.mark.parametrize(
    ("value", "few"),
    [
        ("46.200.1.1", True), ("2001:db8::1", True), ("46.200.0.0/16", True), ("46.0.0.0/15", False),
        ("2001:db8::/48", True), ("2001:db8::/47", False), ("a" * 32, True), ("https://evil-cas.fr/a", True),
    ],
)  # fmt: skip
def test_how_many_are_expected_follows_from_the_question_alone(value: str, few: bool) -> None:
    assert reach_of(recognise(value)).few is few


def test_a_whole_top_level_domain_holds_many_names() -> None:
    assert not under(".fr").few
    assert under(".evil-cas.fr").few
