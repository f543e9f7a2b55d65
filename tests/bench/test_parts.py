"""The parts: values that are what they claim, tables filled as the publisher fills them, a table that reads well."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bench import filling
from bench.__main__ import size_of
from bench.table import Row, written
from bench.timing import medians, quantile
from bench.values import statements_of, value_of, values
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.publication.models import Entry, View
from tests.factories import make_institution, publish

SIZE = 300


@pytest.fixture
def filled(db: None) -> None:
    """A small community, filled."""
    institutions = [make_institution() for _ in range(4)]
    publish()
    filling.fill(0, SIZE, institutions=institutions, moment=clock.now())


def test_every_value_is_canonical_and_another_one() -> None:
    drawn = [value_of(number) for number in range(20_000)]
    assert len(set(drawn)) == len(drawn)
    for kind, value in drawn[:2000]:
        assert ioc_types[kind].normalise(value).value == value
    assert {kind for kind, _value in drawn} <= {kind.name for kind in ioc_types}


def test_values_far_away_are_other_values() -> None:
    assert set(values(range(1000))).isdisjoint(values(range(10_000_000, 10_001_000)))


def test_the_same_number_says_the_same() -> None:
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    said = statements_of(7, institutions=20, lifetime_days=30, moment=moment)
    assert said == statements_of(7, institutions=20, lifetime_days=30, moment=moment)
    assert all(one.first_seen <= one.last_seen <= moment for one in said)


def test_filled_entries_are_what_the_publisher_would_write(filled: None) -> None:
    assert filling.verify() == Entry.objects.filter(indicator__isnull=False).count() >= SIZE
    assert publish() == 0


def test_a_filled_entry_that_says_something_else_is_noticed(filled: None) -> None:
    Entry.objects.filter(pk=Entry.objects.filter(indicator__isnull=False).earliest("pk").pk).update(base_score=1.5)
    with pytest.raises(AssertionError, match="differ"):
        filling.verify()


def test_what_is_shared_after_filling_comes_last(filled: None) -> None:
    view = View.objects.get(audience="community")
    assert view.head == Entry.objects.filter(view=view).latest("date_added").date_added
    assert Contribution.unscoped.count() > SIZE
    assert {"community", "recipients", "own"} == set(Contribution.unscoped.values_list("audience", flat=True))


def test_a_row_tells_figure_reference_ratio_goal_and_verdict() -> None:
    rows = [
        Row(what="look-up", ours=1234.5, unit="/s", reference=2469.0, against="bare", goal="≥ 0.5", met=True),
        Row(what="page", ours=0.1234, unit="s", goal="≤ 0.1 s", met=False, note="slow"),
        Row(what="pull", ours=5, unit="MB/s"),
    ]
    lines = written(rows).splitlines()
    assert len({len(line) for line in lines[:5]}) == 1
    assert [part.strip() for part in lines[2].strip("|").split("|")] == [
        "look-up", "1 234 /s", "2 469 /s (bare)", "0.50", "≥ 0.5", "yes",
    ]  # fmt: skip
    assert "0.123 s" in lines[3]
    assert "NO" in lines[3]
    assert lines[-1] == "- page: slow"


def test_medians_take_turns() -> None:
    calls: list[str] = []

    def taken(name: str, value: float) -> float:
        calls.append(name)
        return value * len(calls)

    found = medians(lambda: taken("ours", 1), lambda: taken("theirs", 10), runs=3)
    assert calls == ["ours", "theirs"] * 3
    assert found == [3, 40]
    assert quantile([3, 1, 2], 0.5) == 2


def test_sizes() -> None:
    assert [size_of(text) for text in ("300", "10k", "1M")] == [300, 10_000, 1_000_000]
    for text in ("0", "ten", "-1", "1g"):
        with pytest.raises(SystemExit):
            size_of(text)
