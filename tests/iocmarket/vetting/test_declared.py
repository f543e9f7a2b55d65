"""What applicants say they own: read leniently, refused where it would guard what is nobody's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iocmarket.kernel.decision import Refusal
from iocmarket.vetting.declared import MOST, domain_of, domains_in, lies_under, networks_in


def test_domains_are_read_in_any_writing_each_once() -> None:
    assert domains_in("Univ-Lumen.FR, www.univ-lumen.fr;\n@univ-lumen.fr\n") == ["univ-lumen.fr", "www.univ-lumen.fr"]


def test_networks_are_made_whole() -> None:
    assert networks_in("193.52.7.9/16 2001:660:1::/48\n193.52.0.0/16") == ["193.52.0.0/16", "2001:660:1::/48"]


@pytest.mark.parametrize("text", ["co.uk", "github.io"])
def test_a_public_suffix_is_nobodys(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        domains_in(text)
    assert refused.value.code == "public_suffix"


@pytest.mark.parametrize("text", ["hello", "http://", "a b@c", "<script>", "univ lumen"])
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        domains_in(text)
    assert refused.value.code in {"bad_label", "not_a_name", "single_label", "is_url", "public_suffix"}


@pytest.mark.parametrize("text", ["0.0.0.0/0", "2000::/3", "10.0.0.0/8", "127.0.0.1", "fe80::/64", "8/8", "x", "::/0"])
def test_a_network_that_no_institution_owns_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        networks_in(text)
    assert refused.value.code in {"not_a_network", "too_wide", "special_network"}


def test_there_is_an_end_to_it() -> None:
    with pytest.raises(Refusal) as refused:
        domains_in("\n".join(f"a{n}.univ-lumen.fr" for n in range(MOST + 1)))
    assert refused.value.code == "too_many"


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (domains_in, networks_in):
        try:
            found = read(text)
        except Refusal:
            continue
        assert read("\n".join(found)) == found


def test_a_name_lies_under_itself_and_its_parents_alone() -> None:
    assert lies_under("mail.univ-lumen.fr", ["univ-lumen.fr"])
    assert lies_under("univ-lumen.fr", ["univ-lumen.fr"])
    assert not lies_under("evil-univ-lumen.fr", ["univ-lumen.fr"])
    assert not lies_under("univ-lumen.fr", ["mail.univ-lumen.fr"])
    assert domain_of("Ada@Univ-Lumen.FR.") == "univ-lumen.fr"
