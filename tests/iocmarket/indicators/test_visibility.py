"""The visibility rule: the sentence and the database's condition say the same, for every statement and viewer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Circle, Institution, Member
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.indicators.visibility import circles_of, effective_marking, may_withdraw, visible
from iocmarket.kernel.marking import FULL, PAP, PARTNER, PROVIDER, PUBLIC, TLP, Marking, strictest
from tests.factories import contribute, make_institution, make_member

INSTITUTIONS, CIRCLES = 3, 2
Said = dict[str, Any]
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

ceilings = st.sampled_from([FULL, PROVIDER, PARTNER, PUBLIC]) | st.builds(
    Marking, st.sampled_from(TLP), st.sampled_from(PAP)
)
people = st.integers(0, INSTITUTIONS - 1)
statements = st.fixed_dictionaries(
    {
        "who": people,
        "value": st.integers(0, 3),
        "audience": st.sampled_from(["own", "community", "recipients", "circle"]),
        "recipients": st.sets(people),
        "circle": st.integers(0, CIRCLES - 1),
        "named": st.sets(people),
        "author": people,
        "tlp": st.sampled_from(TLP),
        "pap": st.sampled_from(PAP),
        "withdrawn": st.booleans(),
        "expired": st.booleans(),
        "anonymous": st.booleans(),
    }
)


@pytest.fixture
def institutions(db: None) -> list[Institution]:
    """Three approved institutions."""
    return [make_institution() for _ in range(INSTITUTIONS)]


@pytest.fixture
def members(institutions: list[Institution]) -> list[Member]:
    """One person in each of them."""
    return [make_member(institution) for institution in institutions]


@pytest.fixture
def circles(institutions: list[Institution]) -> list[Circle]:
    """Two circles: the first and second institution are in one, the second and third in the other."""
    made = [create_circle(name=f"Cercle {n}", founder=institutions[n], actor=PLATFORM) for n in range(CIRCLES)]
    for number, circle in enumerate(made, start=1):
        join_circle(circle, institutions[number], actor=PLATFORM)
    return made


@pytest.fixture
def indicators(db: None) -> list[Indicator]:
    """Four values that nobody has said anything about."""
    return [
        Indicator.unscoped.create(public_id=uuid4(), digest=bytes([number] * 32), type="ipv4", value=f"45.9.9.{number}")
        for number in range(4)
    ]


@contextmanager
def undone() -> Iterator[None]:
    """Whatever an example writes is gone after it."""
    with transaction.atomic():
        point = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(point)


@dataclass(frozen=True)
class World:
    """Who and what statements are about."""

    institutions: list[Institution]
    members: list[Member]
    circles: list[Circle]
    indicators: list[Indicator]


@pytest.fixture
def world(
    institutions: list[Institution], members: list[Member], circles: list[Circle], indicators: list[Indicator]
) -> World:
    """All of them together."""
    return World(institutions, members, circles, indicators)


def _write(drawn: list[Said], world: World) -> list[Contribution]:
    moment, rows, taken = timezone.now(), [], set()
    institutions = world.institutions
    for said in drawn:
        red = said["tlp"] == TLP.RED
        live = (said["value"], red, said["author"] if red else said["who"])
        if not said["withdrawn"] and live in taken:
            continue  # one live statement of an institution, or in TLP:RED of a person, about a value
        taken |= set() if said["withdrawn"] else {live}
        rows.append(
            Contribution(
                indicator=world.indicators[said["value"]],
                author=world.members[said["author"]],
                circle=world.circles[said["circle"]] if said["audience"] == "circle" else None,
                named_members=[world.members[who].pk for who in said["named"]],
                institution=institutions[said["who"]],
                audience=said["audience"],
                recipients=[institutions[who].pk for who in said["recipients"]],
                tlp=said["tlp"],
                pap=said["pap"],
                anonymous=said["anonymous"],
                first_seen=moment,
                last_seen=moment,
                valid_until=moment - timedelta(days=1) if said["expired"] else None,
                withdrawn_at=moment if said["withdrawn"] else None,
            )
        )
    return Contribution.unscoped.bulk_create(rows)


@given(drawn=st.lists(statements, max_size=12), who=people, ceiling=ceilings, person=st.booleans())
@relaxed
def test_the_condition_is_the_rule(world: World, drawn: list[Said], who: int, ceiling: Marking, person: bool) -> None:
    with undone():
        written = _write(drawn, world)
        viewer = Viewer(
            institution_id=world.institutions[who].pk,
            ceiling=ceiling,
            member_id=world.members[who].pk if person else None,
        )
        circles = set(circles_of(viewer.institution_id))
        by_rule = [row for row in written if visible(row, viewer, circles=circles)]
        assert set(Contribution.objects.visible_to(viewer)) == set(by_rule)
        assert set(Indicator.objects.visible_to(viewer)) == {row.indicator for row in by_rule}
        seen = list(Indicator.objects.visible_to(viewer))
        assert len(seen) == len(set(seen))
        if by_rule:
            assert effective_marking(by_rule) == strictest(row.marking for row in by_rule)
            assert person or effective_marking(by_rule).within(ceiling)


@given(drawn=st.lists(statements, min_size=1, max_size=8), who=people, ceiling=ceilings, other=ceilings)
@relaxed
def test_a_lower_ceiling_never_shows_more(
    world: World, drawn: list[Said], who: int, ceiling: Marking, other: Marking
) -> None:
    with undone():
        _write(drawn, world)
        lower = Marking(min(ceiling.tlp, other.tlp), min(ceiling.pap, other.pap))
        wide, narrow = (
            set(Contribution.objects.visible_to(Viewer(institution_id=world.institutions[who].pk, ceiling=found)))
            for found in (ceiling, lower)
        )
        assert narrow <= wide


# The rule written out once more by hand, for one viewer with the full ceiling: (audience, whose) -> seen.
TABLE = {
    ("own", "mine"): True,
    ("own", "theirs"): False,
    ("community", "mine"): True,
    ("community", "theirs"): True,
    ("recipients", "mine"): True,
    ("recipients", "to me"): True,
    ("recipients", "theirs"): False,
    ("circle", "mine"): False,
    ("circle", "theirs"): False,
    ("circle", "in it"): True,
}


@pytest.mark.parametrize(("case", "seen"), TABLE.items(), ids=str)
def test_who_sees_what(institutions: list[Institution], case: tuple[str, str], seen: bool) -> None:
    audience, whose = case
    me, them, third = institutions
    row = Contribution(
        institution=me if whose == "mine" else them,
        audience=audience,
        recipients=[me.pk] if whose == "to me" else [third.pk],
        tlp=TLP.AMBER,
        pap=PAP.GREEN,
    )
    row.circle_id = 7
    circles = {7} if whose == "in it" else {8}
    decision = visible(row, Viewer(institution_id=me.pk, ceiling=FULL), circles=circles)
    assert bool(decision) is seen
    assert decision.reason


def test_every_marking_is_measured_against_every_ceiling_also_ones_own(institutions: list[Institution]) -> None:
    for tlp, pap, ceiling in itertools.product(sorted(set(TLP) - {TLP.RED}), PAP, [FULL, PROVIDER, PARTNER, PUBLIC]):
        row = Contribution(institution=institutions[0], audience="own", tlp=tlp, pap=pap)
        expected = tlp <= ceiling.tlp and pap <= ceiling.pap
        assert bool(visible(row, Viewer(institution_id=institutions[0].pk, ceiling=ceiling), circles=())) is expected


def test_expiry_is_a_state_and_withdrawal_is_not(institutions: list[Institution]) -> None:
    viewer = Viewer(institution_id=institutions[0].pk, ceiling=FULL)
    row = contribute(institutions[1], valid_until=timezone.now() - timedelta(days=1))
    assert visible(row, viewer, circles=())
    assert list(Contribution.objects.visible_to(viewer)) == [row]
    row.withdrawn_at = timezone.now()
    row.save()
    assert visible(row, viewer, circles=()).reason == "withdrawn"
    assert not Contribution.objects.visible_to(viewer).exists()


def test_only_the_author_with_the_right_to_write_takes_back(institutions: list[Institution]) -> None:
    row = contribute(institutions[0])
    write = frozenset({"indicators:write"})
    assert may_withdraw(row, Viewer(institution_id=institutions[0].pk, ceiling=FULL, scopes=write))
    assert may_withdraw(row, Viewer(institution_id=institutions[0].pk, ceiling=FULL)).reason == "scope_missing"
    assert (
        may_withdraw(row, Viewer(institution_id=institutions[1].pk, ceiling=FULL, scopes=write)).reason == "not_yours"
    )


def test_red_is_for_the_persons_named_in_their_own_session(institutions: list[Institution]) -> None:
    me, them, _third = institutions
    author, named, other = make_member(them), make_member(me), make_member(me)
    row = contribute(them, tlp=TLP.RED, pap=PAP.RED, audience="recipients", author=author, named_members=[named.pk])
    for member, seen in ((author, True), (named, True), (other, False)):
        viewer = Viewer(institution_id=member.institution_id or 0, ceiling=FULL, member_id=member.pk)
        assert bool(visible(row, viewer, circles=())) is seen
        assert Contribution.objects.visible_to(viewer).exists() is seen
    for institution in institutions:
        machine = Viewer(institution_id=institution.pk, ceiling=FULL)
        assert not visible(row, machine, circles=())
        assert not Contribution.objects.visible_to(machine).exists()
    narrow = Viewer(institution_id=me.pk, ceiling=PROVIDER, member_id=named.pk)
    assert not visible(row, narrow, circles=())


def test_only_its_author_takes_back_what_is_red(institutions: list[Institution]) -> None:
    mine = institutions[0]
    author, colleague = make_member(mine), make_member(mine)
    row = contribute(mine, tlp=TLP.RED, audience="recipients", author=author, named_members=[colleague.pk])
    for member, allowed in ((author, True), (colleague, False)):
        viewer = Viewer(
            institution_id=mine.pk, ceiling=FULL, member_id=member.pk, scopes=frozenset({"indicators:write"})
        )
        assert bool(may_withdraw(row, viewer)) is allowed
