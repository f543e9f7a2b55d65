"""The list that nothing narrows is the list with no filter, whatever the views hold and wherever a page begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.models import Circle, CircleMembership
from iocmarket.kernel.marking import FULL
from iocmarket.publication.access import views_of
from iocmarket.publication.models import Entry, View
from sharing.search import listing
from sharing.search.filters import Filters
from sharing.search.unnarrowed import newest, views_read_by
from tests.factories import indicator_of, make_institution, viewer_for

pytestmark = pytest.mark.django_db

VALUES, VIEWS, MOMENTS = 5, 3, 6
START = datetime(2026, 3, 1, tzinfo=UTC)
held = st.tuples(
    st.integers(0, VIEWS - 1),
    st.integers(0, VALUES - 1),
    st.integers(0, MOMENTS - 1),
    st.sampled_from(Entry.State.values),
)
"""A view, a value in it, when (few moments: views meet in them), and what is said of it."""


def _views() -> list[View]:
    """Of nobody: what a statement of their keys finds."""
    return [
        View.objects.create(audience=f"inbox:{900 + n}", ceiling_tlp=FULL.tlp, ceiling_pap=FULL.pap, filled_to=None)
        for n in range(VIEWS)
    ]


def _fill(views: list[View], drawn: list[tuple[int, int, int, str]], ids: list[UUID]) -> None:
    values = [indicator_of(f"192.0.2.{n + 1}", type_name="ipv4") for n in range(VALUES)]
    once = {(view, value): (moment, state) for view, value, moment, state in drawn}
    at_once = {(view, moment): (value, state) for (view, value), (moment, state) in once.items()}
    for number, ((view, moment), (value, state)) in zip(ids, at_once.items(), strict=False):
        added = START + timedelta(seconds=moment)
        Entry.objects.create(
            view=views[view], indicator=values[value], stix_id=number, date_added=added, version=added,
            first_added=added, body=b"{}", digest=b"", state=state,
        )  # fmt: skip


@settings(
    max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    drawn=st.lists(held, max_size=18),
    ids=st.lists(st.uuids(), min_size=18, max_size=18, unique=True),
    count=st.integers(1, 8),
    read=st.integers(0, VIEWS),
)
def test_each_page_is_the_same_as_with_no_filter(
    drawn: list[tuple[int, int, int, str]], ids: list[UUID], count: int, read: int
) -> None:
    Entry.objects.all().delete()
    View.objects.all().delete()
    views = _views()
    _fill(views, drawn, ids)
    viewer = viewer_for(make_institution())
    everything = [(row.date_added, str(row.stix_id)) for row in Entry.objects.all()]
    for before in (None, *(listing._Position(*place) for place in everything)):
        wanted = listing._narrowed(views[:read], Filters(), before, viewer=viewer, count=count)
        assert newest(views[:read], count=count, before=before) == wanted


def test_the_views_are_those_that_the_viewer_reads_now() -> None:
    """Also after it has joined a circle: the statement is kept, what it finds is not."""
    viewer = viewer_for(make_institution())
    assert [view.pk for view in views_read_by(viewer)] == [view.pk for view in views_of(viewer)]
    circle = Circle.objects.create(name="A circle")
    CircleMembership.objects.create(circle=circle, institution_id=viewer.institution_id)
    joined = View.objects.create(
        audience=f"circle:{circle.pk}", circle=circle, filled_to=None,
        ceiling_tlp=viewer.ceiling.tlp, ceiling_pap=viewer.ceiling.pap,
    )  # fmt: skip
    assert joined.pk in [view.pk for view in views_read_by(viewer)]
    assert [view.pk for view in views_read_by(viewer)] == [view.pk for view in views_of(viewer)]
    CircleMembership.objects.all().delete()
    assert joined.pk not in [view.pk for view in views_read_by(viewer)]


def test_a_page_takes_three_statements() -> None:
    viewer = viewer_for(make_institution())
    with CaptureQueriesContext(connection) as statements:
        listing.page_of(Filters(), viewer=viewer)
    assert len(statements) <= 3
