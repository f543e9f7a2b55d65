"""Web hooks: what changes arrives signed, in order and completely, whatever becomes of the target meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.leaving import leave_circle
from iocmarket.kernel.marking import PAP, TLP
from sharing.feeds.policies import set_policy
from sharing.feeds.policy import Policy
from sharing.push import sending, services
from sharing.push.models import Delivery, Hook
from sharing.push.services import Told
from tests.factories import contribute, make_institution, make_token, publish, tell, withdraw
from tests.mailbox import Mailbox
from tests.sharing.push.conftest import Target, make_hook, turn, verify

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time passes when a test says so, and a little by itself."""
    with time_machine.travel(timezone.now(), tick=True) as travelling:
        yield travelling


def delivery_of(hook: Hook) -> Delivery:
    """Its newest."""
    found = hook.deliveries.order_by("-pk").first()
    assert found is not None
    return found


def later(clock: time_machine.Traveller, **span: float) -> None:
    """Time passes, and the worker has its turn."""
    clock.shift(timedelta(**span))
    turn()


# What arrives


def test_what_is_added_changed_and_withdrawn_arrives_signed(institution: Institution, receiver: Target) -> None:
    other = make_institution()
    row = contribute(other, "45.1.1.1", tlp=TLP.GREEN)
    made = make_hook(institution, receiver.url)
    turn()
    contribute(institution, "45.1.1.2")
    contribute(institution, "45.1.1.1", tlp=TLP.AMBER)
    turn()
    withdraw(row)
    turn()
    assert [sorted(request.actions) for request in receiver.received] == [
        [("added", "45.1.1.1")],
        [("added", "45.1.1.2"), ("changed", "45.1.1.1")],
        [("changed", "45.1.1.1")],
    ]
    for request in receiver.received:
        verify(request, made.secret)
        assert request.headers["content-type"] == "application/json"
    with pytest.raises(AssertionError):
        verify(receiver.received[0], "whsec_" + "A" * 44)


def test_a_change_is_told_as_the_api_tells_it(institution: Institution, receiver: Target) -> None:
    contribute(make_institution(), "45.1.1.1", threat_type="c2")
    make_hook(institution, receiver.url)
    turn()
    client = Client(headers={"Authorization": f"Bearer {make_token(institution)}"})
    told = client.get("/api/v1/changes").json()["changes"]
    assert receiver.received[0].changes == told


def test_a_value_that_nobody_vouches_for_any_more_is_removed(institution: Institution, receiver: Target) -> None:
    row = contribute(make_institution(), "45.1.1.1")
    make_hook(institution, receiver.url)
    turn()
    withdraw(row)
    turn()
    gone = receiver.received[1].changes[0]
    assert gone == {
        "action": "removed", "id": str(row.indicator.public_id), "type": "ipv4", "value": "45.1.1.1",
        "defanged": "45.1.1[.]1",
    }  # fmt: skip
    assert receiver.held() == {}


def test_a_hook_may_begin_now(institution: Institution, receiver: Target) -> None:
    old = contribute(make_institution(), "45.1.1.1")
    publish()
    make_hook(institution, receiver.url, from_start=False)
    turn()
    assert receiver.received == []
    contribute(institution, "45.1.1.2")
    withdraw(old)  # the target never heard of it
    turn()
    assert receiver.actions == [("added", "45.1.1.2")]


def test_what_changed_in_nothing_is_not_told_again(institution: Institution, receiver: Target) -> None:
    row = contribute(institution, "45.1.1.1")
    make_hook(institution, receiver.url)
    turn()
    tell(row)
    turn()
    assert len(receiver.received) == 1


def test_many_go_in_turns_of_a_thousand_at_most(
    institution: Institution, receiver: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sharing.push.gathering.EACH", 2)
    for number in range(5):
        contribute(institution, f"45.1.1.{number}")
    make_hook(institution, receiver.url)
    turn()
    assert [len(request.changes) for request in receiver.received] == [2, 2, 1]
    assert receiver.actions == [("added", f"45.1.1.{number}") for number in range(5)]


def test_a_body_is_never_longer_than_ten_megabytes(
    institution: Institution, receiver: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BODY_MAX", 900)
    for number in range(5):
        contribute(institution, f"45.1.1.{number}")
    make_hook(institution, receiver.url)
    turn()
    assert [len(request.changes) for request in receiver.received] == [2, 2, 1]
    assert max(len(request.body) for request in receiver.received) < 1000
    assert receiver.actions == [("added", f"45.1.1.{number}") for number in range(5)]


# What is asked for, and what may be told


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"types": ["domain"]}, {"mal.example.org"}),
        ({"threat_types": ["c2"]}, {"45.1.1.1"}),
        ({"score_min": 90}, {"45.1.1.1"}),
        ({"tlp_max": int(TLP.GREEN)}, {"45.1.1.2"}),
        ({"operated_by": "provider"}, {"45.1.1.1", "45.1.1.2", "mal.example.org"}),
        ({}, {"45.1.1.1", "45.1.1.2", "45.1.1.3", "45.1.1.4", "mal.example.org"}),
    ],
    ids=["type", "threat", "score", "tlp", "provider", "all"],
)
def test_a_hook_is_told_what_it_asks_for(
    institution: Institution, receiver: Target, asked: dict[str, Any], told: set[str]
) -> None:
    other = make_institution()
    contribute(other, "45.1.1.1", threat_type="c2", confidence=100)
    contribute(other, "45.1.1.2", tlp=TLP.GREEN, confidence=50)
    contribute(other, "45.1.1.3", tlp=TLP.AMBER_STRICT, confidence=50)
    contribute(other, "45.1.1.4", pap=PAP.RED, confidence=50)
    contribute(other, "mal.example.org", type_name="domain", confidence=50)
    contribute(other, "45.1.1.5", audience="own")
    make_hook(institution, receiver.url, **asked)
    turn()
    assert {value for _action, value in receiver.actions} == told


def test_what_leaves_the_filter_is_taken_back_and_what_was_never_in_it_is_not_named(
    institution: Institution, receiver: Target
) -> None:
    other = make_institution()
    inside, outside = contribute(other, "45.1.1.1", tlp=TLP.GREEN), contribute(other, "45.1.1.2", tlp=TLP.AMBER)
    make_hook(institution, receiver.url, tlp_max=int(TLP.GREEN))
    turn()
    for row in (inside, outside):
        row.tlp = TLP.AMBER_STRICT
        row.save()
        tell(row)
    turn()
    assert receiver.actions == [("added", "45.1.1.1"), ("removed", "45.1.1.1")]


def test_a_score_that_falls_below_the_filter_by_time_alone_is_noticed_within_a_day(
    institution: Institution, receiver: Target, clock: time_machine.Traveller
) -> None:
    contribute(institution, "45.1.1.1", confidence=80)
    make_hook(institution, receiver.url, score_min=79)
    turn()
    later(clock, days=6)
    assert receiver.actions == [("added", "45.1.1.1"), ("removed", "45.1.1.1")]


def test_another_filter_is_applied_to_what_was_told(institution: Institution, receiver: Target) -> None:
    contribute(institution, "45.1.1.1")
    contribute(institution, "mal.example.org", type_name="domain")
    hook = make_hook(institution, receiver.url, types=["ipv4"]).hook
    turn()
    said = Told(name="SOAR", url=receiver.url, operated_by="self", from_start=True, types=["domain"])
    services.amend_hook(hook, said, actor=PLATFORM)
    turn()
    assert sorted(receiver.actions[1:]) == [("added", "mal.example.org"), ("removed", "45.1.1.1")]


def test_the_feed_policy_of_the_institution_holds_for_what_is_sent(institution: Institution, receiver: Target) -> None:
    other = make_institution()
    contribute(other, "45.1.1.1", threat_type="scan")
    contribute(other, "45.1.1.2", threat_type="c2")
    ignored = {"matrix": {"scan": {"ipv4": "ignore"}, "c2": {"ipv4": "detect"}}}
    set_policy(institution, Policy.read(ignored), actor=PLATFORM)
    make_hook(institution, receiver.url)
    turn()
    assert receiver.actions == [("added", "45.1.1.2")]
    set_policy(institution, Policy.read({"matrix": {"c2": {"ipv4": "ignore"}}}), actor=PLATFORM)
    turn()
    assert sorted(receiver.actions[1:]) == [("added", "45.1.1.1"), ("removed", "45.1.1.2")]


def test_a_new_target_is_told_everything(institution: Institution, receiver: Target) -> None:
    contribute(institution, "45.1.1.1")
    hook = make_hook(institution, receiver.url).hook
    turn()
    said = Told(name="SOAR", url=f"{receiver.url}/other", operated_by="self", from_start=True)
    services.amend_hook(hook, said, actor=PLATFORM)
    turn()
    assert [request.path for request in receiver.received] == ["/hook", "/hook/other"]
    assert receiver.received[1].actions == [("added", "45.1.1.1")]


def test_what_a_circle_said_is_taken_back_when_the_institution_leaves_it(
    institution: Institution, receiver: Target
) -> None:
    other = make_institution()
    circle = create_circle(name="Veille", founder=other, actor=PLATFORM)
    contribute(other, "45.1.1.1", audience="circle", circle=circle)
    contribute(other, "45.1.1.2")
    make_hook(institution, receiver.url)
    turn()
    assert receiver.actions == [("added", "45.1.1.2")]
    join_circle(circle, institution, actor=PLATFORM)
    turn()
    leave_circle(circle, institution, actor=PLATFORM)
    contribute(other, "45.1.1.3")
    turn()
    turn()
    assert sorted(receiver.actions[1:]) == [("added", "45.1.1.1"), ("added", "45.1.1.3"), ("removed", "45.1.1.1")]


def test_a_suspended_institution_is_told_nothing(
    institution: Institution, receiver: Target, clock: time_machine.Traveller
) -> None:
    hook = make_hook(institution, receiver.url).hook
    turn()
    row = contribute(make_institution(), "45.1.1.1")
    Institution.objects.filter(pk=institution.pk).update(state=Institution.State.SUSPENDED)
    turn(hook)
    later(clock, days=2)
    assert receiver.received == []
    Institution.objects.filter(pk=institution.pk).update(state=Institution.State.APPROVED)
    turn()
    assert receiver.actions == [("added", row.indicator.value)]


# When the target fails


def test_what_fails_is_tried_again_under_the_same_id_before_all_that_came_later(
    institution: Institution, receiver: Target, clock: time_machine.Traveller
) -> None:
    hook = make_hook(institution, receiver.url).hook
    turn()
    receiver.answers = [(500, {}), (503, {"Retry-After": "60"}), (302, {"Location": "http://elsewhere.example/"})]
    contribute(institution, "45.1.1.1")
    turn()
    contribute(institution, "45.1.1.2")
    turn()
    assert len(receiver.received) == 1, "too early"
    later(clock, seconds=11)
    later(clock, seconds=31)
    assert len(receiver.received) == 2, "asked to wait for a minute"
    later(clock, seconds=30)
    hook.refresh_from_db()
    assert (hook.state, hook.error, delivery_of(hook).status) == ("active", "net_redirect", None)
    later(clock, minutes=2)
    assert [request.actions for request in receiver.received] == [[("added", "45.1.1.1")]] * 4 + [
        [("added", "45.1.1.2")]
    ]
    assert len({request.message for request in receiver.received[:4]}) == 1
    assert len({request.headers["webhook-signature"] for request in receiver.received[:4]}) == 4
    hook.refresh_from_db()
    assert (hook.error, hook.deliveries.filter(state="delivered").count()) == ("", 2)


def test_what_was_withdrawn_while_the_target_was_away_is_not_told_any_more(
    institution: Institution, receiver: Target, clock: time_machine.Traveller
) -> None:
    make_hook(institution, receiver.url)
    turn()
    row = contribute(make_institution(), "45.1.1.1")
    contribute(institution, "45.1.1.2")
    receiver.answers = [(500, {})]
    turn()
    withdraw(row)
    later(clock, seconds=11)
    # It may have arrived the first time, whatever the target said: so it is taken back, as another message.
    first, second = receiver.received
    assert second.actions == [("removed", "45.1.1.1"), ("added", "45.1.1.2")]
    assert first.message != second.message
    later(clock, minutes=1)
    assert receiver.held() == {second.changes[1]["id"]: "AMBER"}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_is_killed_around_sending_loses_nothing(
    institution: Institution, receiver: Target, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The journal of the attempt is committed, and then the process is gone: whether or not the message left."""
    hook = make_hook(institution, receiver.url).hook
    turn()
    row = contribute(institution, "45.1.1.1")

    class Killed(BaseException):
        """As by SIGKILL: nothing of the program catches it."""

    def killed(*_: object) -> None:
        raise Killed

    name = "_sent" if moment == "before" else "_arrived"
    with monkeypatch.context() as patch:
        patch.setattr(sending, name, killed)
        with pytest.raises(Killed):
            turn()
    turn()
    arrived = receiver.received
    assert [request.actions for request in arrived] == [[("added", "45.1.1.1")]] * (1 if moment == "before" else 2)
    assert len({request.message for request in arrived}) == 1, "a receiver takes it once"
    assert receiver.held() == {str(row.indicator.public_id): "AMBER"}
    assert delivery_of(hook).state == "delivered"
    withdraw(row)
    turn()
    assert receiver.held() == {}


def test_after_a_day_a_delivery_is_given_up_and_can_be_sent_again(
    institution: Institution, receiver: Target, clock: time_machine.Traveller
) -> None:
    hook = make_hook(institution, receiver.url).hook
    turn()
    contribute(institution, "45.1.1.1")
    receiver.then = (400, {})
    begun = timezone.now()
    turn()
    while delivery_of(hook).state == "waiting":
        later(clock, hours=1)
    assert timezone.now() - begun > timedelta(hours=24)
    assert len(receiver.received) == len(sending.PAUSES) + 1
    receiver.then = (204, {})
    contribute(institution, "45.1.1.2")
    turn()
    dead = hook.deliveries.get(state="dead")
    assert (dead.error, dead.status) == ("target_refuses", 400)
    assert receiver.actions[-1] == ("added", "45.1.1.2")
    later(clock, days=2)
    assert receiver.actions[-1] == ("added", "45.1.1.2"), "what was given up waits for somebody"
    services.resend(dead, actor=PLATFORM)
    turn()
    assert receiver.actions[-1] == ("added", "45.1.1.1")
    assert len(receiver.held()) == 2
    assert not hook.deliveries.exclude(state="delivered").exists()


def test_a_target_that_stays_away_stops_the_hook_which_goes_on_when_it_is_resumed(
    institution: Institution, receiver: Target, clock: time_machine.Traveller, mailbox: Mailbox
) -> None:
    hook = make_hook(institution, receiver.url).hook
    turn()
    receiver.then = (503, {})
    for number in range(sending.DEAD_MOST):
        contribute(institution, f"45.1.1.{number}")
        turn()
        while delivery_of(hook).state == "waiting":
            later(clock, hours=7)
    hook.refresh_from_db()
    assert (hook.state, hook.error) == ("stopped", "target_fails")
    (letter,) = mailbox.letters("manager@meriane.example")
    assert f"/webhooks/{hook.public_id}" in letter.text
    count = len(receiver.received)
    contribute(institution, "45.1.1.9")
    later(clock, days=1)
    assert len(receiver.received) == count
    receiver.then = (204, {})
    services.resume_hook(hook, actor=PLATFORM)
    turn()
    assert receiver.actions[-1] == ("added", "45.1.1.9")
    for dead in hook.deliveries.filter(state="dead"):
        services.resend(dead, actor=PLATFORM)
    turn()
    assert len(receiver.held()) == 4


def test_a_target_that_is_gone_stops_the_hook_at_once(institution: Institution, receiver: Target) -> None:
    hook = make_hook(institution, receiver.url).hook
    turn()
    contribute(institution, "45.1.1.1")
    receiver.answers = [(410, {})]
    turn()
    hook.refresh_from_db()
    assert (hook.state, hook.error, delivery_of(hook).state) == ("stopped", "target_gone", "waiting")
    services.resume_hook(hook, actor=PLATFORM)
    turn()
    assert receiver.held()


def test_a_paused_hook_waits_and_goes_on(institution: Institution, receiver: Target) -> None:
    hook = make_hook(institution, receiver.url, from_start=False).hook
    turn()
    services.pause_hook(hook, actor=PLATFORM)
    contribute(institution, "45.1.1.1")
    turn()
    assert receiver.received == []
    services.resume_hook(hook, actor=PLATFORM)
    turn()
    assert receiver.actions == [("added", "45.1.1.1")]


def test_a_secret_is_renewed_without_a_gap(
    institution: Institution, receiver: Target, clock: time_machine.Traveller
) -> None:
    made = make_hook(institution, receiver.url)
    renewed = services.renew_secret(made.hook, actor=PLATFORM)
    contribute(institution, "45.1.1.1")
    turn()
    for secret in (made.secret, renewed.secret):
        verify(receiver.received[-1], secret)
    contribute(institution, "45.1.1.2")
    later(clock, hours=25)
    verify(receiver.received[-1], renewed.secret)
    with pytest.raises(AssertionError):
        verify(receiver.received[-1], made.secret)


def test_a_copy_of_the_database_signs_nothing(institution: Institution, receiver: Target) -> None:
    made = make_hook(institution, receiver.url)
    stored = json.dumps(list(Hook.objects.values()), default=str)
    assert made.secret.startswith("whsec_")
    assert made.secret.removeprefix("whsec_") not in stored


def test_a_secret_of_another_server_key_stops_the_hook(institution: Institution, receiver: Target) -> None:
    hook = make_hook(institution, receiver.url).hook
    Hook.objects.update(secret="nonsense")
    contribute(institution, "45.1.1.1")
    turn()
    hook.refresh_from_db()
    assert (hook.state, hook.error, receiver.received) == ("stopped", "credential_lost", [])


def test_inside_our_own_network_nothing_is_sent_unless_the_operator_allows(
    institution: Institution, receiver: Target, settings: Any
) -> None:
    hook = make_hook(institution, receiver.url).hook
    settings.OUTBOUND_ALLOWED = []
    contribute(institution, "45.1.1.1")
    turn()
    hook.refresh_from_db()
    assert (hook.error, receiver.received) == ("net_address", [])
