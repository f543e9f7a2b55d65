"""Every feed format, registered ones and the template: what the contract asks of all of them."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.indicators.types import Trait, ioc_types
from sharing.feeds.formats.base import REASONS, Format, LineFormat, Mode, ObjectFormat, formats
from sharing.feeds.formats.example import HostsFile
from sharing.feeds.formats.rspamd import web_keys
from sharing.feeds.items import Item, Meta
from sharing.feeds.mail_expressions import cut_by_reading
from sharing.feeds.recipes import SHELL
from sharing.feeds.spelling import spellings
from tests.sharing.feeds.examples import META, hostile_items, item

LINE_FORMATS = [fmt for fmt in [*formats, HostsFile()] if isinstance(fmt, LineFormat)]

CONTRACT = {
    "stix", "csv", "json", "jsonl", "text", "rpz", "unbound", "dnsmasq", "hosts", "suricata",
    "suricata/datasets", "suricata/iprep", "zeek", "snort3", "sigma", "yara", "elastic", "splunk", "sentinel", "wazuh",
    "qradar", "graylog", "rspamd", "spamassassin", "postfix", "squid", "nftables", "ipset", "pf", "edl-paloalto",
    "fortigate", "crowdsec", "hash-list", "pdnssoc",
}  # fmt: skip


def agreeing(fmt: LineFormat, options: dict[str, str]) -> dict[str, str]:
    """The options, with an example of each free one where one value needs it."""
    try:
        fmt.check(options)
    except ValueError:
        options = {**options, **{name: free.example for name, free in fmt.free.items()}}
        fmt.check(options)
    return options


CHOICES = [
    (fmt, agreeing(fmt, options))
    for fmt in LINE_FORMATS
    for options in [fmt.filled({name: value}) for name in fmt.options for value in fmt.options[name]] or [{}]
    if fmt.carried(options)  # a file beside the values has none
]
"""Every format with every one of its options, the others as they are when nobody says anything."""


def _named(choice: object) -> str:
    if isinstance(choice, LineFormat):
        return choice.name
    return "-".join(choice.values()) if isinstance(choice, dict) else str(choice)


@pytest.fixture
def with_example() -> Iterator[Format]:
    """The template, registered as a new file in the folder would be."""
    registered = formats.register(HostsFile())
    yield registered
    formats.unregister(HostsFile.name)


def examples_of(fmt: LineFormat, options: Mapping[str, str] | None = None) -> list[Item]:
    kinds = fmt.carried(fmt.filled({}) if options is None else options)
    return [item(kind.name, raw) for kind in kinds for raw, _canonical in kind.examples]


def test_the_formats_of_the_contract_are_there() -> None:
    assert {fmt.name for fmt in formats} == CONTRACT


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
    assert fmt.also <= {kind.name for kind in ioc_types}
    assert re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+)?", fmt.name)
    assert str(fmt.label)
    for permitted in fmt.options.values():
        assert len(permitted) > 1
    for free in fmt.free.values():
        assert free.read(free.example) == free.example
        for hostile in ("a\nb", "\0", "$INCLUDE /etc/passwd", '";'):
            with pytest.raises(ValueError, match=r"."):
                free.read(hostile)


@pytest.mark.parametrize("fmt", [*formats, HostsFile()], ids=lambda fmt: fmt.name)
def test_a_format_says_what_is_pasted_into_its_tools(fmt: Format) -> None:
    assert fmt.recipes
    assert any("{url}" in recipe.text for recipe in fmt.recipes)
    for recipe in fmt.recipes:
        assert recipe.tool.strip() == recipe.tool != ""
        assert recipe.language.isalnum()
        assert recipe.text.endswith("\n")
        for keyed in ("", "iocmTOKEN"):
            told = recipe.written(url="https://h.example/feeds/x?a=1&b=2", token=keyed, name="n.txt")
            assert not re.search(r"\{(?:url|name|token)\}", told)
            assert keyed or recipe.needs_token or "Authorization" not in told
        if recipe.language == SHELL:  # an address holds `&`
            assert not re.search(r"(?<!['\"]){url}|{url}(?!['\"])", recipe.text)
            checked = subprocess.run(["/bin/sh", "-n"], input=told, text=True, capture_output=True, check=False)
            assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(("fmt", "options"), CHOICES, ids=_named)
def test_every_example_of_every_accepted_type_gets_its_line(fmt: LineFormat, options: dict[str, str]) -> None:
    assert set(fmt.carried(options)) <= set(fmt.types())
    examples = {
        (one.type, one.value): replace(one, subtree=Trait.NAME in one.traits) for one in examples_of(fmt, options)
    }
    written = fmt.lines(examples.values(), options)
    assert written.count == len(examples) - len(written.left_out)
    assert written.count > 0
    assert {reason for _item, reason in written.left_out} <= set(REASONS)


@pytest.mark.parametrize("fmt", LINE_FORMATS, ids=lambda fmt: fmt.name)
def test_every_type_of_a_format_is_carried_with_one_of_its_options(fmt: LineFormat) -> None:
    carried = {kind.name for found, options in CHOICES if found is fmt for kind in fmt.carried(options)}
    assert carried == {kind.name for kind in fmt.types()}


@pytest.mark.parametrize("fmt", [fmt for fmt in LINE_FORMATS if fmt.farewells], ids=lambda fmt: fmt.name)
def test_a_format_that_says_farewell_can_do_so_of_whatever_it_writes(fmt: LineFormat) -> None:
    for kind in fmt.types():
        one, told = item(kind.name, kind.examples[0][0]), []
        for options in [options for found, options in CHOICES if found is fmt and kind in fmt.carried(options)]:
            here, gone = fmt.lines([one], options), fmt.lines([replace(one, gone=True)], options)
            assert gone.count == 0
            assert here.body != gone.body or not here.body
            told.append(bool(gone.body) or not here.body)
        assert any(told)


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
    if fmt.media_type.startswith("text/csv"):
        return len(list(csv.reader(io.StringIO(text, newline=""))))
    return len(text.splitlines())


def spelt(fmt: LineFormat, one: Item) -> int:
    """In how many spellings a format lists a value, where it lists more than one."""
    if fmt.name == "rspamd":
        return len(web_keys(one.value) if one.type == "url" else spellings(one.value))
    if fmt.name == "spamassassin":  # a rule of two halves and their sum, or one that says all
        return len(spellings(one.value)) if one.type == "email" else 1 + cut_by_reading(one.value)
    return 1


@pytest.fixture(scope="module")
def hostile_values() -> list[Item]:
    """Many values, made once: to make them costs far more than to write them."""
    found: dict[tuple[str, str], Item] = {}

    @given(st.lists(hostile_items(), min_size=4, max_size=12))
    @settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    def gather(items: list[Item]) -> None:
        for made in items:
            found[made.type, made.value] = made

    gather()
    assert len({kind for kind, _value in found}) > 8
    return list(found.values())


@pytest.mark.parametrize(("fmt", "options"), CHOICES, ids=_named)
def test_whatever_a_type_accepts_adds_only_its_own_lines(
    fmt: LineFormat, options: dict[str, str], hostile_values: list[Item]
) -> None:
    carried = {kind.name: kind.examples[0][1] for kind in fmt.carried(options)}
    for hostile in hostile_values:
        if hostile.type not in carried:
            continue
        plain = item(hostile.type, carried[hostile.type])
        written = fmt.lines([hostile], options)
        assert {reason for _item, reason in written.left_out} <= set(REASONS)
        if written.count:
            lines = written.body.decode()
            usual = fmt.lines([plain], options).body.decode()
            assert records(fmt, lines) == records(fmt, usual) * spelt(fmt, hostile), hostile
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
