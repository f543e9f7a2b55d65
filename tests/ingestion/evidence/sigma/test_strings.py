"""Wildcards of Sigma mean what the regular expression of the same meaning does, whatever the text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.evidence.sigma.strings import MANY, ONE, matcher

PARTS = st.lists(st.sampled_from([MANY, ONE, "a", "ab", "b", "A", "é"]), max_size=7)
TEXTS = st.text(alphabet="abAé", max_size=12)


def as_regex(parts: list[object]) -> str:
    return "".join(".*" if part is MANY else "." if part is ONE else re.escape(str(part)) for part in parts)


@given(parts=PARTS, text=TEXTS, cased=st.booleans())
def test_it_is_the_regular_expression(parts: list[object], text: str, cased: bool) -> None:
    expected = re.fullmatch(as_regex(parts), text, re.DOTALL if cased else re.DOTALL | re.IGNORECASE)
    assert matcher(parts, cased=cased)(text) == (expected is not None)


@pytest.mark.parametrize(
    "parts", [[MANY, "a", MANY, "a", MANY, "a", MANY, "a", MANY, "b"], [MANY, "a", ONE, "a", MANY, "b", MANY]]
)
def test_a_text_that_fits_nearly_everywhere_takes_no_longer(parts: list[object]) -> None:
    test, spent = matcher(parts), []
    for size in (20_000, 200_000):
        began = time.process_time()
        assert not test("a" * size)
        spent.append(time.process_time() - began)
    assert spent[1] < 100 * max(spent[0], 0.001)
