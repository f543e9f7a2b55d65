"""Random worlds and random sequences of every transition: whatever people do, every exit says what the model says.

`ORACLE_EXAMPLES` asks for more worlds than the fast suite has time for; it prints how many worlds and acts there were.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any
from unittest import mock

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iocmarket.publication import entries
from iocmarket.publication.publisher import run_until_idle, turn
from tests.oracle.acts import CLOSING, Life, a_submission, act
from tests.oracle.cast import Cast, Key, make_cast
from tests.oracle.checks import check_views, check_visibility
from tests.oracle.exits import Exits
from tests.oracle.readers import Readers
from tests.undone import undone

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "0"))

publication = st.one_of(
    st.just(("none", 0)),
    st.tuples(st.just("turn"), st.integers(1, 3)),
    st.tuples(st.just("killed"), st.integers(0, 4)),
    st.just(("idle", 0)),
)
_openings = st.lists(st.tuples(a_submission, publication), min_size=3, max_size=3)
_rests = st.lists(st.tuples(act, publication), min_size=4, max_size=26)
drawn = settings(
    max_examples=EXAMPLES or 10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


told = Counter[str]()
"""What was done in all stories."""


class Killed(Exception):  # noqa: N818 (what happens to a process)
    """The publisher dies."""


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """Institutions, members, circles and machines, made once for all stories."""
    with time_machine.travel(BEGAN, tick=False):
        yield make_cast(BEGAN)
    print(dict(told))


@given(opening=_openings, rest=_rests, chance=st.randoms(use_true_random=False))
@drawn
def test_whatever_people_do_every_exit_says_what_the_rules_say(
    cast: Cast, opening: list[Any], rest: list[Any], chance: Random
) -> None:
    with undone(), time_machine.travel(BEGAN, tick=False) as traveller:
        life = Life(cast, traveller)
        told["worlds"] += 1
        readers = Readers(life)
        for (name, *details), (kind, size) in (*opening, *rest):
            life.perform(name, *details)
            told["acts"] += 1
            told[name] += 1
            publish(life, kind, size)
            if kind != "none" or name in CLOSING:
                readers.go_on()
        publish(life, "idle", 0)
        readers.go_on()
        ask_some(life, chance)


def publish(life: Life, kind: str, size: int) -> None:
    """Nothing, a small turn, one that dies half-way, or everything; then entries and statements must be right."""
    if kind == "turn":
        turn(chunk=size)
    elif kind == "killed":
        _die_after(size)
    elif kind == "idle":
        run_until_idle(chunk=2)
        check_views(life)
    if kind != "none":
        check_visibility(life)


def _die_after(count: int) -> None:
    """A turn whose process dies when so many views were written: nothing of the transaction stays."""
    left = iter(range(count))

    def dying(*args: Any) -> None:
        real(*args)
        if next(left, None) is None:
            raise Killed

    real = entries.store
    with mock.patch.object(entries, "store", dying), suppress(Killed):
        turn(chunk=2)


def ask_some(life: Life, chance: Random) -> None:
    """Every exit, as some machines and some persons see it; all of them take seconds, and have their turn elsewhere."""
    machines = [key for key in life.keys if isinstance(key, Key)]
    partners = [key for key in machines if key.viewer.outside]
    for key in [*chance.sample([key for key in machines if not key.viewer.outside], 4), chance.choice(partners)]:
        exits = Exits.of_key(life, key)
        if key.institution not in life.world.approved:
            exits.check_closed()
            continue
        for check in (exits.check_list, exits.check_lookup, exits.check_values, exits.check_taxii, exits.check_feeds):
            check()
    anybody = Exits.of_anybody(life, life.cast.anybody)
    if life.cast.anybody.institution in life.world.approved:
        anybody.check_feeds()
        anybody.check_bundle()
    else:
        anybody.check_no_wall()
    for member in chance.sample(life.cast.members, 3):
        exits = Exits.of_member(life, member)
        if life.world.homes[member.pk] not in life.world.approved:
            exits.check_closed()
            continue
        for check in (exits.check_list, exits.check_lookup, exits.check_values, exits.check_feeds):
            check()
