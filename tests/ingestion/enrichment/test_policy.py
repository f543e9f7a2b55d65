"""PAP decides whom a value may be told to; TLP bounds what leaves the machine (domain.md, PAP)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.enrichment.policy import PapClass, may_run
from iocmarket.kernel.marking import PAP, TLP

PAPS = st.sampled_from(list(PAP))
TLPS = st.sampled_from(list(TLP))


@given(pap=PAPS, tlp=TLPS)
def test_local_enrichers_may_always_run(pap: PAP, tlp: TLP) -> None:
    assert may_run(PapClass.LOCAL, pap, tlp)


@pytest.mark.parametrize(
    ("pap_class", "pap", "allowed"),
    [
        (PapClass.PASSIVE, PAP.RED, False),
        (PapClass.PASSIVE, PAP.AMBER, True),
        (PapClass.PASSIVE, PAP.GREEN, True),
        (PapClass.PASSIVE, PAP.CLEAR, True),
        (PapClass.ACTIVE, PAP.RED, False),
        (PapClass.ACTIVE, PAP.AMBER, False),
        (PapClass.ACTIVE, PAP.GREEN, True),
        (PapClass.ACTIVE, PAP.CLEAR, True),
    ],
)
def test_each_pap_permits_what_the_table_says(pap_class: PapClass, pap: PAP, *, allowed: bool) -> None:
    assert bool(may_run(pap_class, pap, TLP.GREEN)) is allowed


@pytest.mark.parametrize("pap_class", [PapClass.PASSIVE, PapClass.ACTIVE])
@pytest.mark.parametrize(
    ("tlp", "processor", "allowed"),
    [
        (TLP.CLEAR, False, True),
        (TLP.GREEN, False, True),
        (TLP.AMBER, False, False),
        (TLP.AMBER, True, True),
        (TLP.AMBER_STRICT, True, False),
        (TLP.RED, True, False),
    ],
)
def test_a_third_party_needs_tlp_green_or_amber_as_processor(
    pap_class: PapClass, tlp: TLP, *, processor: bool, allowed: bool
) -> None:
    assert bool(may_run(pap_class, PAP.CLEAR, tlp, processor=processor)) is allowed


@given(pap_class=st.sampled_from(list(PapClass)), pap=PAPS, tlp=TLPS, processor=st.booleans())
def test_every_refusal_reads_the_same(pap_class: PapClass, pap: PAP, tlp: TLP, *, processor: bool) -> None:
    decision = may_run(pap_class, pap, tlp, processor=processor)
    assert decision.reason == ("permitted" if decision else "not_available")


@given(pap_class=st.sampled_from(list(PapClass)), paps=st.tuples(PAPS, PAPS), tlps=st.tuples(TLPS, TLPS))
def test_a_stricter_marking_never_permits_more(
    pap_class: PapClass, paps: tuple[PAP, PAP], tlps: tuple[TLP, TLP]
) -> None:
    if may_run(pap_class, max(paps), max(tlps)):
        assert may_run(pap_class, min(paps), min(tlps))
