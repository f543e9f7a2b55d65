"""Events of a MISP server: each becomes a submission, once for each version, on the subscription's terms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django import Settings

from ingestion.submissions.models import Submission
from ingestion.subscriptions import misp as protocol
from ingestion.subscriptions import running
from ingestion.subscriptions.models import Subscription
from ingestion.subscriptions.running import pull
from iocmarket.accounts.models import Member
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.outbound import Limits
from tests.ingestion.subscriptions.conftest import KEY, Misp, subscribe, turn_of
from tests.mailbox import Mailbox


def said() -> dict[str, tuple[str, str]]:
    """What stands: value to marking and audience."""
    rows = Contribution.unscoped.select_related("indicator")
    return {row.indicator.value: (TLP(row.tlp).label, row.audience) for row in rows}


def test_each_event_is_a_submission_with_its_report(manager: Member, misp: Misp) -> None:
    misp.add(1, "45.9.0.1", "45.9.0.2")
    misp.add(2, "45.9.0.3", tags=())
    turn = turn_of(subscribe(manager, misp.url))
    assert (turn.received, turn.accepted, turn.unread, turn.error, turn.more) == (3, 3, 0, "", False)
    sent = Submission.objects.filter(channel=Submission.Channel.SUBSCRIPTION)
    assert sorted(sent.values_list("public_id", flat=True)) == sorted(turn.submissions)
    assert {each.author for each in sent} == {manager}
    assert set(Report.objects.values_list("title", flat=True)) == {"Événement 1", "Événement 2"}
    assert misp.heads[0]["Authorization"] == KEY


def test_what_another_one_marked_amber_stays_own(manager: Member, misp: Misp) -> None:
    misp.add(1, "45.9.0.1", tags=("tlp:green",))
    misp.add(2, "45.9.0.2", tags=("tlp:amber",))
    misp.add(3, "45.9.0.3", tags=())
    misp.add(4, "45.9.0.4", tags=("tlp:amber",), Orgc={})
    misp.add(5, "45.9.0.5", tags=("tlp:amber",), Orgc={"name": "université de la  mériane"})
    turn_of(subscribe(manager, misp.url))
    assert said() == {
        "45.9.0.1": ("GREEN", "community"),
        "45.9.0.2": ("AMBER", "own"),
        "45.9.0.3": ("AMBER", "own"),
        "45.9.0.4": ("AMBER", "own"),
        "45.9.0.5": ("AMBER", "community"),
    }


def test_with_a_permission_it_is_shared_as_far_as_the_event_says(manager: Member, misp: Misp) -> None:
    misp.add(1, "45.9.0.1", tags=("tlp:amber",))
    misp.add(2, "45.9.0.2", tags=("tlp:amber",), distribution="0")
    turn_of(subscribe(manager, misp.url, permitted=True))
    assert said() == {"45.9.0.1": ("AMBER", "community"), "45.9.0.2": ("AMBER", "own")}


def test_nothing_is_shared_under_the_floors(manager: Member, misp: Misp) -> None:
    misp.add(1, "45.9.0.1", tags=("tlp:clear", "PAP:CLEAR"))
    misp.add(2, "45.9.0.2", tags=())
    told: dict[str, Any] = {"tlp": TLP.CLEAR, "tlp_floor": TLP.GREEN, "pap_floor": PAP.AMBER, "threat_type": "scan"}
    turn_of(subscribe(manager, misp.url, **told))
    rows = Contribution.unscoped.values_list("tlp", "pap", "audience", "threat_type")
    assert set(rows) == {(TLP.GREEN, PAP.AMBER, "community", "scan")}
    assert set(Report.objects.values_list("tlp", "pap")) == {(TLP.GREEN, PAP.AMBER)}


def test_a_large_event_waits_for_the_worker(manager: Member, misp: Misp) -> None:
    cache.set("heartbeat:worker", 1)
    misp.add(1, *(f"45.10.{number // 250}.{number % 250}" for number in range(501)))
    turn = turn_of(subscribe(manager, misp.url))
    assert (turn.queued, turn.received, turn.error) == (501, 0, "")
    sent = Submission.objects.get(public_id=turn.submissions[0])
    assert (sent.state, sent.channel, sent.expected) == ("queued", "subscription", 501)


def test_what_cannot_be_read_is_told_and_keeps_nothing_else_out(manager: Member, misp: Misp) -> None:
    misp.add(1, "45.9.0.1", tags=("tlp:red",))
    misp.add(2, "45.9.0.2", "not-an-address")
    turn = turn_of(subscribe(manager, misp.url))
    assert (turn.unread, turn.received, turn.accepted, turn.refused) == (1, 2, 1, 1)
    assert turn.reasons.pop("red_names_persons") == 1
    assert sum(turn.reasons.values()) == 1
    assert list(said()) == ["45.9.0.2"]


def test_a_version_is_taken_once(manager: Member, misp: Misp) -> None:
    misp.add(1, "45.9.0.1")
    held = subscribe(manager, misp.url)
    turn_of(held)
    again = turn_of(held)
    assert (again.received, Submission.objects.count()) == (0, 1)
    assert misp.asked[-1]["timestamp"] == "1700000001"  # what it has is not asked for again
    misp.events[0] |= {"timestamp": "1700000900", "Attribute": misp.events[0]["Attribute"] * 1}
    misp.add(2, "45.9.0.1", "45.9.0.2", stamp=1_700_000_950)
    changed = turn_of(held)
    assert (changed.refreshed, changed.accepted, Submission.objects.count()) == (1, 2, 3)
    assert Contribution.unscoped.count() == 3


def test_what_is_published_later_is_not_missed(manager: Member, misp: Misp) -> None:
    misp.add(1, "45.9.0.1", stamp=1_700_000_500)
    misp.add(2, "45.9.0.2", stamp=1_700_000_100, published=False)
    held = subscribe(manager, misp.url, published=True)
    assert turn_of(held).accepted == 1
    misp.events[1] |= {"published": True, "publish_timestamp": "1700000900"}
    assert turn_of(held).accepted == 1


def test_filters_are_asked_for(manager: Member, misp: Misp) -> None:
    since = clock.now().replace(microsecond=0)
    turn_of(subscribe(manager, misp.url, types=["ip-dst"], tags=["apt:x"], published=True, since=since))
    [wish] = misp.asked
    assert wish["type"] == {"OR": ["ip-dst"]}
    assert wish["tags"] == {"OR": ["apt:x"]}
    assert (wish["published"], wish["publish_timestamp"]) == (True, str(int(since.timestamp())))


def test_an_event_that_slips_into_a_page_already_read_is_not_missed(
    manager: Member, misp: Misp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LIMIT", 2)
    for number in range(1, 6):
        misp.add(number, f"45.9.0.{number}")

    def unpublish(number: int) -> None:
        if number == 2:  # after the first page was answered
            misp.events[0]["published"] = False

    misp.before = unpublish
    turn = turn_of(subscribe(manager, misp.url, published=True))
    assert set(said()) == {f"45.9.0.{number}" for number in range(1, 6)}
    assert (turn.accepted, turn.refreshed) == (5, 0)


@pytest.mark.parametrize("after", range(1, 8))
def test_a_turn_that_is_killed_anywhere_loses_nothing(
    after: int, manager: Member, misp: Misp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LIMIT", 2)
    for number in range(1, 6):
        misp.add(number, f"45.9.0.{number}")
    held = subscribe(manager, misp.url)
    calls = 0

    def killed(work: Any) -> Any:
        def call(*said: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == after:
                raise SystemExit
            return work(*said)

        return call

    with monkeypatch.context() as there:
        for name in ("_taken", "_stored"):
            there.setattr(running, name, killed(getattr(running, name)))
        with pytest.raises(SystemExit):
            pull(held.pk)
    turn_of(held)
    assert set(said()) == {f"45.9.0.{number}" for number in range(1, 6)}
    turns = held.turns.order_by("pk")
    assert [turn.error for turn in turns] == ["cut_off", ""]
    assert sum(turn.accepted for turn in turns) == 5
    assert sum(turn.refreshed for turn in turns) == 0
    assert Submission.objects.count() == 5


def test_a_server_without_pages_is_read_once(manager: Member, misp: Misp, monkeypatch: pytest.MonkeyPatch) -> None:
    misp.add(1, "45.9.0.1")
    monkeypatch.setattr(misp, "told", lambda _wish: [{"Event": each} for each in misp.events])
    turn = turn_of(subscribe(manager, misp.url))
    assert (turn.accepted, turn.more, len(misp.asked)) == (1, False, 2)


def test_pages_that_are_too_large_are_asked_for_in_pieces(
    manager: Member, misp: Misp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.subscriptions.asking.LIMITS", Limits(seconds=10, bytes=2000))
    for number in range(1, 8):
        misp.add(number, f"45.9.0.{number}")
    misp.events[3]["info"] = "x" * 3000
    turn = turn_of(subscribe(manager, misp.url))
    assert set(said()) == {f"45.9.0.{number}" for number in (1, 2, 3, 5, 6, 7)}
    assert turn.reasons == {"net_large": 2}  # told in each of the two passes


def test_a_refused_key_stops_it_and_the_managers_are_written_to(manager: Member, misp: Misp, mailbox: Mailbox) -> None:
    misp.answer = lambda: (403, {}, b"{}")
    held = subscribe(manager, misp.url)
    turn = turn_of(held)
    assert (held.state, held.error, turn.error) == ("stopped", "credential_refused", "credential_refused")
    [letter] = mailbox.letters(manager.email)
    assert "Autre serveur" in letter.subject
    assert KEY not in letter.text
    assert pull(held.pk) is None


@pytest.mark.parametrize(
    ("status", "headers", "code", "minutes"),
    [
        (500, {}, "server_fails", (60, 120, 240)),
        (429, {"Retry-After": "7200"}, "asked_to_wait", (120, 120, 240)),
        (404, {}, "nothing_there", (60, 120, 240)),
        (400, {}, "request_refused", (60, 120, 240)),
        (200, {}, "not_json", (60, 120, 240)),
    ],
)
def test_after_errors_it_waits_longer_each_time(
    status: int, headers: dict[str, str], code: str, minutes: tuple[int, ...], manager: Member, misp: Misp
) -> None:
    misp.add(1, "45.9.0.1")
    misp.answer = lambda: (status, headers, b"oops")
    held = subscribe(manager, misp.url)
    for expected in minutes:
        before = clock.now()
        assert turn_of(held).error == code
        assert timedelta(0) <= held.next_at - before - timedelta(minutes=expected) < timedelta(seconds=30)
    misp.answer = lambda: None
    assert turn_of(held).accepted == 1
    assert (held.failures, held.error) == (0, "")


def test_it_is_nobody_elses_turn_while_it_is_not_due(manager: Member, misp: Misp) -> None:
    held = subscribe(manager, misp.url)
    turn_of(held)
    assert pull(held.pk) is None
    assert held.next_at - clock.now() > timedelta(minutes=59)


def test_the_inner_network_is_not_reached(manager: Member, misp: Misp, settings: Settings) -> None:
    held = subscribe(manager, misp.url)
    settings.OUTBOUND_ALLOWED = []
    for url in (misp.url, "https://169.254.169.254/", "https://[::1]/", "https://0x7f000001/"):
        Subscription.objects.filter(pk=held.pk).update(url=url)
        assert turn_of(held).error == "net_address"
    assert misp.asked == []


def test_without_its_author_nothing_is_shared(manager: Member, misp: Misp) -> None:
    misp.add(1, "45.9.0.1")
    held = subscribe(manager, misp.url)
    Member.objects.filter(pk=manager.pk).update(role="reader")
    assert turn_of(held).error == "author_gone"
    assert (held.state, misp.asked) == ("stopped", [])


def test_a_fault_of_ours_is_tried_later(manager: Member, misp: Misp, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_said: object) -> None:
        raise RuntimeError(KEY)

    monkeypatch.setitem(running.ASKS, "misp", broken)
    held = subscribe(manager, misp.url)
    assert turn_of(held).error == "our_fault"
    assert held.next_at > clock.now() + timedelta(minutes=59)
