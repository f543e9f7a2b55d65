"""Moments in the reader's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from iocmarket.web import moments

NOON = datetime(2026, 11, 19, 11, 0, tzinfo=UTC)  # noon in Paris


@pytest.fixture(autouse=True)
def _paris_in_english() -> object:
    with timezone.override("Europe/Paris"), translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=6), "6 min ago"),
        (timedelta(hours=5, minutes=59), "5 h ago"),
        (timedelta(hours=7), "today, 05:00"),
        (timedelta(hours=13), "yesterday, 23:00"),
        (timedelta(days=1), "yesterday, 12:00"),
        (timedelta(days=8), "11 Nov., 12:00"),
        (timedelta(days=400), "15 Oct. 2025"),
        (-timedelta(seconds=20), "in a moment"),
        (-timedelta(minutes=20), "in 20 min"),
        (-timedelta(hours=5), "in 5 h"),
        (-timedelta(hours=26), "tomorrow, 14:00"),
    ],
)
def test_distance_near_and_date_afar(before: timedelta, said: str) -> None:
    assert moments.relative(NOON - before, NOON) == said


def test_days_are_those_of_paris() -> None:
    just_after_midnight = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)  # 00:30 on the 19th in Paris
    assert moments.relative(just_after_midnight, NOON) == "today, 00:30"


def test_machines_and_titles_read_utc() -> None:
    assert moments.machine(NOON) == "2026-11-19T11:00:00Z"
    assert moments.in_utc(NOON) == "2026-11-19 11:00:00 UTC"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=38), "38 min"),
        (timedelta(hours=5), "5 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_a_duration_is_said_in_its_largest_unit(length: timedelta, said: str) -> None:
    assert moments.span(length) == said
