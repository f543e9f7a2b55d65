"""What administrators change counts from the next look-up on, is written in the journal and told by no value."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from uuid import uuid4

import pytest
from django.test import Client

from iocmarket.accounts.models import Member
from iocmarket.accounts.views import actor_of
from iocmarket.audit.models import Event
from iocmarket.audit.services import Actor
from iocmarket.indicators.assets import guarding, signed
from iocmarket.indicators.guard import guard, subject_of
from iocmarket.kernel.decision import Refusal
from iocmarket.listed import services
from iocmarket.listed.models import AddedList, Exemption
from tests.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return make_member(administrator=True)


@pytest.fixture
def actor(member: Member) -> Actor:
    return actor_of(member)


def reason(kind: str, value: str) -> str:
    return guard(subject_of(kind, value, subtree=False), *guarding()).reason


def add(text: bytes, *, actor: Actor, label: str = "Nos partenaires", severity: str = "block-guard") -> AddedList:
    return services.add_list(BytesIO(text), label=label, severity=severity, actor=actor)


def test_an_added_list_counts_at_once_and_a_new_version_takes_its_place(actor: Actor) -> None:
    assert reason("domain", "ent.lumen.fr") == "allowed"
    add(b".lumen.fr\n45.83.0.0/16", actor=actor)
    assert (reason("domain", "ent.lumen.fr"), reason("ipv4", "45.83.9.9")) == ("warning_list", "warning_list")
    add(b'{"name": "x", "version": 2, "type": "hostname", "list": ["autre.fr"]}', actor=actor)
    assert (reason("domain", "ent.lumen.fr"), reason("domain", "www.autre.fr")) == ("allowed", "warning_list")
    assert AddedList.objects.get().version == "2"
    services.remove_list("nos-partenaires", actor=actor)
    assert reason("domain", "www.autre.fr") == "allowed"
    acts = Event.objects.filter(action__startswith="warninglist.").order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["warninglist.added", "warninglist.added", "warninglist.removed"]


def test_a_choice_and_an_exception_change_what_a_hit_means(actor: Actor) -> None:
    assert reason("domain", "gmx.net") == "warning_list"
    made = services.add_exemption("gmx[.]net", name="mail-providers", reason="vu  avec eux", actor=actor)
    assert (made.value, made.reason) == ("gmx.net", "vu avec eux")
    assert (reason("domain", "gmx.net"), reason("domain", "gmail.com")) == ("allowed", "warning_list")
    services.remove_exemption(made.public_id, actor=actor)
    services.choose_severity("mail-providers", "confirm", actor=actor)
    assert reason("domain", "gmx.net") == "allowed"
    services.choose_severity("mail-providers", "block-guard", actor=actor)
    assert reason("domain", "gmx.net") == "warning_list"
    assert not [
        event for event in Event.objects.all() if "gmx" in str(event.details) or "vu avec" in str(event.details)
    ]


def test_an_exception_spares_no_asset_and_no_private_address(actor: Actor) -> None:
    services.add_exemption("10.1.2.3", name="", reason="x", actor=actor)
    assert reason("ipv4", "10.1.2.3") == "private_address"


def test_a_change_is_seen_by_consumers_that_hold_a_feed(actor: Actor) -> None:
    def state() -> str:
        from django.db import connection  # noqa: PLC0415

        from iocmarket.indicators.assets import assets_statement  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute(*assets_statement())
            return signed(cursor.fetchone()[0])

    before = state()
    assert before == state()
    add(b"lumen.fr", actor=actor)
    assert state() != before


@pytest.mark.parametrize(
    ("text", "label", "code"),
    [
        (b"", "x", "list_empty"),
        (b"# nothing", "x", "list_empty"),
        (b"a.fr", "!!", "list_name"),
        (b"a.fr", "mail-providers", "list_exists"),
        (b"\xff\xfe", "x", "not_a_warning_list"),
        (b'{"list": 3}', "x", "not_a_warning_list"),
        (b"{", "x", "not_a_warning_list"),
        (b"[" * 100_000, "x", "not_a_warning_list"),
        (b'{"list": ["/a+/"], "type": "regex"}', "x", "list_patterns"),
        (b"x" * (services.BYTES_MAX + 1), "x", "list_too_large"),
    ],
    ids=["empty", "comments", "name", "taken", "encoding", "no list", "no json", "deep", "patterns", "large"],
)
def test_what_is_no_list_is_refused(actor: Actor, text: bytes, label: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        add(text, actor=actor, label=label)
    assert refused.value.code == code
    assert not AddedList.objects.exists()


def test_other_acts_are_refused_with_their_code(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    services.add_exemption("gmx.net", name="", reason="x", actor=actor)
    monkeypatch.setattr(services, "LISTS_MAX", 0)
    acts: dict[str, Callable[[], object]] = {
        "too_many_lists": lambda: add(b"a.fr", actor=actor),
        "no_such_severity": lambda: add(b"a.fr", actor=actor, severity="x"),
        "no_such_list": lambda: services.choose_severity("x", "info", actor=actor),
        "exemption_exists": lambda: services.add_exemption("GMX.net", name="", reason="x", actor=actor),
        "exemption_reason": lambda: services.add_exemption("a.fr", name="", reason=" ", actor=actor),
        "no_such_value": lambda: services.add_exemption("rien", name="", reason="x", actor=actor),
        "no_such_exemption": lambda: services.remove_exemption(uuid4(), actor=actor),
    }
    for code, act in acts.items():
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.code == code
    with pytest.raises(Refusal, match="no_such_list"):
        services.remove_list("x", actor=actor)


def test_the_page_does_all_of_it(member: Member) -> None:
    client = Client()
    client.force_login(member)
    path = "/community/warning-lists"
    file = BytesIO(b"ent.lumen.fr\n")
    file.name = "Partenaires.txt"
    assert client.post(path, {"file": file, "severity": "block-guard", "label": ""}).status_code == 302
    assert client.post(f"{path}/choices", {"list": "partenaires", "severity": "info"}).status_code == 302
    given = {"value": "ent.lumen.fr", "list": "partenaires", "reason": "convention"}
    assert client.post(f"{path}/exceptions", given).status_code == 302
    shown = client.get(path).content.decode()
    assert "partenaires" in shown
    assert "lumen[.]fr" in shown
    again = client.post(f"{path}/exceptions", given)
    assert again.status_code == 422
    assert "Cette exception existe déjà." in again.content.decode()
    held = Exemption.objects.get()
    assert client.post(f"{path}/exceptions", {"remove": str(held.public_id)}).status_code == 302
    assert client.post(f"{path}/choices", {"remove": "partenaires"}).status_code == 302
    assert not Exemption.objects.exists()
    assert not AddedList.objects.exists()
    assert client.post(f"{path}/exceptions", {"remove": "x"}).status_code == 302
