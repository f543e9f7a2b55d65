"""Setting subscriptions up on their page: by managers alone, the credential kept encrypted and shown nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.html import escape

from ingestion.subscriptions import services, tasks
from ingestion.subscriptions.keeping import _of_institution
from ingestion.subscriptions.models import Subscription, TakenEvent, Turn
from ingestion.subscriptions.reasons import said
from ingestion.subscriptions.services import Told, amend, create
from ingestion.subscriptions.terms import wish_of
from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from iocmarket.accounts.views import actor_of
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from tests.factories import make_institution, make_member
from tests.ingestion.subscriptions.conftest import KEY, subscribe

PAGE = "/subscriptions"
URL = "https://misp.example.org/misp"
FORM = {
    "name": "MISP du CERT", "kind": "misp", "url": URL, "secret": KEY, "minutes": "15", "tlp": "2", "pap": "1",
    "tlp_floor": "0", "pap_floor": "0", "audience": "community", "threat_type": "other", "types": "ip-dst, domain",
    "tags": "apt:x, tlp: green", "since": "2026-01-02",
}  # fmt: skip


@pytest.fixture(autouse=True)
def hinted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which subscriptions the worker was told of."""
    found: list[int] = []
    monkeypatch.setattr(tasks.turn, "delay", found.append)
    return found


@pytest.fixture
def hers(manager: Member, client: Client) -> Client:
    client.force_login(manager)
    return client


def test_one_is_set_up_and_told_of(hers: Client, hinted: list[int]) -> None:
    answer = hers.post(PAGE, FORM, follow=True)
    made = Subscription.objects.get()
    assert hinted == [made.pk]
    assert (made.url, made.minutes, made.types) == (f"{URL}/", 15, ["ip-dst", "domain"])
    assert made.tags == ["apt:x", "tlp: green"]
    assert wish_of(made).access.secret == KEY
    assert KEY not in made.secret
    assert KEY not in answer.content.decode()
    assert KEY not in str(list(Event.objects.values_list("details", flat=True)))
    assert KEY not in repr(wish_of(made))
    assert "MISP du CERT" in hers.get(PAGE).content.decode()
    exported = str(list(_of_institution(made.institution)))
    assert "misp.example.org" in exported
    assert made.secret not in exported


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"url": "http://misp.example.org/"}, "not_encrypted"),
        ({"url": "https://key@misp.example.org/"}, "bad_server_address"),
        ({"url": "file:///etc/passwd"}, "bad_server_address"),
        ({"url": "https://misp.example.org/?a=1"}, "bad_server_address"),
        ({"minutes": 4}, "bad_interval"),
        ({"tlp": 4}, "red_by_machine"),
        ({"tlp_floor": 4}, "red_by_machine"),
        ({"audience": "circle"}, "which_circle"),
        ({"secret": "a\r\nX: y"}, "bad_credential"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], code: str, manager: Member) -> None:
    with pytest.raises(Refusal) as refusal:
        subscribe(manager, **{"url": URL, **wrong})
    assert refusal.value.code == code


def test_no_more_than_twenty(manager: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST", 1)
    subscribe(manager, URL)
    with pytest.raises(Refusal, match="too_many_subscriptions"):
        subscribe(manager, URL)


def test_the_page_tells_what_is_wrong(hers: Client) -> None:
    answer = hers.post(PAGE, {**FORM, "url": "http://misp.example.org/"}, headers={"Accept-Language": "en"})
    assert (answer.status_code, Subscription.objects.count()) == (422, 0)
    assert "Only https" in answer.content.decode()


def test_changed_terms_begin_anew_and_the_credential_stays(hers: Client, manager: Member) -> None:
    held = subscribe(manager, URL)
    Subscription.objects.update(cursor={"since": 5})
    TakenEvent.objects.create(subscription=held, key=b"k" * 32, version=b"v" * 32)
    hers.post(f"{PAGE}/{held.public_id}", {**FORM, "secret": "", "name": "Autrement"})
    held.refresh_from_db()
    assert held.name == "Autrement"
    assert "since" not in held.cursor
    assert wish_of(held).access.secret == KEY
    assert TakenEvent.objects.count() == 1  # the same server


def test_another_server_gets_the_credential_only_when_it_is_given_again(manager: Member) -> None:
    held = subscribe(manager, URL)
    told = Told(name="x", kind="misp", url="https://elsewhere.example.org/", secret=None)
    with pytest.raises(Refusal, match="secret_again"):
        amend(held, told, author=manager, actor=actor_of(manager))


def test_paused_resumed_removed(hers: Client, manager: Member, hinted: list[int]) -> None:
    held = subscribe(manager, URL)
    other = make_member(manager.institution, role=Role.MANAGER)
    at = f"{PAGE}/{held.public_id}"
    hers.post(f"{at}/pause")
    held.refresh_from_db()
    assert held.state == "paused"
    hers.force_login(other)
    hers.post(f"{at}/resume")
    held.refresh_from_db()
    assert (held.state, held.author, hinted) == ("active", other, [held.pk])
    Turn.objects.create(subscription=held, ended_at=clock.now(), error="net_slow", reasons={"red_names_persons": 2})
    with translation.override("fr"):
        assert escape(said("net_slow")) in hers.get(at).content.decode()
    assert hers.post(f"{at}/unheard-of").status_code == 404
    hers.post(f"{at}/remove")
    assert (Subscription.objects.count(), Turn.objects.count()) == (0, 0)
    acts = Event.objects.filter(action__startswith="subscription.").order_by("pk").values_list("action", flat=True)
    assert [act.partition(".")[2] for act in acts] == ["created", "paused", "resumed", "removed"]


def test_nobody_else_sees_it(manager: Member, client: Client) -> None:
    held = subscribe(manager, URL)
    for member in (make_member(manager.institution), make_member(make_institution(), role=Role.MANAGER)):
        client.force_login(member)
        assert client.get(f"{PAGE}/{held.public_id}").status_code == 404
        assert client.post(f"{PAGE}/{held.public_id}/remove").status_code == 404
    assert Subscription.objects.count() == 1


def test_only_circles_of_ones_own_are_offered(hers: Client, manager: Member) -> None:
    assert manager.institution is not None
    mine = create_circle(name="Le nôtre", founder=manager.institution, actor=PLATFORM)
    theirs = create_circle(name="Le leur", founder=make_institution(), actor=PLATFORM)
    for circle in (theirs, mine):
        hers.post(PAGE, {**FORM, "audience": "circle", "circle": str(circle.public_id)})
    assert [each.circle for each in Subscription.objects.all()] == [mine]


def test_the_sweep_hints_at_what_is_due(manager: Member, hinted: list[int]) -> None:
    held = subscribe(manager, URL)
    paused = subscribe(manager, URL)
    Subscription.objects.filter(pk=paused.pk).update(state="paused")
    assert (tasks.sweep(), hinted) == (1, [held.pk])


def test_a_broker_that_is_away_takes_nothing_away(manager: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_pk: int) -> None:
        raise OSError

    monkeypatch.setattr(tasks.turn, "delay", away)
    subscribe(manager, URL)
    assert tasks.sweep() == 1


def test_create_needs_no_credential(manager: Member) -> None:
    assert manager.institution is not None
    told = Told(name="Ouvert", kind="taxii", url="https://taxii.example.org/c/1/objects/")
    made = create(manager.institution, told, author=manager, actor=actor_of(manager))
    assert (made.url, made.secret) == ("https://taxii.example.org/c/1/", "")
    assert wish_of(made).access.basic_or_bearer() == {}
