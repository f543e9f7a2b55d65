"""What is told alike of many values is written once: held equal to writing out each value by itself."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from hypothesis import Phase, given
from hypothesis import settings as bounds
from hypothesis import strategies as st

from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.ids import random_ids
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.facts import ANONYMOUS, Met, Said, facts_of
from iocmarket.publication.rendering import digest_of, indicator_content, written
from iocmarket.publication.storing import Columns, parameters_of
from iocmarket.publication.telling import Teller
from tests.iocmarket.publication.test_facts import NOW, said

CREATOR = "identity--11111111-1111-4111-8111-111111111111"
_VALUES = [(kind.name, example) for kind in ioc_types for _given, example in kind.examples]
_MOMENTS = st.sampled_from([NOW - timedelta(days=days) for days in (0, 1, 20, 400)])
_ENDS = st.none() | st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(days=2)])


@st.composite
def _saids(draw: st.DrawFn, pk: int, indicator_id: int) -> Said:
    first, last = sorted((draw(_MOMENTS), draw(_MOMENTS)))
    return said(
        draw(st.integers(0, 2)), pk=pk, indicator_id=indicator_id,
        threat_type=draw(st.sampled_from(["c2", "phishing"])), tlp=draw(st.sampled_from(list(TLP)[:4])),
        pap=draw(st.sampled_from(list(PAP))), anonymous=draw(st.booleans()), subtree=draw(st.booleans()),
        confidence=draw(st.sampled_from([10, 80])), comment=draw(st.sampled_from(["", "d\u00e9j\u00e0 \\ \"vu\"\n"])),
        tags=draw(st.sampled_from([[], ["b", "a"]])), first_seen=first, last_seen=last, valid_until=draw(_ENDS),
    )  # fmt: skip


@st.composite
def _worlds(draw: st.DrawFn) -> list[tuple[str, str, list[Said], list[Met]]]:
    """Values with what is said of them; some repeat word for word what was said of one before, in another order."""
    world: list[tuple[str, str, list[Said], list[Met]]] = []
    for number in range(draw(st.integers(1, 6))):
        kind, value = draw(st.sampled_from(_VALUES))
        again: bool = draw(st.booleans())
        if world and again:
            of_which = draw(st.sampled_from(world))
            repeated = draw(st.permutations(of_which[2]))
            rows = [one._replace(pk=number * 10 + at, indicator_id=number) for at, one in enumerate(repeated)]
        else:
            rows = [draw(_saids(number * 10 + at, number)) for at in range(draw(st.integers(1, 3)))]
        met = [Met("false-positive", 7, anonymous=False, seen_at=NOW)] if draw(st.integers(0, 4)) == 0 else []
        world.append((kind, value, draw(st.permutations(rows)), met))
    return world


@given(_worlds())
@bounds(max_examples=300, phases=[Phase.generate])
def test_a_value_is_told_among_others_as_it_would_be_alone(world: list[tuple[str, str, list[Said], list[Met]]]) -> None:
    values = {number: (kind, value) for number, (kind, value, _rows, _met) in enumerate(world)}
    teller = Teller(values, creator=CREATOR, moment=NOW)
    for number, (kind, value, rows, met) in enumerate(world):
        facts = facts_of(
            rows, met, type_name=kind, value=value, lifetime_days=ioc_types[kind].lifetime_days, moment=NOW,
            threshold=settings.SCORE_THRESHOLD,
        )  # fmt: skip
        text = written(indicator_content(facts, creator=CREATOR))
        columns = Columns(
            "expired" if facts.expired else "live", facts.marking.tlp, facts.marking.pap, facts.threat_types,
            facts.subtree, facts.base_score, facts.institutions, facts.first_seen, facts.last_seen, facts.valid_until,
            facts.due_at,
        )  # fmt: skip
        told = teller.told(number, rows, met)
        assert told == (text, digest_of(text), columns.written(), parameters_of(facts))


def test_statements_of_one_name_are_told_in_the_order_in_which_they_were_made() -> None:
    """Two pairs of anonymous statements, made the other way round: alike in all but their order."""
    one, other = said(0, anonymous=True, comment="one"), said(1, anonymous=True, comment="other")
    teller = Teller({1: ("ipv4", "45.1.2.3"), 2: ("ipv4", "45.1.2.4")}, creator=CREATOR, moment=NOW)
    first = teller.told(1, [one._replace(pk=1), other._replace(pk=2)], ())
    second = teller.told(2, [one._replace(pk=4), other._replace(pk=3)], ())
    line = f"{ANONYMOUS}: phishing, confidence 80. "
    assert f"{line}one\\n{line}other".encode() in first.text
    assert f"{line}other\\n{line}one".encode() in second.text


def test_random_ids_are_uuids_of_version_4_and_no_two_are_alike() -> None:
    drawn = random_ids(1000)
    assert len(set(drawn)) == 1000
    assert all(str(UUID(text)) == text and UUID(text).version == 4 for text in drawn)
    assert all(UUID(text).variant == "specified in RFC 4122" for text in drawn)
    assert random_ids(0) == []
