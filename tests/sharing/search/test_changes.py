"""Changes: whoever goes on from a cursor holds what a fresh reader holds."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.leaving import leave_circle
from iocmarket.kernel.marking import TLP
from tests.factories import contribute, make_institution, make_token, publish, tell, withdraw

pytestmark = pytest.mark.django_db


class Follower:
    """A machine that keeps what it was told, page by page."""

    def __init__(self, institution: Institution, *, limit: int = 2, **token: Any) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {make_token(institution, **token)}"})
        self.limit = limit
        self.cursor = ""
        self.held: dict[str, str] = {}
        self.actions: list[tuple[str, str]] = []

    def go_on(self) -> None:
        """Until there is no more."""
        self.actions = []
        while True:
            query = {"limit": str(self.limit)} | ({"after": self.cursor} if self.cursor else {})
            answer = self.client.get("/api/v1/changes", query)
            assert answer.status_code == 200, answer.content
            told = answer.json()
            for change in told["changes"]:
                self.actions.append((change["action"], change["value"]))
                if change["action"] == "removed":
                    self.held.pop(change["value"], None)
                else:
                    self.held[change["value"]] = change["tlp"]
            self.cursor = told["next"]
            if not told["more"]:
                return

    def fresh(self) -> dict[str, str]:
        """What a list says now."""
        rows = self.client.get("/api/v1/indicators", {"limit": 1000}).json()["indicators"]
        return {row["value"]: row["tlp"] for row in rows}


def test_what_is_added_changed_and_removed_is_told_once_each() -> None:
    mine = make_institution()
    rows = [contribute(mine, f"45.1.1.{number}") for number in range(5)]
    publish()
    follower = Follower(mine)
    follower.go_on()
    assert follower.actions == [("added", f"45.1.1.{number}") for number in range(5)]
    assert follower.held == follower.fresh()
    follower.go_on()
    assert follower.actions == []
    contribute(make_institution(), "45.1.1.3", tlp=TLP.AMBER_STRICT)
    withdraw(rows[1])
    contribute(mine, "45.1.1.9")
    publish()
    follower.go_on()
    assert sorted(follower.actions) == [("added", "45.1.1.9"), ("changed", "45.1.1.3"), ("removed", "45.1.1.1")]
    assert follower.held == follower.fresh()


def test_a_value_that_another_view_still_holds_is_changed_not_removed() -> None:
    mine, theirs = make_institution(), make_institution()
    gone = contribute(theirs, "45.1.1.1")
    contribute(mine, "45.1.1.1", audience="own", tlp=TLP.AMBER_STRICT)
    publish()
    follower = Follower(mine)
    follower.go_on()
    withdraw(gone)
    publish()
    follower.go_on()
    assert follower.actions == [("changed", "45.1.1.1")]
    assert follower.held == follower.fresh() == {"45.1.1.1": "AMBER+STRICT"}


def test_a_view_that_was_gained_is_read_from_its_start_and_a_lost_one_ends_the_cursor() -> None:
    mine, theirs = make_institution(), make_institution()
    circle = create_circle(name="Veille", founder=theirs, actor=PLATFORM)
    contribute(theirs, "45.1.1.1", audience="circle", circle=circle)
    contribute(theirs, "45.1.1.2")
    publish()
    follower = Follower(mine)
    follower.go_on()
    assert follower.held == {"45.1.1.2": "AMBER"}
    join_circle(circle, mine, actor=PLATFORM)
    follower.go_on()
    assert follower.actions == [("added", "45.1.1.1")]
    assert follower.held == follower.fresh()
    leave_circle(circle, mine, actor=PLATFORM)
    answer = follower.client.get("/api/v1/changes", {"after": follower.cursor})
    assert (answer.status_code, answer.json()["code"]) == (410, "reset")


def test_a_narrow_token_follows_its_own_views() -> None:
    mine = make_institution()
    row = contribute(mine, "45.1.1.1", tlp=TLP.GREEN)
    follower = Follower(mine, tlp_ceiling=TLP.GREEN)
    publish()
    follower.go_on()
    assert follower.held == {"45.1.1.1": "GREEN"}
    row.tlp = TLP.AMBER
    row.save()
    tell(row)
    publish()
    follower.go_on()
    assert follower.actions == [("removed", "45.1.1.1")]


@pytest.mark.parametrize("cursor", ["nonsense", "e30x", "W10", "bnVsbA", "eyJhIjoieCJ9", "eyJhIjoxZTMwMH0"])
def test_a_cursor_that_this_exit_did_not_give_is_refused(cursor: str) -> None:
    client = Follower(make_institution()).client
    answer = client.get("/api/v1/changes", {"after": cursor})
    assert answer.status_code in {400, 410}
    assert answer.json()["code"] in {"bad_cursor", "reset"}


@pytest.mark.parametrize(("query", "where"), [({"limit": "0"}, "limit"), ({"nonsense": "1"}, "nonsense")])
def test_what_cannot_be_asked_is_refused_with_its_place(query: dict[str, str], where: str) -> None:
    answer = Follower(make_institution()).client.get("/api/v1/changes", query)
    assert (answer.status_code, answer.json()["where"]) == (400, where)
