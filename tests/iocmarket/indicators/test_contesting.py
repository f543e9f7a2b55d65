"""Which values false positives keep out of feeds that block, for whom, and what tells that this changed."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.models import Institution
from iocmarket.indicators.contesting import Contested, contested, contested_for, contested_statement
from iocmarket.indicators.models import Sighting
from iocmarket.indicators.sightings import Observation, report_sightings, retract
from iocmarket.kernel.marking import PARTNER, PROVIDER, TLP
from iocmarket.prepared import planned_rows
from tests.factories import contribute, indicator_of, make_institution, report, viewer_for, withdraw
from tests.statements import statements_of

WRITE = ["sightings:write"]
people = st.integers(0, 4)


@given(contributors=st.frozensets(people, min_size=1), reporters=st.frozensets(people))
def test_the_rule_in_its_own_words(contributors: frozenset[int], reporters: frozenset[int]) -> None:
    every_one = bool(reporters) and all(who in reporters for who in contributors)
    enough = len(reporters) >= 2 and len(reporters) >= len(contributors)
    assert contested(contributors, reporters) is (every_one or enough)


def test_one_stranger_is_not_heard_against_a_contributor() -> None:
    assert not contested({1}, {2})
    assert contested({1}, {1})
    assert contested({1}, {2, 3})
    assert not contested({1, 2, 3}, {4, 5})
    assert not contested({1, 2}, {1})


def test_more_reports_never_let_a_value_in_again() -> None:
    everybody = list(range(4))
    subsets = [frozenset(found) for found in chain.from_iterable(combinations(everybody, n) for n in range(1, 5))]
    for contributors in subsets:
        for reporters in subsets:
            if contested(contributors, reporters):
                assert all(contested(contributors, reporters | {who}) for who in everybody)


@given(
    contributors=st.sets(people, min_size=1),
    reporters=st.sets(people),
    hidden=st.sets(people),
    anonymous=st.sets(people),
)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@pytest.mark.django_db
def test_the_set_is_the_rule_over_what_each_viewer_sees(
    contributors: set[int], reporters: set[int], hidden: set[int], anonymous: set[int]
) -> None:
    """`hidden` keep a statement of their own for themselves: it counts for nobody but them."""
    with transaction.atomic():
        point = transaction.savepoint()
        institutions = [make_institution() for _ in range(6)]
        value = indicator_of("45.5.5.5", type_name="ipv4")
        for who in contributors:
            contribute(institutions[who], value.value, anonymous=who in anonymous)
        for who in reporters:
            report(institutions[who], value)
        for who in hidden - contributors:
            contribute(institutions[who], value.value, audience="own")
        for who, institution in enumerate(institutions):
            seen_by = contributors | ({who} & hidden)
            said = {None if one in anonymous & contributors else one for one in seen_by}
            heard = {None if one in anonymous & contributors else one for one in reporters}
            expected = who in reporters or contested(said, heard)
            found = contested_for(viewer_for(institution))
            assert found == Contested(*[frozenset({value.pk} if expected else ())] * 2)
            assert contested_for(viewer_for(institution), [value.pk]) == found
            assert contested_for(viewer_for(institution), []) == Contested()
        transaction.savepoint_rollback(point)


@pytest.fixture
def author(db: None) -> Institution:
    """Who shares."""
    return make_institution()


def test_the_reporters_own_feeds_drop_it_at_once_and_retracting_lets_it_in(author: Institution) -> None:
    me, other, said = make_institution(), make_institution(), contribute(author)
    made = report(me, said)
    assert contested_for(viewer_for(me)).reason(said.indicator_id) == "false_positive"
    assert contested_for(viewer_for(other)).reason(said.indicator_id) is None
    retract(made, viewer=viewer_for(me, scopes=WRITE))
    assert contested_for(viewer_for(me)) == Contested()


def test_other_kinds_of_sightings_contest_nothing(author: Institution) -> None:
    said = contribute(author)
    for kind in (Sighting.Kind.SEEN, Sighting.Kind.EXPIRED):
        report(author, said, kind)
    assert contested_for(viewer_for(author)) == Contested()


def test_a_withdrawn_statement_needs_no_contesting(author: Institution) -> None:
    second, reader = make_institution(), make_institution()
    first, again = contribute(author, "45.5.5.6"), contribute(second, "45.5.5.6")
    report(author, first)
    assert contested_for(viewer_for(reader)) == Contested()
    withdraw(again)
    assert contested_for(viewer_for(reader)).deciding == {first.indicator_id}


def test_an_exit_that_may_not_see_the_reports_is_told_of_a_policy_alone(author: Institution) -> None:
    me = make_institution()
    strict = contribute(author, "45.5.5.7", tlp=TLP.AMBER_STRICT)
    report(me, strict)
    narrow = replace(viewer_for(me), ceiling=PROVIDER)
    assert contested_for(narrow) == Contested(frozenset({strict.indicator_id}))
    assert contested_for(narrow).reason(strict.indicator_id) == "policy"
    assert contested_for(viewer_for(me)).reason(strict.indicator_id) == "false_positive"


def test_a_report_from_a_narrow_exit_counts_within_that_exit(author: Institution) -> None:
    me, said = make_institution(), contribute(author, tlp=TLP.GREEN)
    item = Observation(kind="false-positive", public_id=said.indicator.public_id)
    report_sightings([item], replace(viewer_for(me, scopes=WRITE), ceiling=PARTNER))
    assert contested_for(replace(viewer_for(me), ceiling=PARTNER)).reason(said.indicator_id) == "false_positive"


def test_the_signature_follows_what_is_seen_and_nothing_else(author: Institution) -> None:
    me = make_institution()
    secret, said = contribute(author, audience="own"), contribute(author)
    signatures = [planned_rows(*contested_statement(viewer_for(me)))]

    def changed() -> bool:
        signatures.append(planned_rows(*contested_statement(viewer_for(me))))
        return signatures[-1] != signatures[-2]

    report(author, secret)
    assert not changed()
    report(author, said, "seen")
    assert not changed()
    made = report(author, said)
    assert changed()
    retract(made, viewer=viewer_for(author, scopes=WRITE))
    assert changed()
    assert signatures[-1] == signatures[0]


def test_the_number_of_statements_is_constant(author: Institution) -> None:
    me = make_institution()
    counts: list[Any] = [statements_of(lambda: contested_for(viewer_for(me)))]
    for _ in range(3):
        report(me, contribute(author))
    counts.append(statements_of(lambda: contested_for(viewer_for(me))))
    assert counts[0] == counts[1]
    assert len(counts[0]) == 2
