"""Pages of a whole view are read by a statement that is written once: it reads what the filters say, row for row."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.kernel.clock import MICROSECOND
from iocmarket.publication.models import Entry, View
from sharing.taxii.collections import Readable
from sharing.taxii.filters import Filters
from sharing.taxii.sources import source_of
from tests.factories import Reader, contribute, make_institution, make_reader, publish, withdraw

WITHDRAWN = {2, 3, 7}


@pytest.fixture
def reader(db: None) -> Reader:
    """Somebody before a view in which some was withdrawn."""
    made, author = make_reader(), make_institution()
    said = [contribute(author, f"45.9.20.{number}") for number in range(10)]
    publish()
    for number in WITHDRAWN:
        withdraw(said[number])
        publish()
    return made


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 30), st.integers(-1, 1), st.none() | st.integers(0, 30), st.booleans(),
    st.sampled_from([("body",), ("stix_type", "stix_id", "version")]), st.integers(1, 1001),
)  # fmt: skip
def test_both_ways_of_reading_a_page_tell_the_same(
    reader: Reader, place: int, beside: int, since: int | None, later: bool, columns: tuple[str, ...], limit: int
) -> None:
    view = View.objects.filter(audience="community").earliest("pk")
    moments = list(Entry.objects.filter(view=view).order_by("date_added").values_list("date_added", flat=True))

    def moment(number: int) -> datetime:
        return moments[number % len(moments)] + beside * MICROSECOND

    source = source_of(Readable(view, None if since is None else moment(since)), reader.viewer)
    filters = Filters(after=moment(place) if later else None)
    quick, slow = (which.first(filters, columns, limit)[:limit] for which in (source, source.of(source.rows)))
    assert list(map(_plain, quick)) == list(map(_plain, slow))


def _plain(row: tuple[object, ...]) -> list[object]:
    return [bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]


def test_whoever_was_never_let_in_is_told_of_no_withdrawal(reader: Reader) -> None:
    view = View.objects.filter(audience="community").earliest("pk")
    states = []
    for since in (None, view.created_at - timedelta(days=1)):
        rows = source_of(Readable(view, since), reader.viewer).first(Filters(), ("state",), 1000)
        states.append([state for _added, state in rows].count("withdrawn"))
    assert states == [0, len(WITHDRAWN)]
