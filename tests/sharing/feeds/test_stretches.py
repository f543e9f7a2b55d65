"""Lists that are written again only where something changed say what they would say if they were written anew."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP
from sharing.feeds import blobs, building, stretches
from sharing.feeds.formats.base import LineFormat, formats
from sharing.feeds.items import Place
from sharing.feeds.options import read_options
from sharing.feeds.policies import policy_for, set_policy
from sharing.feeds.policy import Policy
from sharing.feeds.readable import Readable
from sharing.feeds.services import Feed, request_of
from sharing.feeds.state import Content, give_up, look
from sharing.feeds.stretches import Writing, suits
from tests.factories import Reader, contribute, make_institution, make_reader, publish, report, withdraw

pytestmark = pytest.mark.django_db
FORMATS = ("text", "rpz", "suricata", "elastic")
_NAMES = ("evil.fr", "www.evil.fr", "a.www.evil.fr", "b.evil.fr", "worse.fr", "x.worse.fr", "evil.xyz", "a.b.c.bad.xyz")


@pytest.fixture(autouse=True)
def _one_hour() -> Iterator[None]:
    with time_machine.travel("2026-11-20T09:10:00Z", tick=False):
        yield


@pytest.fixture
def reader() -> Reader:
    made = make_reader("Université de Valbrune")
    publish()
    return made


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was written of every list since: `anew`, or how many stretches were made again."""
    found: list[str] = []
    anew, again = Writing._anew, Writing._again

    def _anew(self: Writing) -> Content:
        found.append("anew")
        return anew(self)

    def _again(self: Writing, stretch: stretches.Stretch, more: set[int]) -> list[stretches._Made]:
        found.append("again")
        return again(self, stretch, more)

    monkeypatch.setattr(Writing, "_anew", _anew)
    monkeypatch.setattr(Writing, "_again", _again)
    return found


def feed(reader: Reader, fmt: str, query: str = "") -> Feed:
    return request_of(reader.viewer, fmt, QueryDict(query)).feed()


def lines(content: Content) -> bytes:
    return b"".join(blob.path.read_bytes() for blob in content.blobs)


def whole(reader: Reader, fmt: str) -> Content:
    """Written anew, by nothing but the format itself."""
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    readable = look(reader.viewer, b"", blocks=True).readable
    assert isinstance(readable, Readable)
    return building._lines(readable, writer, read_options(QueryDict(""), writer))


def assert_the_same(reader: Reader, fmt: str) -> None:
    content, wanted = feed(reader, fmt).content, whole(reader, fmt)
    assert lines(content) == lines(wanted), fmt
    assert (content.count, content.skipped, content.strictest) == (wanted.count, wanted.skipped, wanted.strictest)
    assert dict(content.reasons) == dict(wanted.reasons), fmt


def test_after_whatever_happens_a_list_is_as_if_written_anew(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, written: list[str]
) -> None:
    """Ninety acts, three values a stretch: addresses, names below each other, for all and for one."""
    monkeypatch.setattr(stretches, "SIZE", 3)
    draw, said = random.Random(66), list[Contribution]()
    others = [make_institution() for _ in range(3)]
    for act in range(90):
        if draw.random() < 0.65 or not said:
            kind = draw.choice(("ipv4", "domain"))
            value = f"45.9.20.{draw.randrange(40)}" if kind == "ipv4" else draw.choice(_NAMES)
            if Contribution.unscoped.filter(indicator__value=value, withdrawn_at=None).exists():
                continue
            audience = "recipients" if draw.random() < 0.2 else "community"
            told = [reader.institution] if audience == "recipients" else []
            pap = draw.choice((PAP.CLEAR, PAP.GREEN, PAP.GREEN, PAP.AMBER))
            subtree = kind == "domain" and draw.random() < 0.5
            speaker = draw.choice(others)
            said.append(
                contribute(speaker, value, type_name=kind, pap=pap, subtree=subtree, audience=audience, recipients=told)
            )
        else:
            withdraw(said.pop(draw.randrange(len(said))))
        if act % 6 == 0:
            publish()
            for fmt in FORMATS:
                assert_the_same(reader, fmt)
    assert written.count("again") > written.count("anew") > 0


@pytest.mark.parametrize("fmt", ["text", "rpz", "elastic"])
def test_one_change_makes_two_stretches_again_at_most(
    reader: Reader, fmt: str, monkeypatch: pytest.MonkeyPatch, written: list[str]
) -> None:
    monkeypatch.setattr(stretches, "SIZE", 5)
    said = [contribute(reader.institution, f"45.9.20.{number}") for number in range(60)]
    publish()
    feed(reader, fmt)
    for change in (lambda: withdraw(said[30]), lambda: contribute(reader.institution, "45.9.21.7")):
        written.clear()
        change()
        publish()
        feed(reader, fmt)
        assert written in (["again"], ["again"] * 2)
    assert_the_same(reader, fmt)


def test_what_changed_elsewhere_is_not_read(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "SIZE", 5)
    for number in range(60):
        contribute(reader.institution, f"45.9.20.{number}")
    publish()
    feed(reader, "text")
    contribute(reader.institution, "45.9.21.7")
    publish()
    with CaptureQueriesContext(connection) as statements:
        feed(reader, "text")
    assert len(statements) < 40
    reading = [said["sql"] for said in statements.captured_queries if "valid_until" in said["sql"]]
    assert len([sql for sql in reading if "= ANY" in sql]) == len(reading) == 1


def test_a_list_that_nothing_changed_in_keeps_its_file(reader: Reader, written: list[str]) -> None:
    contribute(reader.institution, "evil.fr", type_name="domain")
    publish()
    before = feed(reader, "rpz")
    contribute(reader.institution, "http://worse.fr/x", type_name="url")
    publish()
    after = feed(reader, "rpz")
    assert (after.etag, after.content.blobs) == (before.etag, before.content.blobs)
    assert written == ["anew"]


@pytest.mark.parametrize("what", ["hour", "policy", "false positive", "vanished", "many"])
def test_all_is_written_anew_where_more_than_publications_may_have_changed_it(
    reader: Reader, what: str, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [contribute(reader.institution, f"45.9.20.{number}") for number in range(9)]
    publish()
    feed(reader, "text")
    written.clear()
    contribute(reader.institution, "45.9.21.7")
    publish()
    later = "2026-11-20T10:00:00Z" if what == "hour" else "2026-11-20T09:10:00Z"
    if what == "policy":
        set_policy(reader.institution, Policy(score_min=1), actor=PLATFORM)
    elif what == "false positive":
        report(make_institution(), said[0])
        publish()
    elif what == "vanished":
        for path in blobs.folder().iterdir():
            path.unlink()
    elif what == "many":
        monkeypatch.setattr(stretches, "MANY", 0)
    with time_machine.travel(later, tick=False):
        feed(reader, "text")
        assert written == ["anew"]
        assert_the_same(reader, "text")


@pytest.mark.parametrize("query", ["limit=5", ""])
def test_lists_whose_values_compete_are_written_anew(reader: Reader, query: str, written: list[str]) -> None:
    fmt = formats["text"]
    assert isinstance(fmt, LineFormat)
    policy = policy_for(reader.viewer)
    assert suits(fmt, read_options(QueryDict(query), fmt), policy) == (not query)
    assert not suits(fmt, read_options(QueryDict(""), fmt), Policy(cap=5))
    assert not suits(fmt, read_options(QueryDict(""), fmt), Policy(tags=("a",)))
    publish()
    feed(reader, "text", query)
    assert written == ([] if query else ["anew"])


def test_formats_whose_lines_know_of_each_other_are_in_no_stretches() -> None:
    """A format with a hook for all of its lines says itself that it may be cut, or is not."""
    lined = [fmt for fmt in formats if isinstance(fmt, LineFormat)]
    found = {fmt.name for fmt in lined if fmt.in_stretches(fmt.filled({}))}
    assert {"text", "csv", "jsonl", "rpz", "dnsmasq", "squid", "suricata", "elastic"} <= found
    assert found.isdisjoint({"json", "nftables", "sigma", "yara", "zeek", "edl-paloalto", "sentinel"})


def test_a_name_and_what_is_below_it_are_never_parted() -> None:
    def place(under: str, kind: str = "domain") -> Place:
        return Place(kind, not under, under, "")

    rpz = formats["rpz"]
    assert isinstance(rpz, LineFormat)
    assert not rpz.apart(place("fr.evil."), place("fr.evil.www."))
    assert rpz.apart(place("fr.evil."), place("fr.evil2."))
    assert rpz.apart(place("fr.evil."), place("", "ipv4"))
    assert rpz.apart(place("", "ipv4"), place("", "ipv4"))


def test_the_file_of_the_stretches_stays_while_the_list_is_in_use(reader: Reader) -> None:
    contribute(reader.institution, "45.9.20.7")
    publish()
    kept = feed(reader, "text").content.stretches
    assert kept is not None
    blobs.sweep({*give_up(clock.now() - building.UNASKED)}, now=2**40)
    assert kept.path.exists()
