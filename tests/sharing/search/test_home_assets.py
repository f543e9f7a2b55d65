"""What concerns me: the values in what the institution was verified to own."""

from __future__ import annotations

import pytest

from iocmarket.accounts import assets
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from sharing.search.home import Home, read_home
from tests.factories import contribute, make_institution, publish, viewer_for

pytestmark = pytest.mark.django_db

OWNED = [("domain", "univ-valbrune.fr"), ("network", "193.48.1.0/24"), ("asn", "AS2200")]
INSIDE = {
    "www.univ-valbrune.fr": "domain",
    "https://cas.univ-valbrune.fr/x": "url",
    "odile@univ-valbrune.fr": "email",
    "193.48.1.7": "ipv4",
    "193.48.0.0/16": "cidr",
    "AS2200": "asn",
}
OUTSIDE = {"univ-valbrune.fr.evil.top": "domain", "193.48.2.7": "ipv4", "AS2201": "asn", "myuniv-valbrune.fr": "domain"}


def home(institution: Institution) -> Home:
    return read_home(viewer=viewer_for(institution), previous_visit=None)


def values(found: Home) -> set[str]:
    return {row.indicator.value for row in found.concerning}


@pytest.fixture
def owner() -> Institution:
    author = make_institution()
    for value, type_name in {**INSIDE, **OUTSIDE}.items():
        contribute(author, value, type_name=type_name)
    contribute(author, "193.48.1.99", audience="own")
    publish()
    return make_institution()


def test_only_what_is_verified_concerns(owner: Institution) -> None:
    declared = [assets.declare_asset(owner, kind=kind, value=value, actor=PLATFORM) for kind, value in OWNED]
    assert (home(owner).owned, values(home(owner))) == (False, set())
    for asset in declared:
        assets.approve_asset(asset, actor=PLATFORM)
    assert home(owner).owned
    assert values(home(owner)) == set(INSIDE)


def test_the_assets_of_others_do_not_concern(owner: Institution) -> None:
    for kind, value in OWNED:
        assets.approve_asset(assets.declare_asset(owner, kind=kind, value=value, actor=PLATFORM), actor=PLATFORM)
    assert values(home(make_institution())) == set()
