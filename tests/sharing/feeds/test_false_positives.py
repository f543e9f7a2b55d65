"""False positives in feeds that block: the reporter's own at once, others by the rule; tags and reasons follow."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.indicators.sightings import retract
from iocmarket.kernel.marking import TLP
from sharing.feeds import locks
from sharing.feeds.formats.base import LineFormat, Mode, formats
from tests.factories import (
    Reader,
    contribute,
    make_institution,
    make_reader,
    make_token,
    publish,
    report,
    viewer_for,
    withdraw,
)
from tests.statements import statements_of

pytestmark = pytest.mark.django_db
BLOCKING = sorted(fmt.name for fmt in formats if fmt.mode is Mode.BLOCK)
VALUE = "mechant.voisinage.fr"


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


@pytest.fixture
def author() -> Institution:
    return make_institution("INP Mériane")


@pytest.fixture
def said(author: Institution, reader: Reader) -> Contribution:
    """A value that everybody's feeds carry."""
    made = contribute(author, VALUE, type_name="domain", confidence=90)
    contribute(author, "autre.voisinage.fr", type_name="domain", confidence=90)
    publish()
    return made


def get(client: Client, secret: str, path: str) -> Any:
    return client.get(path, headers={"Authorization": f"Bearer {secret}"})


def body(client: Client, secret: str, fmt: str) -> bytes:
    return bytes(get(client, secret, f"/feeds/{fmt}").getvalue())


def explained(client: Client, secret: str, fmt: str = "text") -> dict[str, str]:
    answer = get(client, secret, f"/feeds/{fmt}?explain=1").json()
    return {item["value"]: item["reason"] for item in answer["values"]}


def take_back(made: Sighting) -> None:
    retract(made, viewer=viewer_for(made.institution, scopes=[Scope.SIGHTINGS_WRITE]))


@pytest.mark.parametrize("fmt", BLOCKING)
def test_the_reporters_feed_drops_it_before_anything_is_published(
    client: Client, reader: Reader, author: Institution, fmt: str
) -> None:
    kind, value, neighbour = _pair(fmt)
    said = contribute(author, value, type_name=kind, confidence=90)
    contribute(author, neighbour, type_name=kind, confidence=90)
    other = make_reader()
    publish()
    tags = [get(client, reader.secret, f"/feeds/{fmt}")["ETag"]]
    assert _holds(body(client, reader.secret, fmt), value)
    made = report(reader.institution, said)
    tags.append(get(client, reader.secret, f"/feeds/{fmt}")["ETag"])
    assert not _holds(body(client, reader.secret, fmt), value)
    assert _holds(body(client, reader.secret, fmt), neighbour)
    assert _holds(body(client, other.secret, fmt), value)
    take_back(made)
    tags.append(get(client, reader.secret, f"/feeds/{fmt}")["ETag"])
    assert _holds(body(client, reader.secret, fmt), value)
    assert len(set(tags)) == 3


PAIRS = {
    "domain": (VALUE, "autre.voisinage.fr"),
    "ipv4": ("45.9.20.7", "45.9.21.9"),
    "sha256": ("ab" * 32, "cd" * 32),
    "url": ("http://mechant.voisinage.fr/a", "http://autre.voisinage.fr/b"),
    "email": ("a@mechant.voisinage.fr", "b@autre.voisinage.fr"),
}


def _pair(fmt: str) -> tuple[str, str, str]:
    """A type that the format carries when it is asked for nothing, and two values of it."""
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    carried = {kind.name for kind in writer.carried(writer.filled({}))}
    kind = next(name for name in PAIRS if name in carried)
    return kind, *PAIRS[kind]


def _holds(text: bytes, value: str) -> bool:
    """Whether it stands there as it is, as an expression, or as Suricata's lists hold it."""
    told = text.replace(b"\\", b"")
    return value.encode() in told or base64.b64encode(value.encode()) in told


def test_an_old_feed_is_not_served_to_the_reporter_while_somebody_builds_the_next(
    client: Client, reader: Reader, said: Contribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert VALUE.encode() in body(client, reader.secret, "text")
    calls: list[bool] = []

    def held(number: int, *, wait: bool = True) -> Any:
        calls.append(wait)
        return locks.held(number, wait=wait) if wait else _Busy()

    monkeypatch.setattr("sharing.feeds.services.held", held)
    report(reader.institution, said)
    assert VALUE.encode() not in body(client, reader.secret, "text")
    assert calls == [False, True]


class _Busy:
    """A lock that somebody else holds."""

    def __enter__(self) -> bool:
        return False

    def __exit__(self, *_: object) -> None:
        return None


def test_two_institutions_take_it_out_of_everybodys_feeds(
    client: Client, reader: Reader, author: Institution, said: Contribution
) -> None:
    reports = [report(make_institution(), said)]
    publish()
    assert explained(client, reader.secret) == {}
    reports.append(report(make_institution(), said))
    publish()
    assert explained(client, reader.secret) == {VALUE: "false_positive"}
    assert VALUE.encode() in body(client, reader.secret, "csv")  # what detects goes on
    contribute(make_institution(), VALUE, type_name="domain")
    contribute(make_institution(), VALUE, type_name="domain")
    publish()
    assert explained(client, reader.secret) == {}
    for made in reports:
        take_back(made)


def test_its_only_contributor_takes_it_out_of_everybodys_feeds(
    client: Client, reader: Reader, author: Institution, said: Contribution
) -> None:
    report(author, said)
    assert explained(client, reader.secret) == {VALUE: "false_positive"}
    second = contribute(make_institution(), VALUE, type_name="domain")
    publish()
    assert explained(client, reader.secret) == {}
    withdraw(second)
    publish()
    assert explained(client, reader.secret) == {VALUE: "false_positive"}


def test_a_provider_is_told_of_a_policy_where_it_may_not_see_the_reports(
    client: Client, reader: Reader, author: Institution
) -> None:
    """Nobody tells the provider that there are statements or reports above its ceiling."""
    provider = make_token(reader.institution, operated_by="provider")
    made = contribute(author, VALUE, type_name="domain", confidence=90)
    hidden = make_institution()
    contribute(hidden, VALUE, type_name="domain", audience="recipients", recipients=[reader.institution],
               tlp=TLP.AMBER_STRICT)  # fmt: skip
    publish()
    assert explained(client, provider) == {}
    for institution in (author, make_institution()):
        report(institution, made)
    publish()
    assert explained(client, provider) == {VALUE: "false_positive"}
    assert explained(client, reader.secret) == {VALUE: "false_positive"}


def test_a_report_above_the_ceiling_of_a_token_is_the_policy_of_its_institution(
    client: Client, reader: Reader, author: Institution
) -> None:
    provider = make_token(reader.institution, operated_by="provider")
    strict = contribute(author, VALUE, type_name="domain", confidence=90, tlp=TLP.AMBER_STRICT)
    report(reader.institution, strict)  # as strict as what it is about
    contribute(author, VALUE, type_name="domain", confidence=90, report=author.reports.create(title="Aussi"))
    publish()
    assert VALUE.encode() not in body(client, provider, "text")
    assert explained(client, provider) == {VALUE: "policy"}
    assert explained(client, reader.secret) == {VALUE: "false_positive"}


def test_reports_that_a_reader_may_not_see_change_nothing_for_it(
    client: Client, reader: Reader, author: Institution, said: Contribution
) -> None:
    before = get(client, reader.secret, "/feeds/text")
    secret = contribute(author, audience="own")
    report(author, secret)
    publish()
    after = get(client, reader.secret, "/feeds/text")
    assert (before["ETag"], before["Last-Modified"]) == (after["ETag"], after["Last-Modified"])


def test_reports_cost_no_statement_each(client: Client, reader: Reader, author: Institution) -> None:
    def asked() -> list[str]:
        return statements_of(lambda: body(client, reader.secret, "text"))

    publish()
    asked()
    report(reader.institution, contribute(author, confidence=90))
    publish()
    one = asked()
    for _ in range(4):
        report(reader.institution, contribute(author, confidence=90))
    publish()
    assert asked() == one
