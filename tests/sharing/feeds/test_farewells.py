"""Formats that say farewell are told which values have left, and of no value that the viewer could not see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
import time_machine
from django.http import QueryDict
from django.utils import timezone

from iocmarket.accounts.models import Institution
from iocmarket.indicators.types import Trait
from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.feeds.formats.base import LineFormat, Mode, Tally
from sharing.feeds.items import Item
from sharing.feeds.options import read_options
from sharing.feeds.selection import chosen
from sharing.feeds.state import look
from tests.factories import Reader, contribute, make_institution, make_reader, publish, report, withdraw

pytestmark = pytest.mark.django_db


class Detecting(LineFormat):
    """Tells who is there and who has left."""

    name = "test-farewells"
    label = "test"
    media_type = "text/plain"
    extension = "txt"
    mode = Mode.DETECT
    accepts = frozenset({Trait.ADDRESS, Trait.NAME})
    farewells = True

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """Who is there."""
        del options
        return f"+{item.value}\n"

    def farewell(self, item: Item, options: Mapping[str, str]) -> str:
        """Who has left."""
        del options
        return f"-{item.value}\n"


class Blocking(Detecting):
    """The same for a consumer that acts."""

    mode = Mode.BLOCK


class Silent(Detecting):
    """One that says no farewell."""

    farewells = False


def told(reader: Reader, fmt: LineFormat, query: str = "", *, tally: Tally | None = None) -> list[str]:
    readable = look(reader.viewer, b"", blocks=True).readable
    assert readable is not None
    tally = tally or Tally()
    found = chosen(readable, fmt, read_options(QueryDict(query), fmt), tally)
    return b"".join(fmt.written(found, fmt.filled({}), tally)).decode().split()


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


@pytest.fixture
def author() -> Institution:
    return make_institution("INP Mériane")


@pytest.mark.parametrize("fmt", [Detecting(), Blocking()], ids=["detect", "block"])
def test_what_was_withdrawn_or_has_expired_is_told_for_thirty_days(
    fmt: LineFormat, reader: Reader, author: Institution
) -> None:
    contribute(author, "45.9.20.1")
    gone = contribute(author, "45.9.20.2")
    contribute(author, "45.9.20.3", valid_until=timezone.now() + timedelta(hours=1))
    publish()
    assert told(reader, fmt) == ["+45.9.20.1", "+45.9.20.2", "+45.9.20.3"]
    withdraw(gone)
    publish()
    assert told(reader, fmt) == ["+45.9.20.1", "-45.9.20.2", "+45.9.20.3"]
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        publish()
        tally = Tally()
        assert told(reader, fmt, tally=tally) == ["+45.9.20.1", "-45.9.20.2", "-45.9.20.3"]
        assert tally.count == 1
        assert told(reader, fmt, "limit=1") == ["+45.9.20.1", "-45.9.20.2", "-45.9.20.3"]
        assert told(reader, Silent()) == ["+45.9.20.1"]
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert not [line for line in told(reader, fmt) if line.startswith("-") and line != "-45.9.20.1"]


def test_who_says_it_again_brings_it_back(reader: Reader, author: Institution) -> None:
    withdraw(contribute(author, "45.9.20.2"))
    publish()
    contribute(reader.institution, "45.9.20.2", audience="own")
    publish()
    assert told(reader, Detecting()) == ["+45.9.20.2"]


def test_what_one_never_saw_has_not_left(reader: Reader, author: Institution) -> None:
    withdraw(contribute(author, "45.9.20.2", audience="own"))
    withdraw(contribute(author, "45.9.20.4", tlp=TLP.RED))
    hidden = contribute(author, "45.9.20.3", audience="recipients", recipients=[make_institution("Un tiers")])
    publish()
    withdraw(hidden)
    publish()
    assert told(reader, Detecting()) == []


def test_withdrawals_from_before_one_came_are_not_told(author: Institution) -> None:
    published = contribute(author, "45.9.20.2")
    publish()
    withdraw(published)
    publish()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        late = make_reader("Université Haute-Ardoise")
        publish()
        assert told(late, Detecting()) == []


def test_a_false_positive_is_told_to_what_blocks(reader: Reader, author: Institution) -> None:
    said = contribute(author, "45.9.20.2", confidence=90)
    publish()
    report(reader.institution, said, "false-positive")
    publish()
    assert told(reader, Blocking()) == ["-45.9.20.2"]
    assert told(reader, Detecting()) == ["+45.9.20.2"]


def test_what_blocks_is_never_told_a_name_above_pap_green(reader: Reader, author: Institution) -> None:
    strict = contribute(author, "45.9.20.2", pap=PAP.RED)
    contribute(author, "45.9.20.3", pap=PAP.GREEN, valid_until=timezone.now() - timedelta(minutes=5))
    contribute(
        make_institution("Un tiers"), "45.9.20.3", pap=PAP.RED, audience="recipients", recipients=[reader.institution],
        valid_until=timezone.now() - timedelta(minutes=5),
    )  # fmt: skip
    publish()
    withdraw(strict)
    publish()
    assert told(reader, Blocking()) == []
    assert told(reader, Detecting()) == ["-45.9.20.2", "-45.9.20.3"]


def test_a_withdrawn_strict_statement_no_longer_forbids_to_block(reader: Reader, author: Institution) -> None:
    contribute(author, "45.9.20.7", pap=PAP.CLEAR)
    third = make_institution("Un tiers")
    strict = contribute(third, "45.9.20.7", pap=PAP.RED, audience="recipients", recipients=[reader.institution])
    publish()
    assert told(reader, Blocking()) == []
    withdraw(strict)
    publish()
    assert told(reader, Blocking()) == ["+45.9.20.7"]


def test_options_narrow_what_is_told_as_gone(reader: Reader, author: Institution) -> None:
    for said in (contribute(author, "45.9.20.2", tlp=TLP.AMBER), contribute(author, "evil-cas.fr", type_name="domain")):
        publish()
        withdraw(said)
    publish()
    assert told(reader, Detecting(), "type=domain") == ["-evil-cas.fr"]
    assert "-45.9.20.2" not in told(reader, Detecting(), "tlp_max=GREEN")


def test_what_fell_below_a_score_or_out_of_an_age_has_left(reader: Reader, author: Institution) -> None:
    contribute(author, "45.9.20.2", confidence=30)
    contribute(author, "45.9.20.3", confidence=90)
    contribute(author, "evil-cas.fr", type_name="domain", seen=timezone.now() - timedelta(days=9), confidence=90)
    publish()
    assert told(reader, Detecting(), "score_min=60&type=ipv4") == ["-45.9.20.2", "+45.9.20.3"]
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert told(reader, Detecting(), "age=7d&type=domain") == ["-evil-cas.fr"]


def test_farewells_carry_the_labels_of_the_list(reader: Reader, author: Institution) -> None:
    gone = contribute(author, "45.9.20.2", tlp=TLP.AMBER, pap=PAP.RED)
    publish()
    withdraw(gone)
    publish()
    tally = Tally()
    told(reader, Detecting(), tally=tally)
    assert tally.strictest == Marking(TLP.AMBER, PAP.RED)
