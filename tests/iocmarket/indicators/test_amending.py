"""Amending a statement: the one way in which a marking is loosened, with its trace."""

from __future__ import annotations

from typing import Any

import pytest

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.services import amend
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import FULL, PAP, TLP
from iocmarket.publication.access import statements_of
from tests.factories import contribute, make_institution, make_member, publish, viewer_for, withdraw

pytestmark = pytest.mark.django_db


def writer(institution: Institution, member: Member | None = None) -> Viewer:
    """Somebody who may change what the institution said."""
    return Viewer(
        institution_id=institution.pk,
        ceiling=FULL,
        scopes=frozenset({Scope.INDICATORS_WRITE}),
        member_id=None if member is None else member.pk,
    )


def read(institution: Institution) -> set[tuple[str, int, int]]:
    """What a machine of the institution reads: values with their marking."""
    return {(e.indicator.value, e.tlp, e.pap) for e in statements_of(viewer_for(institution)) if e.indicator}


def test_a_marking_is_loosened_and_every_reader_learns_it_and_the_trace_says_both() -> None:
    mine, theirs = make_institution(), make_institution()
    row = contribute(mine, "45.1.1.1", tlp=TLP.AMBER_STRICT, pap=PAP.RED)
    publish()
    amend(row, viewer=writer(mine), changes={"tlp": TLP.GREEN, "pap": PAP.CLEAR})
    publish()
    assert read(theirs) == {("45.1.1.1", TLP.GREEN, PAP.CLEAR)}
    told = Event.objects.get(action="contribution.amended").details
    assert (told["before"]["tlp"], told["after"]["tlp"]) == ("AMBER+STRICT", "GREEN")
    assert "45.1.1.1" not in str(told)


def test_a_narrower_audience_is_a_withdrawal_for_those_who_lose_it() -> None:
    mine, kept, lost = make_institution(), make_institution(), make_institution()
    row = contribute(mine, "45.1.1.1")
    publish()
    amend(row, viewer=writer(mine), changes={"audience": "recipients", "recipients": [kept.pk]})
    publish()
    assert read(kept) == read(mine) == {("45.1.1.1", TLP.AMBER, PAP.GREEN)}
    assert read(lost) == set()


def test_red_leaves_every_view_and_becomes_the_persons_own() -> None:
    mine = make_institution()
    person, colleague = make_member(mine), make_member(mine)
    row = contribute(mine, "45.1.1.1")
    publish()
    changes: dict[str, Any] = {"tlp": TLP.RED, "audience": "recipients", "named_members": [colleague.pk]}
    amend(row, viewer=writer(mine, person), changes=changes)
    publish()
    assert read(mine) == set()
    row.refresh_from_db()
    assert row.author_id == person.pk
    for member in (person, colleague):
        assert Contribution.objects.visible_to(writer(mine, member)).get() == row
    with pytest.raises(Refusal) as refused:
        amend(row, viewer=writer(mine, colleague), changes={"tlp": TLP.AMBER})
    assert refused.value.code == "not_yours"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tlp": TLP.RED}, "red_needs_a_person"),
        ({"audience": "recipients"}, "recipients_missing"),
        ({"named_members": [1]}, "red_names_persons"),
    ],
)
def test_what_cannot_hold_together_is_refused_and_nothing_changes(changes: dict[str, Any], code: str) -> None:
    mine = make_institution()
    row = contribute(mine)
    with pytest.raises(Refusal) as refused:
        amend(row, viewer=writer(mine), changes=changes)
    assert refused.value.code == code
    held = Contribution.unscoped.get(pk=row.pk)
    assert (held.tlp, held.audience, held.named_members) == (TLP.AMBER, "community", [])


def test_red_is_told_to_persons_not_to_the_community() -> None:
    mine = make_institution()
    with pytest.raises(Refusal) as refused:
        amend(contribute(mine), viewer=writer(mine, make_member(mine)), changes={"tlp": TLP.RED})
    assert refused.value.code == "red_names_persons"


def test_a_red_statement_does_not_become_a_second_statement_of_the_institution() -> None:
    mine = make_institution()
    person = make_member(mine)
    contribute(mine, "45.1.1.1")
    red = contribute(mine, "45.1.1.1", tlp=TLP.RED, audience="own", author=person)
    with pytest.raises(Refusal) as refused:
        amend(red, viewer=writer(mine, person), changes={"tlp": TLP.AMBER})
    assert refused.value.code == "already_shared"


def test_what_is_gone_or_anothers_is_not_amended() -> None:
    mine, theirs = make_institution(), make_institution()
    row = contribute(mine)
    with pytest.raises(Refusal) as refused:
        amend(row, viewer=writer(theirs), changes={"confidence": 10})
    assert refused.value.code == "not_yours"
    withdraw(row)
    with pytest.raises(Refusal) as refused:
        amend(row, viewer=writer(mine), changes={"confidence": 10})
    assert refused.value.code == "withdrawn"
    with pytest.raises(ValueError, match="institution_id"):
        amend(row, viewer=writer(mine), changes={"institution_id": theirs.pk})
