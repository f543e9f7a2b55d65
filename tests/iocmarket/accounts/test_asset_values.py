"""What may be declared as an asset, and what two assets have in common."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.asset_values import WIDEST, normalised, overlap
from iocmarket.accounts.models import Asset
from iocmarket.kernel.decision import Refusal

QUICK = settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
PUBLIC = ipaddress.ip_network("45.0.0.0/8")


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("domain", " Univ-Valbrune.FR. ", "univ-valbrune.fr"),
        ("domain", "*.univ-valbrune.fr", "univ-valbrune.fr"),
        ("domain", "université.fr", "xn--universit-j4a.fr"),
        ("domain", "*.Univ.Example.", "univ.example"),
        ("mail-domain", "@etu.univ-valbrune.fr", "etu.univ-valbrune.fr"),
        ("network", "193.48.1.7/24", "193.48.1.0/24"),
        ("network", "193.48.1.7", "193.48.1.7/32"),
        ("network", "2001:660:6d02::/48", "2001:660:6d02::/48"),
        ("asn", "as 2200", "AS2200"),
        ("asn", "2200", "AS2200"),
    ],
)
def test_it_is_kept_in_one_form(kind: str, typed: str, kept: str) -> None:
    assert normalised(kind, typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        ("domain", "fr", "single_label"),
        ("domain", "co.uk", "public_suffix"),
        ("domain", "asso.fr", "public_suffix"),
        ("domain", "github.io", "public_suffix"),
        ("domain", "gmail.com", "shared_domain"),
        ("mail-domain", "gmail.com", "shared_domain"),
        ("mail-domain", "moi.free.fr", "shared_domain"),
        ("domain", "univ.local", "reserved_name"),
        ("domain", "https://univ.fr/", "is_url"),
        ("domain", "193.48.1.7", "not_a_name"),
        ("domain", "a" * 300, "too_long"),
        ("network", "univ.fr", "not_a_network"),
        ("network", "0.0.0.0/0", "too_wide"),
        ("network", "45.0.0.0/8", "too_wide"),
        ("network", "45.0.0.0/13", "too_wide"),
        ("network", "2a00::/28", "too_wide"),
        ("network", "10.0.0.0/16", "special_network"),
        ("network", "127.0.0.1", "special_network"),
        ("network", "::ffff:193.48.1.0/120", "special_network"),
        ("asn", "AS64512", "special_asn"),
        ("asn", "23456", "special_asn"),
        ("asn", "0", "asn_zero"),
        ("asn", "univ", "not_an_asn"),
        ("planet", "mars", "unknown_kind"),
    ],
)
def test_what_others_live_in_or_nobody_owns_is_refused(kind: str, typed: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        normalised(kind, typed)
    assert refused.value.code == code


def test_the_widest_network_of_each_version_is_taken() -> None:
    assert normalised("network", "45.0.0.0/14") == "45.0.0.0/14"
    assert normalised("network", "2a00::/29") == "2a00::/29"
    assert WIDEST == {4: 14, 6: 29}


@QUICK
@given(
    first=st.integers(0, 2**24 - 1), one=st.integers(14, 32), second=st.integers(0, 2**24 - 1), two=st.integers(14, 32)
)
def test_networks_overlap_when_they_share_an_address(first: int, one: int, second: int, two: int) -> None:
    """The oracle compares the first and last addresses as numbers."""
    pair = [normalised("network", f"{PUBLIC[number]}/{length}") for number, length in ((first, one), (second, two))]
    ends = [(int(net[0]), int(net[-1])) for net in map(ipaddress.ip_network, pair)]
    shared = ends[0][0] <= ends[1][1] and ends[1][0] <= ends[0][1]
    assert overlap("network", pair[0], "network", pair[1]) is shared
    assert overlap("network", pair[1], "network", pair[0]) is shared


@pytest.mark.parametrize(
    ("one", "two", "shared"),
    [
        (("domain", "univ.fr"), ("domain", "univ.fr"), True),
        (("domain", "univ.fr"), ("mail-domain", "etu.univ.fr"), True),
        (("mail-domain", "labo.univ.fr"), ("domain", "univ.fr"), True),
        (("domain", "univ.fr"), ("domain", "autre-univ.fr"), False),
        (("domain", "a.univ.fr"), ("domain", "b.univ.fr"), False),
        (("asn", "AS2200"), ("asn", "AS2200"), True),
        (("asn", "AS2200"), ("asn", "AS2201"), False),
        (("asn", "AS2200"), ("domain", "univ.fr"), False),
        (("network", "193.48.0.0/16"), ("network", "2001:660::/32"), False),
    ],
)
def test_what_assets_have_in_common(one: tuple[str, str], two: tuple[str, str], shared: bool) -> None:
    assert overlap(*one, *two) is shared
    assert overlap(*two, *one) is shared


def test_every_kind_can_be_declared() -> None:
    samples = {"domain": "univ.fr", "mail-domain": "univ.fr", "network": "193.48.0.0/16", "asn": "AS2200"}
    assert {kind: normalised(kind, samples[kind]) for kind in Asset.Kind.values} == samples
