"""What the other server takes back is taken back here: what the subscription said, and nobody here said besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import from_text
from ingestion.submissions.models import Submission
from ingestion.submissions.services import submit
from ingestion.submissions.working import work_on
from ingestion.subscriptions.models import Subscription
from ingestion.subscriptions.paging import Page, Unit
from ingestion.subscriptions.running import ASKS
from ingestion.subscriptions.services import Told, amend
from iocmarket.accounts.models import Member
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.accounts.views import actor_of
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from tests.ingestion.subscriptions.conftest import KEY, Misp, subscribe, turn_of

PASSED = "2026-01-01T00:00:00Z"
TWO = ("45.9.0.1", "45.9.0.2")


def standing() -> list[str]:
    """The values of which something is said, each as often as it is said."""
    rows = Contribution.unscoped.filter(withdrawn_at=None)
    return sorted(rows.values_list("indicator__value", flat=True))


def change(misp: Misp, number: int, *values: str, stamp: int = 1_700_000_900) -> None:
    """The next version of an event of the server."""
    at = next(index for index, each in enumerate(misp.events) if each["info"] == f"Événement {number}")
    del misp.events[at]
    misp.add(number, *values, stamp=stamp)


def test_what_a_new_version_of_an_event_no_longer_holds(manager: Member, misp: Misp) -> None:
    misp.add(1, *TWO)
    held = subscribe(manager, misp.url)
    turn_of(held)
    change(misp, 1, "45.9.0.2")
    turn = turn_of(held)
    assert (turn.withdrawn, turn.refreshed, turn.error) == (1, 1, "")
    assert standing() == ["45.9.0.2"]
    assert turn_of(held).withdrawn == 0


def test_told_again_it_stands_again(manager: Member, misp: Misp) -> None:
    misp.add(1, *TWO)
    held = subscribe(manager, misp.url)
    turn_of(held)
    change(misp, 1, "45.9.0.2")
    turn_of(held)
    change(misp, 1, *TWO, stamp=1_700_001_000)
    assert turn_of(held).accepted == 1
    assert standing() == list(TWO)


def test_what_another_event_holds_is_said_because_of_that_one(manager: Member, misp: Misp) -> None:
    misp.add(1, *TWO)
    misp.add(2, "45.9.0.1")
    held = subscribe(manager, misp.url)
    turn_of(held)
    change(misp, 1, "45.9.0.2")
    turn_of(held)
    assert standing() == list(TWO)


def test_what_somebody_here_shared_too_stays(manager: Member, misp: Misp) -> None:
    misp.add(1, *TWO)
    held = subscribe(manager, misp.url)
    turn_of(held)
    sent = from_text("45.9.0.1", choices=Choices())
    submit(sent, viewer=viewer_of_member(manager), channel=Submission.Channel.WEB)
    change(misp, 1, "45.9.0.2")
    turn_of(held)
    assert set(standing()) == set(TWO)


def test_what_another_filter_leaves_out_was_not_taken_back(manager: Member, misp: Misp) -> None:
    misp.add(1, *TWO)
    held = subscribe(manager, misp.url)
    turn_of(held)
    told = Told(name="x", kind="misp", url=misp.url, secret=KEY, published=False, types=["ip-src"])
    amend(held, told, author=manager, actor=actor_of(manager))
    change(misp, 1, "45.9.0.2")
    assert turn_of(held).withdrawn == 0
    assert standing() == list(TWO)


def test_of_an_event_that_cannot_be_read_nothing_is_known(manager: Member, misp: Misp) -> None:
    misp.add(1, *TWO)
    held = subscribe(manager, misp.url)
    turn_of(held)
    change(misp, 1, "45.9.0.2")
    misp.events[0]["Tag"] = [{"name": "tlp:red"}]
    turn = turn_of(held)
    assert (turn.withdrawn, turn.unread) == (0, 1)
    assert standing() == list(TWO)


def test_a_large_event_is_followed_too(manager: Member, misp: Misp) -> None:
    cache.set("heartbeat:worker", 1)
    many = [f"45.10.{number // 250}.{number % 250}" for number in range(502)]
    misp.add(1, *many)
    held = subscribe(manager, misp.url)
    turn_of(held)
    while any(work_on(pk) for pk in Submission.objects.values_list("pk", flat=True)):
        pass
    assert len(standing()) == 502
    change(misp, 1, *many[1:])
    assert turn_of(held).withdrawn == 1
    assert many[0] not in standing()


def indicator(number: int, value: str, **said: Any) -> dict[str, Any]:
    """An object as another server tells it."""
    stamp = "2026-11-01T00:00:00.000Z"
    return {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012}",
        "created": stamp, "modified": stamp, "valid_from": stamp, "pattern_type": "stix",
        "pattern": f"[ipv4-addr:value = '{value}']",
        "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
        **said,
    }  # fmt: skip


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Mapping[str, Any]]]:
    """What the collection tells, a page a turn."""
    told: list[Sequence[Mapping[str, Any]]] = []

    def ask(_wish: object, cursor: dict[str, Any]) -> Page:
        place = int(cursor.get("after", 0))
        bundle = {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": told[place]}
        return Page([Unit("stix", bundle)], {"after": place + 1}, more=False)

    monkeypatch.setitem(ASKS, Subscription.Kind.TAXII, ask)
    return told


@pytest.mark.parametrize("end", [{"revoked": True}, {"valid_until": PASSED}])
def test_what_an_object_ends(end: dict[str, Any], manager: Member, pages: list[Sequence[Mapping[str, Any]]]) -> None:
    held = subscribe(manager, "https://taxii.example.org/api/collections/x/", "taxii")
    ended = indicator(1, "45.9.0.1", **end, valid_from="2025-12-01T00:00:00Z", modified="2026-11-02T00:00:00.000Z")
    pages += [[indicator(1, "45.9.0.1"), indicator(2, "45.9.0.2")], [ended]]
    assert turn_of(held).accepted == 2
    turn = turn_of(held)
    assert (turn.withdrawn, turn.refused) == (1, 1)
    assert standing() == ["45.9.0.2"]


def test_what_another_object_of_the_page_says_stands(manager: Member, pages: list[Sequence[Mapping[str, Any]]]) -> None:
    held = subscribe(manager, "https://taxii.example.org/api/collections/x/", "taxii")
    pages += [[indicator(1, "45.9.0.1")], [indicator(1, "45.9.0.1", revoked=True), indicator(3, "45.9.0.1")]]
    turn_of(held)
    assert turn_of(held).withdrawn == 0
    assert standing() == ["45.9.0.1"]


def test_one_that_cannot_be_read_keeps_no_other_from_being_followed(
    manager: Member, pages: list[Sequence[Mapping[str, Any]]]
) -> None:
    held = subscribe(manager, "https://taxii.example.org/api/collections/x/", "taxii")
    wrong = indicator(2, "45.9.0.2", revoked=True, pattern="[ipv4-addr:value = ")
    pages += [[indicator(1, "45.9.0.1")], [wrong, indicator(1, "45.9.0.1", revoked=True)]]
    turn_of(held)
    assert turn_of(held).withdrawn == 1


def test_what_still_holds_is_no_end(manager: Member, pages: list[Sequence[Mapping[str, Any]]]) -> None:
    held = subscribe(manager, "https://taxii.example.org/api/collections/x/", "taxii")
    until = (clock.now() + timedelta(days=3)).isoformat().replace("+00:00", "Z")
    pages += [[indicator(1, "45.9.0.1")], [indicator(1, "45.9.0.1", valid_until=until)]]
    turn_of(held)
    assert turn_of(held).withdrawn == 0
    assert standing() == ["45.9.0.1"]
