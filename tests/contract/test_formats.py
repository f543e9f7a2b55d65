"""Every feed format, registered ones and the template: what the contract asks of all of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.indicators.types import ioc_types
from sharing.feeds.formats.base import REASONS, Format, LineFormat, Mode, ObjectFormat, formats
from sharing.feeds.formats.example import HostsFile
from sharing.feeds.items import Item, Meta
from tests.sharing.feeds.examples import META, hostile_items, item

LINE_FORMATS = [fmt for fmt in [*formats, HostsFile()] if isinstance(fmt, LineFormat)]


@pytest.fixture
def with_example() -> Iterator[Format]:
    """The template, registered as a new file in the folder would be."""
    registered = formats.register(HostsFile())
    yield registered
    formats.unregister(HostsFile.name)


def examples_of(fmt: LineFormat) -> list[Item]:
    return [item(kind.name, raw) for kind in fmt.types() for raw, _canonical in kind.examples]


def test_the_formats_of_the_contract_are_there() -> None:
    assert [fmt.name for fmt in formats] == ["csv", "rpz", "stix", "suricata", "text"]


def test_a_new_format_is_one_new_file(with_example: Format) -> None:
    assert formats[with_example.name] is with_example
    assert b"0.0.0.0 evil-cas.fr\n" in HostsFile().render([item("domain", "evil-cas.fr")], META)


@pytest.mark.parametrize("fmt", [*formats, HostsFile()], ids=lambda fmt: fmt.name)
def test_a_format_says_what_it_is(fmt: Format) -> None:
    assert fmt.name == fmt.name.lower()
    assert "/" in fmt.media_type
    assert fmt.extension.isalnum()
    assert fmt.mode in Mode
    assert fmt.types()
    assert str(fmt.label)
    for permitted in fmt.options.values():
        assert len(permitted) > 1


@pytest.mark.parametrize("fmt", LINE_FORMATS, ids=lambda fmt: fmt.name)
def test_every_example_of_every_accepted_type_gets_its_line(fmt: LineFormat) -> None:
    written = fmt.lines(examples_of(fmt), fmt.filled({}))
    assert written.count == len(examples_of(fmt)) - len(written.left_out)
    assert written.count > 0
    assert {reason for _item, reason in written.left_out} <= set(REASONS)


@pytest.mark.parametrize("fmt", [fmt for fmt in LINE_FORMATS if fmt.plain], ids=lambda fmt: fmt.name)
def test_a_plain_format_says_nothing_but_the_value(fmt: LineFormat) -> None:
    """The rest is not read for it."""
    long_ago = datetime(1999, 1, 1, tzinfo=UTC)
    for one in examples_of(fmt):
        for subtree in (False, True):
            told = replace(one, subtree=subtree)
            bare = replace(
                told, threat_types=(), institutions=0, first_seen=long_ago, last_seen=long_ago, valid_until=long_ago,
                changed=long_ago, sid=None,
            )  # fmt: skip
            assert fmt.lines([told], fmt.filled({})).body == fmt.lines([bare], fmt.filled({})).body


@pytest.mark.parametrize("fmt", LINE_FORMATS, ids=lambda fmt: fmt.name)
def test_an_empty_feed_ends_with_a_line_end_or_is_empty(fmt: LineFormat) -> None:
    body = fmt.render([], replace(META, count=0, strictest=None))
    assert not body or body.endswith(b"\n")


@pytest.mark.parametrize("fmt", LINE_FORMATS, ids=lambda fmt: fmt.name)
def test_a_feed_does_not_depend_on_the_day_on_which_it_is_asked_for(fmt: LineFormat) -> None:
    assert fmt.render(examples_of(fmt), META) == fmt.render(examples_of(fmt), META)


def records(fmt: LineFormat, text: str) -> int:
    """How many its readers find. Those of CSV end them at line ends outside of quotes alone (RFC 4180)."""
    return len(list(csv.reader(io.StringIO(text, newline="")))) if fmt.name == "csv" else len(text.splitlines())


@pytest.mark.parametrize("fmt", LINE_FORMATS, ids=lambda fmt: fmt.name)
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_whatever_a_type_accepts_adds_only_its_own_lines(fmt: LineFormat, data: st.DataObject) -> None:
    hostile = data.draw(hostile_items(fmt.accepts))
    plain = item(hostile.type, ioc_types[hostile.type].examples[0][1])
    options = fmt.filled({})
    written = fmt.lines([hostile], options)
    assert {reason for _item, reason in written.left_out} <= set(REASONS)
    if written.count:
        lines = written.body.decode()
        assert records(fmt, lines) == records(fmt, fmt.line(plain, options))
        assert lines.endswith("\n")
        assert "\0" not in lines


@given(name=st.text(max_size=60))
def test_a_hostile_community_name_stays_in_its_comment(name: str) -> None:
    hostile: Meta = replace(META, name=name)
    for fmt in LINE_FORMATS:
        usual, attacked = fmt.header(META), fmt.header(hostile)
        assert len(attacked.decode().splitlines()) == len(usual.decode().splitlines())


def test_a_format_of_objects_joins_them_as_they_are() -> None:
    objects = [fmt for fmt in formats if isinstance(fmt, ObjectFormat)]
    assert objects
    for fmt in objects:
        assert fmt.joined([b"{}", b"{}"]).count == 2
