"""Assets: declared, verified by the DNS or an administrator, lost, removed. Never a protection before verification."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iocmarket.accounts import asset_checks, assets
from iocmarket.accounts.asset_dns import look_for
from iocmarket.accounts.models import Asset, Institution
from iocmarket.accounts.roles import Role
from iocmarket.accounts.standing import suspend_institution
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.assets import guarding
from iocmarket.indicators.guard import guard, subject_of
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from tests.factories import make_institution, make_member
from tests.iocmarket.accounts.names import Names
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db

SAMPLES = {
    "domain": ("univ-valbrune.fr", "domain", "www.univ-valbrune.fr"),
    "mail-domain": ("etu.univ-valbrune.fr", "email", "odile@etu.univ-valbrune.fr"),
    "network": ("193.48.1.0/24", "ipv4", "193.48.1.7"),
    "asn": ("AS2200", "asn", "AS2200"),
}


def declare(kind: str, value: str = "", institution: Institution | None = None) -> Asset:
    owner = institution or make_institution()
    return assets.declare_asset(owner, kind=kind, value=value or SAMPLES[kind][0], actor=PLATFORM)


def guarded(kind: str) -> bool:
    """Whether the sample value that lies in the sample asset is kept out of feeds that block."""
    _asset, type_name, value = SAMPLES[kind]
    return not guard(subject_of(type_name, value, subtree=False), guarding().assets)


def publish(names: Names, asset: Asset) -> None:
    names.txt[f"{assets.RECORD}.{asset.value}"] = [asset.challenge]


def look(asset: Asset) -> Asset:
    assets.ask_for_check(asset, actor=PLATFORM)
    assert asset_checks.check_due() == 1
    asset.refresh_from_db()
    return asset


@pytest.mark.parametrize("kind", SAMPLES)
def test_declared_it_protects_nothing_verified_it_protects_removed_it_does_not(kind: str) -> None:
    asset = declare(kind)
    assert not guarded(kind)
    assets.approve_asset(asset, actor=PLATFORM)
    assert guarded(kind)
    assets.remove_asset(asset, actor=PLATFORM)
    assert not guarded(kind)
    told = Event.objects.filter(subject_id=asset.public_id).order_by("id").values_list("action", flat=True)
    assert list(told) == ["asset.declared", "asset.verified", "asset.removed"]


def test_a_name_is_verified_by_its_record(names: Names) -> None:
    asset = declare("domain")
    assert look(asset).verified_at is None
    assert not guarded("domain")
    publish(names, asset)
    found = look(asset)
    assert found.proof == Asset.Proof.DNS
    assert guarded("domain")
    assert found.check_due_at is not None
    assert timedelta(days=6) < found.check_due_at - clock.now() <= timedelta(days=7)


def test_the_record_of_one_institution_proves_nothing_for_another(names: Names) -> None:
    mine, theirs = declare("domain"), declare("domain")
    assert mine.challenge != theirs.challenge
    publish(names, theirs)
    assert look(mine).verified_at is None
    assert look(theirs).verified_at is not None


def test_networks_are_not_asked_of_the_dns() -> None:
    with pytest.raises(Refusal) as refused:
        assets.ask_for_check(declare("network"), actor=PLATFORM)
    assert refused.value.code == "not_by_dns"


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (("domain", "univ.fr"), ("domain", "labo.univ.fr")),
        (("domain", "labo.univ.fr"), ("mail-domain", "univ.fr")),
        (("network", "193.48.0.0/16"), ("network", "193.48.1.0/24")),
        (("network", "193.48.1.0/24"), ("network", "193.48.0.0/16")),
        (("asn", "AS2200"), ("asn", "AS2200")),
    ],
)
def test_verified_assets_of_two_institutions_never_overlap(
    names: Names, theirs: tuple[str, str], mine: tuple[str, str]
) -> None:
    held = assets.approve_asset(declare(*theirs), actor=PLATFORM)
    asset = declare(*mine)
    if asset.challenge:
        publish(names, asset)
        assert look(asset).verified_at is None
    assert list(assets.to_verify()) == [asset]
    with pytest.raises(Refusal) as refused:
        assets.approve_asset(asset, actor=PLATFORM)
    assert refused.value.code == "asset_conflict"
    assets.refuse_asset(held, reason="It was handed over.", actor=PLATFORM)
    assert assets.approve_asset(asset, actor=PLATFORM).verified_at is not None


def test_ones_own_assets_may_lie_in_each_other() -> None:
    owner = make_institution()
    for kind, value in (("domain", "univ.fr"), ("mail-domain", "univ.fr"), ("domain", "labo.univ.fr")):
        assets.approve_asset(declare(kind, value, owner), actor=PLATFORM)
    assert assets.verified().count() == 3


def test_what_an_administrator_refused_is_not_won_back_by_a_record(names: Names, mailbox: Mailbox) -> None:
    owner = make_institution()
    make_member(owner, role=Role.MANAGER, email="claire@univ-valbrune.fr")
    asset = declare("domain", institution=owner)
    publish(names, asset)
    look(asset)
    assets.refuse_asset(asset, reason="The domain was sold.", actor=PLATFORM)
    assert not guarded("domain")
    for act in (assets.ask_for_check, assets.remove_asset):
        with pytest.raises(Refusal) as refused:
            act(asset, actor=PLATFORM)
        assert refused.value.code == "asset_refused"
    other = declare("mail-domain", asset.value, owner)
    publish(names, other)
    assert look(other).verified_at is None
    assert assets.approve_asset(asset, actor=PLATFORM).refusal == ""


def test_a_refusal_needs_a_reason() -> None:
    with pytest.raises(Refusal) as refused:
        assets.refuse_asset(declare("asn"), reason="  ", actor=PLATFORM)
    assert refused.value.code == "reason_required"


def test_once_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = make_institution()
    declare("domain", institution=owner)
    with pytest.raises(Refusal) as refused:
        declare("domain", institution=owner)
    assert refused.value.code == "asset_exists"
    monkeypatch.setattr(assets, "MOST", 1)
    with pytest.raises(Refusal) as refused:
        declare("asn", institution=owner)
    assert refused.value.code == "too_many_assets"


def test_a_suspended_institution_keeps_what_it_owns_out_of_the_feeds() -> None:
    asset = assets.approve_asset(declare("network"), actor=PLATFORM)
    suspend_institution(asset.institution, reason="for the test", actor=PLATFORM)
    assert guarded("network")
    Institution.objects.filter(pk=asset.institution_id).update(state=Institution.State.LEFT)
    assert not guarded("network")


# — Looking again —


def weekly(times: int) -> int:
    """So many days pass, and the worker looks each day for what is due; how often it looked."""
    looked = 0
    begin = clock.now()
    for day in range(1, times + 1):
        with time_machine.travel(begin + timedelta(days=day, minutes=1), tick=False):
            looked += asset_checks.check_due()
    return looked


def test_the_record_is_looked_for_every_week(names: Names) -> None:
    asset = declare("domain")
    publish(names, asset)
    look(asset)
    assert weekly(6) == 0
    assert weekly(15) == 2


@pytest.mark.django_db(transaction=True)
def test_three_times_missing_it_counts_no_longer_and_the_managers_are_told(names: Names, mailbox: Mailbox) -> None:
    owner = make_institution("Université de Valbrune")
    make_member(owner, role=Role.MANAGER, email="claire@univ-valbrune.fr")
    make_member(owner, role=Role.READER, email="odile@univ-valbrune.fr")
    asset = declare("domain", institution=owner)
    publish(names, asset)
    look(asset)
    names.txt.clear()
    assert weekly(8) == 2
    assert guarded("domain")
    assert weekly(40) == 1
    asset.refresh_from_db()
    assert (asset.verified_at, asset.proof, asset.check_due_at) == (None, "", None)
    assert not guarded("domain")
    letters = mailbox.letters()
    assert {letter.to for letter in letters} == {"claire@univ-valbrune.fr"}
    assert len(letters) == 3
    assert asset.challenge in letters[-1].text


def test_a_record_that_is_back_begins_anew(names: Names) -> None:
    asset = declare("domain")
    publish(names, asset)
    look(asset)
    names.txt.clear()
    weekly(8)
    publish(names, asset)
    weekly(9)
    asset.refresh_from_db()
    assert (asset.failures, asset.proof) == (0, Asset.Proof.DNS)


def test_a_silent_dns_takes_nothing_away(names: Names) -> None:
    asset = declare("domain")
    publish(names, asset)
    look(asset)
    names.fails = True
    assert weekly(20) == 14
    assert guarded("domain")


def test_an_asset_removed_while_the_dns_is_asked_stays_removed(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = declare("domain")
    publish(names, asset)

    def removed_meanwhile(challenge: str, *, name: str) -> object:
        assets.remove_asset(asset, actor=PLATFORM)
        return look_for(challenge, name=name)

    monkeypatch.setattr(asset_checks, "look_for", removed_meanwhile)
    assets.ask_for_check(asset, actor=PLATFORM)
    asset_checks.check_due()
    assert not Asset.objects.exists()
    assert not guarded("domain")


# — The rule —

ACTS: dict[str, Callable[[Asset], object]] = {
    "check": lambda asset: assets.ask_for_check(asset, actor=PLATFORM),
    "approve": lambda asset: assets.approve_asset(asset, actor=PLATFORM),
    "refuse": lambda asset: assets.refuse_asset(asset, reason="no", actor=PLATFORM),
    "remove": lambda asset: assets.remove_asset(asset, actor=PLATFORM),
}


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.tuples(st.sampled_from([*ACTS, "publish", "hide", "look"]), st.integers(0, 1)), max_size=12))
def test_an_asset_never_protects_before_it_is_verified_and_no_two_owners_overlap(
    names: Names, steps: list[tuple[str, int]]
) -> None:
    """Whatever is done in whatever order: who protects was verified by a record that stood or by an administrator."""
    Asset.objects.all().delete()
    names.txt.clear()
    both = [declare("domain"), declare("domain")]
    proven: set[int] = set()
    for step, which in steps:
        asset = both[which]
        if step == "publish":
            publish(names, asset)
        elif step == "hide":
            names.txt.clear()
        elif step == "look":
            standing = names.txt.get(f"{assets.RECORD}.{asset.value}", [])
            proven |= {each.pk for each in both if each.challenge in standing}
            asset_checks.check_due()
        else:
            try:
                ACTS[step](asset)
            except Refusal:
                continue
            proven |= {asset.pk} if step == "approve" else set()
        holding = list(Asset.objects.filter(verified_at__isnull=False))
        assert {each.pk for each in holding} <= proven
        assert len({each.institution_id for each in holding}) <= 1
        assert guarded("domain") is bool(holding)


def test_an_institution_that_is_made_takes_no_domain_of_another() -> None:
    make_institution("Une", domains=["une.fr"])
    for domain in ("une.fr", "Labo.UNE.fr."):
        with pytest.raises(Refusal) as refused:
            make_institution("Autre", domains=["autre.fr", domain])
        assert refused.value.code == "asset_conflict"
    assert not Institution.objects.filter(name="Autre").exists()
    assert Asset.objects.count() == 1
    make_institution("Candidate", domains=["labo.une.fr"], approved=False)
    assert Asset.objects.get(institution__name="Candidate").verified_at is None


@pytest.mark.parametrize("domain", ["co.uk", "gmail.com", "nothing", "https://une.fr/"])
def test_an_institution_is_made_with_domains_that_can_be_its_own(domain: str) -> None:
    with pytest.raises(Refusal):
        make_institution("Une", domains=[domain])
    assert not Institution.objects.exists()


def test_what_comes_with_an_institution_is_as_if_it_had_declared_it() -> None:
    one = make_institution("Une", domains=["une.fr"])
    other = make_institution("Autre")
    named = [("domain", "labo.une.fr"), ("network", "193.48.0.7/24"), ("mail-domain", "@autre.fr")]
    made = {asset.value: asset for asset in assets.bring_in(other, named, verified=True)}
    assert {value: asset.verified_at is not None for value, asset in made.items()} == {
        "labo.une.fr": False, "193.48.0.0/24": True, "autre.fr": True,
    }  # fmt: skip
    assert {value: bool(asset.challenge) for value, asset in made.items()} == {
        "labo.une.fr": True, "193.48.0.0/24": False, "autre.fr": True,
    }  # fmt: skip
    assert [asset.pk for asset in assets.bring_in(other, named, verified=True)] == [asset.pk for asset in made.values()]
    assert assets.bring_in(one, [("domain", "une.fr")], verified=False)[0].verified_at is not None
