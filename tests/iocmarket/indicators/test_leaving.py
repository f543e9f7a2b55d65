"""Leaving a circle: lost at once, and what one said there is taken back."""

from __future__ import annotations

import pytest

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Circle, Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.leaving import leave_circle
from iocmarket.indicators.models import Contribution
from iocmarket.publication.access import entries_of, views_of
from iocmarket.publication.models import Entry
from tests.factories import contribute, make_institution, publish, viewer_for, withdraw

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> tuple[Circle, Institution, Institution]:
    """A circle of two."""
    mine, theirs = make_institution(), make_institution()
    circle = create_circle(name="Veille", founder=mine, actor=PLATFORM)
    join_circle(circle, theirs, actor=PLATFORM)
    return circle, mine, theirs


def read(institution: Institution) -> dict[str, str]:
    """The states of the values that an institution's machine reads."""
    viewer = viewer_for(institution)
    found = entries_of(viewer, views_of(viewer)).exclude(indicator=None)
    return {entry.indicator.value: entry.state for entry in found.select_related("indicator") if entry.indicator}


def test_who_leaves_loses_it_and_takes_back_what_it_said(two: tuple[Circle, Institution, Institution]) -> None:
    circle, mine, theirs = two
    contribute(mine, "45.1.1.1", audience="circle", circle=circle)
    contribute(theirs, "45.1.1.2", audience="circle", circle=circle)
    contribute(mine, "45.1.1.3")
    publish()
    assert set(read(mine)) == {"45.1.1.1", "45.1.1.2", "45.1.1.3"}
    assert leave_circle(circle, mine, actor=PLATFORM) == 1
    assert set(read(mine)) == {"45.1.1.3"}
    publish()
    assert set(read(mine)) == {"45.1.1.3"}
    assert read(theirs) == {"45.1.1.1": "withdrawn", "45.1.1.2": "live", "45.1.1.3": "live"}
    assert leave_circle(circle, mine, actor=PLATFORM) == 0


def test_who_joins_reads_the_circle_from_its_start_but_not_what_was_taken_back(
    two: tuple[Circle, Institution, Institution],
) -> None:
    circle, mine, _theirs = two
    gone = contribute(mine, "45.1.1.1", audience="circle", circle=circle)
    contribute(mine, "45.1.1.2", audience="circle", circle=circle)
    publish()
    withdraw(gone)
    publish()
    late = make_institution()
    publish()
    assert read(late) == {}
    join_circle(circle, late, actor=PLATFORM)
    assert read(late) == {"45.1.1.2": "live"}
    assert read(mine) == {"45.1.1.1": "withdrawn", "45.1.1.2": "live"}


def test_who_is_outside_sees_neither_the_value_nor_the_view(two: tuple[Circle, Institution, Institution]) -> None:
    circle, mine, _theirs = two
    contribute(mine, "45.1.1.1", audience="circle", circle=circle)
    outside = make_institution()
    publish()
    assert read(outside) == {}
    assert not Contribution.objects.visible_to(viewer_for(outside)).exists()
    assert not views_of(viewer_for(outside)).filter(circle=circle).exists()
    assert Entry.objects.filter(indicator__value="45.1.1.1").count() == 1
