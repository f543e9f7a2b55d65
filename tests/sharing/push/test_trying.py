"""A message on trial: sent as the others are, answered on the page, kept nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts.models import Institution, Member
from iocmarket.audit.models import Event
from sharing.push.models import Delivery, Hook, Told
from tests.factories import make_institution, make_member
from tests.sharing.push.conftest import KEY, Index, Target, make_hook, verify


@pytest.fixture
def manager(client: Client, institution: Institution) -> Member:
    """Who is logged in."""
    found = Member.objects.get(institution=institution)
    client.force_login(found)
    return found


def trial(client: Client, hook: Hook) -> Any:
    answer = client.post(f"/webhooks/{hook.public_id}/test")
    assert answer.status_code == 200
    return answer


def test_a_test_is_signed_and_its_answer_shown(
    client: Client, manager: Member, institution: Institution, receiver: Target
) -> None:
    made = make_hook(institution, receiver.url)
    receiver.answer = lambda request: (202, {}, b"merci <b>\x00")  # type: ignore[method-assign]
    answer = trial(client, made.hook)
    [request] = receiver.received
    verify(request, made.secret)
    told = json.loads(request.body)
    assert (told["type"], told["data"]) == ("webhook.test", {})
    seen = answer.context["trial"]
    assert (seen.status, seen.failure, seen.answer) == (202, "", "merci <b>\ufffd")
    assert request.message in seen.sent
    assert made.secret not in answer.content.decode()
    assert "merci &lt;b&gt;" in answer.content.decode()
    assert not Delivery.objects.exists()
    assert not Told.objects.exists()
    details = Event.objects.get(action="webhook.tried").details
    assert (details["status"], details["failure"]) == (202, "")
    assert Hook.objects.get().error == ""


@pytest.mark.parametrize(
    ("status", "failure"), [(401, "credential_refused"), (404, "nothing_there"), (500, "target_fails")]
)
def test_a_test_that_fails_says_why_and_changes_nothing(
    client: Client, manager: Member, institution: Institution, receiver: Target, status: int, failure: str
) -> None:
    hook = make_hook(institution, receiver.url).hook
    receiver.then = (status, {})
    assert trial(client, hook).context["trial"].failure
    assert Event.objects.get(action="webhook.tried").details["failure"] == failure
    hook.refresh_from_db()
    assert (hook.state, hook.error, hook.dead_in_a_row) == (Hook.State.ACTIVE, "", 0)


def test_a_test_reaches_nothing_inside_our_network(
    client: Client, manager: Member, institution: Institution, receiver: Target, settings: Any
) -> None:
    hook = make_hook(institution, receiver.url).hook
    settings.OUTBOUND_ALLOWED = []
    assert trial(client, hook).context["trial"].failure
    assert receiver.received == []


def test_an_index_is_tried_with_its_credential_which_is_not_shown(
    client: Client, manager: Member, institution: Institution, index: Index
) -> None:
    hook = make_hook(institution, index.url, kind="bulk", auth="api-key", secret=KEY).hook
    answer = trial(client, hook)
    seen = answer.context["trial"]
    assert (seen.status, seen.failure) == (200, "")
    assert KEY not in answer.content.decode()
    assert index.documents == {}
    index.refuses["iocmarket-test"] = (403, "security_exception")
    assert trial(client, hook).context["trial"].failure


def test_nobody_else_tries_it(client: Client, institution: Institution, receiver: Target) -> None:
    hook = make_hook(institution, receiver.url).hook
    client.force_login(make_member(make_institution(), email="autre@valbrune.example"))
    assert client.post(f"/webhooks/{hook.public_id}/test").status_code == 404
    assert receiver.received == []
