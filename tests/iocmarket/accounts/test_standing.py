"""A suspended institution is out everywhere at its next request, and what it said stays."""

from __future__ import annotations

import pytest
from django.test import Client

from iocmarket.accounts.standing import reinstate_institution, suspend_institution
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal
from iocmarket.publication.access import entries_of, statements_of, views_of
from tests.factories import contribute, make_institution, make_member, make_token, publish, viewer_for, withdraw

pytestmark = pytest.mark.django_db
PATHS = ("/api/v1/indicators", "/feeds/csv", "/taxii2/api/collections/")


def test_sessions_and_tokens_open_nothing_until_it_is_let_in_again() -> None:
    mine = make_institution()
    machine = Client(headers={"Authorization": f"Bearer {make_token(mine)}"})
    person = Client()
    person.force_login(make_member(mine))
    publish()
    assert [machine.get(path).status_code for path in PATHS] == [200, 200, 200]
    assert person.get("/").status_code == 200
    suspend_institution(mine, reason="charter", actor=PLATFORM)
    assert [machine.get(path).status_code for path in PATHS] == [401, 401, 401]
    assert person.get("/").status_code != 200
    assert person.get("/api/v1/indicators").status_code in {401, 403}
    reinstate_institution(mine, actor=PLATFORM)
    assert [machine.get(path).status_code for path in PATHS] == [200, 200, 200]
    assert person.get("/").status_code == 200


def test_what_it_said_is_read_by_the_others() -> None:
    mine, theirs = make_institution(), make_institution()
    contribute(mine, "45.1.1.1")
    suspend_institution(mine, reason="charter", actor=PLATFORM)
    publish()
    assert statements_of(viewer_for(theirs)).count() == 1


def test_what_was_withdrawn_while_it_was_out_is_never_told_to_it() -> None:
    mine = make_institution()
    row = contribute(make_institution(), "45.1.1.1")
    publish()
    suspend_institution(mine, reason="charter", actor=PLATFORM)
    withdraw(row)
    publish()
    reinstate_institution(mine, actor=PLATFORM)
    viewer = viewer_for(mine)
    assert not entries_of(viewer, views_of(viewer)).exclude(indicator=None).exists()


def test_each_move_needs_its_state_and_leaves_a_trace() -> None:
    mine = make_institution()
    with pytest.raises(Refusal, match="reason"):
        suspend_institution(mine, reason=" ", actor=PLATFORM)
    with pytest.raises(Refusal) as refused:
        reinstate_institution(mine, actor=PLATFORM)
    assert refused.value.code == "not_suspended"
    suspend_institution(mine, reason="charter", actor=PLATFORM)
    with pytest.raises(Refusal) as refused:
        suspend_institution(mine, reason="again", actor=PLATFORM)
    assert refused.value.code == "not_approved"
    assert Event.objects.get(action="institution.suspended").details == {"reason": "charter"}
