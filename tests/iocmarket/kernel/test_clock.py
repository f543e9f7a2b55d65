"""Moments as text: what PostgreSQL wrote becomes what leaves the program, without a date in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.kernel.clock import stamp, stamp_of

ZONES = [UTC, *(timezone(timedelta(minutes=minutes)) for minutes in (-570, -60, 60, 330))]
# PostgreSQL's text of an aware moment begins with four digits of a year in each zone in between.
moments = st.builds(
    lambda moment, zone: moment.replace(tzinfo=zone),
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)),
    st.sampled_from(ZONES),
)
whole = st.sampled_from([0, 1, 100, 120000, 500000, 999999])


@given(moments, whole)
def test_text_of_python_is_stamped_as_its_moment(moment: datetime, fraction: int) -> None:
    for told in (moment, moment.replace(microsecond=fraction)):
        assert stamp_of(str(told)) == stamp(told)


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(moments, whole), min_size=1, max_size=20))
def test_text_of_postgresql_is_stamped_as_its_moment(drawn: list[tuple[datetime, int]]) -> None:
    told = [moment.replace(microsecond=fraction) for moment, fraction in drawn] + [moment for moment, _ in drawn]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT moment::text FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS t(moment, n) ORDER BY n", [told]
        )
        written = [text for (text,) in cursor.fetchall()]
    assert [stamp_of(text) for text in written] == [stamp(moment) for moment in told]


@given(st.lists(moments, min_size=2, max_size=20))
def test_stamps_have_the_order_of_their_moments(drawn: list[datetime]) -> None:
    assert sorted(map(stamp, drawn)) == [stamp(moment) for moment in sorted(drawn)]
