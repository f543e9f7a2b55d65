"""Subscribers of the zone: made, given another key, removed; what the server is told follows from them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from sharing.transfer import configuration, recipes, services, zones
from sharing.transfer.models import Transfer, TransferKey
from tests.factories import PASSWORD, contribute, make_institution, make_member, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def valbrune() -> Institution:
    return make_institution("Université de Valbrune")


def served() -> dict[str, tuple[str, ...]]:
    """The subscribers that are served now, with the names of their keys."""
    return {one.transfer.name: tuple(name for name, _ in one.keys) for one in services.served(clock.now())}


def test_a_copy_of_the_database_transfers_nothing(valbrune: Institution) -> None:
    made = services.create(valbrune, name="campus", actor=PLATFORM)
    kept = TransferKey.objects.get().secret
    assert made.secret not in kept
    assert services.served(clock.now())[0].keys == ((made.key.key_name, made.secret),)
    assert made.secret not in repr(made)
    assert made.secret not in repr(services.served(clock.now()))


def test_a_key_that_the_program_cannot_read_any_more_signs_nothing(valbrune: Institution, settings: Settings) -> None:
    services.create(valbrune, name="campus", actor=PLATFORM)
    settings.SECRET_KEY = "another" * 10
    assert served() == {}


def test_a_new_key_works_beside_the_old_one_for_a_while(valbrune: Institution) -> None:
    first = services.create(valbrune, name="campus", actor=PLATFORM)
    second = services.rotate(first.key.transfer, overlap=timedelta(days=7), actor=PLATFORM)
    assert served() == {"campus": (first.key.key_name, second.key.key_name)}
    later = services.served(clock.now() + timedelta(days=8))
    assert [name for name, _secret in later[0].keys] == [second.key.key_name]
    third = services.rotate(first.key.transfer, overlap=timedelta(), actor=PLATFORM)
    assert served() == {"campus": (third.key.key_name,)}
    assert services.served(clock.now() + timedelta(days=400))[0].keys[0][0] == third.key.key_name


@pytest.mark.parametrize(
    "change",
    [
        {"state": Institution.State.SUSPENDED},
        {"state": Institution.State.LEFT},
        {"charter_due_at": clock.now() - timedelta(days=1)},
    ],
    ids=["suspended", "left", "charter"],
)
def test_who_may_not_read_is_not_served(valbrune: Institution, change: dict[str, object]) -> None:
    services.create(valbrune, name="campus", actor=PLATFORM)
    Institution.objects.filter(pk=valbrune.pk).update(**change)
    assert served() == {}


def test_what_is_done_is_in_the_journal_without_a_secret(valbrune: Institution) -> None:
    made = services.create(valbrune, name="campus", actor=PLATFORM)
    services.rotate(made.key.transfer, overlap=timedelta(), actor=PLATFORM)
    services.remove(made.key.transfer, actor=PLATFORM)
    told = Event.objects.filter(subject_type="transfer").order_by("pk")
    assert [event.action for event in told] == ["transfer.created", "transfer.rotated", "transfer.removed"]
    assert not any(made.secret in str(event.details) for event in told)
    assert served() == {}


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"tlp_ceiling": TLP.RED}, "red_in_a_zone"),
        ({"action": "walled-garden"}, "bad_garden"),
        ({"action": "walled-garden", "target": 'a"; };'}, "bad_garden"),
        ({"notify": ["resolver.univ.fr"]}, "bad_notify"),
        ({"notify": ['9.9.9.9"; }; ']}, "bad_notify"),
        ({"notify": ["9.9.9.9#99999"]}, "bad_notify"),
        ({"notify": ["9.9.9.9"] * 9}, "bad_notify"),
        ({"notify": ["127.0.0.1"]}, "notify_closed"),
        ({"notify": ["169.254.169.254"]}, "notify_closed"),
        ({"notify": ["fe80::1%eth0"]}, "bad_notify"),
    ],
)
def test_what_cannot_be_served_is_refused(valbrune: Institution, choices: dict[str, object], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        services.create(valbrune, name="campus", actor=PLATFORM, **choices)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert not Transfer.objects.exists()


def test_an_institution_has_twenty_at_most(valbrune: Institution) -> None:
    for number in range(services.MOST):
        services.create(valbrune, name=f"resolver {number}", actor=PLATFORM)
    with pytest.raises(Refusal) as refused:
        services.create(valbrune, name="one more", actor=PLATFORM)
    assert refused.value.code == "too_many_transfers"


def test_addresses_to_notify_have_one_spelling(valbrune: Institution) -> None:
    given = ["9.9.9.9", "9.9.9.9:53", "9.9.9.9#5353", "[2620:fe::9]:53", "2620:FE::9"]
    made = services.create(valbrune, name="campus", notify=given, actor=PLATFORM)
    assert made.key.transfer.notify == ["9.9.9.9#53", "9.9.9.9#5353", "2620:fe::9#53"]


def test_a_zone_is_written_when_it_changed_and_only_then(valbrune: Institution, tmp_path: Path) -> None:
    meriane = make_institution("INP Mériane")
    made = services.create(valbrune, name="campus", action="nodata", actor=PLATFORM)
    contribute(meriane, "evil-cas.fr", type_name="domain")
    assert not zones.refresh(made.key.transfer, tmp_path), "the views are still being filled"
    publish()
    assert zones.refresh(made.key.transfer, tmp_path)
    assert not zones.refresh(made.key.transfer, tmp_path)
    path = tmp_path / f"{zones.label_of(made.key.transfer)}.zone"
    assert b"\nevil-cas.fr CNAME *.\n" in path.read_bytes()
    contribute(meriane, "other-cas.fr", type_name="domain")
    publish()
    assert zones.refresh(made.key.transfer, tmp_path)
    assert b"\nother-cas.fr CNAME *.\n" in path.read_bytes()
    (tmp_path / f"{path.name}.jnl").touch()
    zones.forget(tmp_path, {zones.label_of(made.key.transfer)})
    assert len(list(tmp_path.iterdir())) == 2
    zones.forget(tmp_path, set())
    assert not list(tmp_path.iterdir())


def test_nobody_without_a_key_finds_a_zone() -> None:
    one = configuration.Served("f00d", (("old", "b2xk"), ("new", "bmV3")), ("192.0.2.5#53",))
    text = configuration.named_conf([one], folder=Path("/f"), listen=("::", 53), control=(953, "c2VjcmV0"))
    assert 'match-clients { key "old"; key "new"; };' in text
    assert 'also-notify { 192.0.2.5 port 53 key "old"; 192.0.2.5 port 53 key "new"; };' in text
    assert text.endswith('view "rest" { match-clients { any; }; };\n')
    assert "listen-on port 53 { none; };" in text
    assert "b2xk" not in repr(one)


def test_the_lines_to_paste_carry_the_interval_without_which_a_change_waits_a_minute() -> None:
    lines = recipes.bind(place=("192.0.2.1", 8053), key="ioc-1", secret="c2VjcmV0")
    assert "min-update-interval 1;" in lines
    assert 'primaries { 192.0.2.1 port 8053 key "ioc-1"; };' in lines
    assert 'rpzPrimary("[2001:db8::1]:53", ' in recipes.powerdns(place=("2001:db8::1", 53), key="ioc-1")


def test_a_manager_makes_changes_and_removes_on_the_page(
    client: Client, valbrune: Institution, settings: Settings
) -> None:
    settings.TRANSFER_ADDRESS = ("192.0.2.1", 8053)
    manager = make_member(valbrune, role=Role.MANAGER)
    client.login(username=manager.email, password=PASSWORD)
    filled = {"name": "campus", "action": "nxdomain", "notify": "9.9.9.9", "tlp_ceiling": "3"}
    shown = client.post("/transfers", filled).content.decode()
    key = TransferKey.objects.get()
    [one] = services.served(clock.now())
    assert one.keys[0][1] in shown.replace("&quot;", '"')
    assert one.keys[0][1] not in client.get("/transfers").content.decode()
    refused = client.post("/transfers", {**filled, "notify": "127.0.0.1"})
    assert refused.status_code == 422
    path = f"/transfers/{key.transfer.public_id}"
    assert client.post(f"{path}/rotate").status_code == 200
    assert TransferKey.objects.count() == 2
    assert client.post(f"{path}/remove").status_code == 302
    assert not Transfer.objects.exists()
    assert client.post(f"{path}/remove").status_code == 404
