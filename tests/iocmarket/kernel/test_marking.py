"""TLP and PAP: how labels are read, how levels compare, what a ceiling lets through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT, FULL, PAP, PARTNER, PROVIDER, PUBLIC, TLP, Marking, strictest

levels = st.sampled_from(TLP)
markings = st.builds(Marking, levels, st.sampled_from(PAP))
spelling = st.sampled_from([str.upper, str.lower, str.title])


@given(levels, spelling, st.sampled_from(["", "TLP:", " tlp: ", "Tlp:"]), st.sampled_from(["", " ", "\t"]))
def test_a_tlp_label_is_read_with_prefix_or_not_in_any_case(level: Any, case: Any, prefix: str, around: str) -> None:
    assert TLP.parse(around + prefix + case(level.label) + around) is level


@given(st.sampled_from(PAP), spelling, st.sampled_from(["", "PAP:", "pap: "]))
def test_a_pap_label_is_read_with_or_without_prefix_in_any_case(level: Any, case: Any, prefix: str) -> None:
    assert PAP.parse(prefix + case(level.label)) is level


@pytest.mark.parametrize("text", ["AMBER+STRICT", "amber-strict", "TLP:Amber_Strict"])
def test_amber_strict_has_three_spellings(text: str) -> None:
    assert TLP.parse(text) is TLP.AMBER_STRICT


def test_white_is_read_as_clear() -> None:
    assert TLP.parse("TLP:WHITE") is TLP.CLEAR
    assert PAP.parse("white") is PAP.CLEAR


@given(st.text(max_size=30))
def test_no_other_text_is_a_label(text: str) -> None:
    known = {"CLEAR", "WHITE", "GREEN", "AMBER", "AMBER+STRICT", "AMBER-STRICT", "AMBER_STRICT", "RED"}
    if text.strip().upper().removeprefix("TLP:").strip() not in known:
        with pytest.raises(Refusal) as refused:
            TLP.parse(text)
        assert refused.value.code == "unknown_tlp"


@pytest.mark.parametrize("text", ["", "TLP", "TLP:", "PAP:RED", "TLP:TLP:RED", "AMBER STRICT", "AMBER+", "4", "rouge"])
def test_an_unknown_label_is_refused_and_never_replaced_by_a_default(text: str) -> None:
    with pytest.raises(Refusal):
        TLP.parse(text)


@pytest.mark.parametrize("text", ["AMBER+STRICT", "TLP:RED", "", "3"])
def test_pap_has_no_level_of_tlp(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        PAP.parse(text)
    assert refused.value.code == "unknown_pap"


def test_levels_are_ordered_from_the_least_to_the_most_restrictive() -> None:
    assert TLP.CLEAR < TLP.GREEN < TLP.AMBER < TLP.AMBER_STRICT < TLP.RED
    assert PAP.CLEAR < PAP.GREEN < PAP.AMBER < PAP.RED


def test_the_stored_numbers_never_change() -> None:
    assert [int(x) for x in TLP] == [0, 1, 2, 3, 4]
    assert [int(x) for x in PAP] == [0, 1, 2, 3]


@given(markings, markings)
def test_within_a_ceiling_means_both_labels_are(marking: Marking, ceiling: Marking) -> None:
    assert marking.within(ceiling) == (marking.tlp <= ceiling.tlp and marking.pap <= ceiling.pap)


@given(st.lists(markings, min_size=1))
def test_the_strictest_is_no_weaker_than_any_and_made_of_levels_that_occur(found: list[Marking]) -> None:
    result = strictest(found)
    assert all(marking.within(result) for marking in found)
    assert result.tlp in {marking.tlp for marking in found}
    assert result.pap in {marking.pap for marking in found}


@given(st.lists(markings, min_size=1), st.randoms())
def test_the_strictest_does_not_depend_on_the_order(found: list[Marking], random: Any) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert strictest(shuffled) == strictest(found)


def test_there_is_no_strictest_of_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        strictest([])


def test_the_ceilings_are_those_of_the_table_of_exits() -> None:
    assert str(FULL) == "TLP:AMBER+STRICT PAP:RED"
    assert str(PROVIDER) == "TLP:AMBER PAP:AMBER"
    assert (PARTNER.tlp, PUBLIC.tlp) == (TLP.GREEN, TLP.CLEAR)
    assert str(DEFAULT) == "TLP:AMBER PAP:GREEN"
    assert not any(Marking(TLP.RED, PAP.CLEAR).within(ceiling) for ceiling in (FULL, PROVIDER, PARTNER, PUBLIC))


@given(levels)
def test_a_slug_fits_into_a_class_name(level: Any) -> None:
    assert level.slug.replace("-", "").isalpha()
    assert TLP.parse(level.slug) is level
