"""Telling two sets of times apart, and not telling apart what is the same."""

from __future__ import annotations

import random

import pytest

from bench.ranks import chance_of_longer


def test_the_chance_is_counted_over_all_pairs() -> None:
    assert chance_of_longer([1.0, 4.0], [2.0, 3.0], confidence=0.95).value == 0.5
    assert chance_of_longer([3.0, 4.0], [1.0, 2.0], confidence=0.95).value == 1.0
    assert chance_of_longer([1.0, 2.0], [1.0, 2.0], confidence=0.95).value == 0.5


def test_a_tenth_more_time_is_noticed_and_the_same_time_is_not() -> None:
    draw = random.Random(7)
    first, same, longer = ([scale * draw.gauss(10, 1) for _ in range(300)] for scale in (1.0, 1.0, 1.1))
    assert not chance_of_longer(first, same, confidence=0.999).tells
    found = chance_of_longer(longer, first, confidence=0.999)
    assert found.tells
    assert found.value > 0.6


def test_more_confidence_is_a_wider_interval() -> None:
    first, second = [1.0, 3.0, 5.0, 6.0], [2.0, 4.0, 5.0, 7.0]
    margins = [chance_of_longer(first, second, confidence=level).margin for level in (0.9, 0.95, 0.999)]
    assert margins == sorted(margins)
    assert margins[0] < margins[-1]


def test_one_of_either_says_nothing() -> None:
    with pytest.raises(ValueError, match="two of each"):
        chance_of_longer([1.0], [1.0, 2.0], confidence=0.95)
