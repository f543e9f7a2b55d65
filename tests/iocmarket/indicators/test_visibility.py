"""The visibility rule: the sentence and the database's condition say the same, for every statement and viewer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.indicators.visibility import effective_marking, may_withdraw, visible
from iocmarket.kernel.marking import FULL, PAP, PARTNER, PROVIDER, PUBLIC, TLP, Marking, strictest
from tests.factories import contribute, make_institution

INSTITUTIONS = 3
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


def _write(drawn: list[Said], institutions: list[Institution], indicators: list[Indicator]) -> list[Contribution]:
    moment, rows, taken = timezone.now(), [], set()
    for said in drawn:
        live = (said["who"], said["value"])
        if not said["withdrawn"] and live in taken:
            continue  # one live statement of an institution about a value
        taken |= set() if said["withdrawn"] else {live}
        rows.append(
            Contribution(
                indicator=indicators[said["value"]],
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


@given(drawn=st.lists(statements, max_size=12), who=people, ceiling=ceilings)
@relaxed
def test_the_condition_is_the_rule(
    institutions: list[Institution], indicators: list[Indicator], drawn: list[Said], who: int,
    ceiling: Marking,
) -> None:  # fmt: skip
    with undone():
        written = _write(drawn, institutions, indicators)
        viewer = Viewer(institution_id=institutions[who].pk, ceiling=ceiling)
        by_rule = [row for row in written if visible(row, viewer)]
        assert set(Contribution.objects.visible_to(viewer)) == set(by_rule)
        assert set(Indicator.objects.visible_to(viewer)) == {row.indicator for row in by_rule}
        seen = list(Indicator.objects.visible_to(viewer))
        assert len(seen) == len(set(seen))
        if by_rule:
            assert effective_marking(by_rule) == strictest(row.marking for row in by_rule)
            assert effective_marking(by_rule).within(ceiling)


@given(drawn=st.lists(statements, min_size=1, max_size=8), who=people, ceiling=ceilings, other=ceilings)
@relaxed
def test_a_lower_ceiling_never_shows_more(
    institutions: list[Institution], indicators: list[Indicator], drawn: list[Said], who: int,
    ceiling: Marking, other: Marking,
) -> None:  # fmt: skip
    with undone():
        _write(drawn, institutions, indicators)
        lower = Marking(min(ceiling.tlp, other.tlp), min(ceiling.pap, other.pap))
        wide, narrow = (
            set(Contribution.objects.visible_to(Viewer(institution_id=institutions[who].pk, ceiling=found)))
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
    decision = visible(row, Viewer(institution_id=me.pk, ceiling=FULL))
    assert bool(decision) is seen
    assert decision.reason


def test_every_marking_is_measured_against_every_ceiling_also_ones_own(institutions: list[Institution]) -> None:
    for tlp, pap, ceiling in itertools.product(TLP, PAP, [FULL, PROVIDER, PARTNER, PUBLIC]):
        row = Contribution(institution=institutions[0], audience="own", tlp=tlp, pap=pap)
        expected = tlp <= ceiling.tlp and pap <= ceiling.pap
        assert bool(visible(row, Viewer(institution_id=institutions[0].pk, ceiling=ceiling))) is expected


def test_expiry_is_a_state_and_withdrawal_is_not(institutions: list[Institution]) -> None:
    viewer = Viewer(institution_id=institutions[0].pk, ceiling=FULL)
    row = contribute(institutions[1], valid_until=timezone.now() - timedelta(days=1))
    assert visible(row, viewer)
    assert list(Contribution.objects.visible_to(viewer)) == [row]
    row.withdrawn_at = timezone.now()
    row.save()
    assert visible(row, viewer).reason == "withdrawn"
    assert not Contribution.objects.visible_to(viewer).exists()


def test_only_the_author_with_the_right_to_write_takes_back(institutions: list[Institution]) -> None:
    row = contribute(institutions[0])
    write = frozenset({"indicators:write"})
    assert may_withdraw(row, Viewer(institution_id=institutions[0].pk, ceiling=FULL, scopes=write))
    assert may_withdraw(row, Viewer(institution_id=institutions[0].pk, ceiling=FULL)).reason == "scope_missing"
    assert (
        may_withdraw(row, Viewer(institution_id=institutions[1].pk, ceiling=FULL, scopes=write)).reason == "not_yours"
    )
