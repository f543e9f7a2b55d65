"""The programs that consume feeds load them, whatever values the types accept, and do what the feed means."""

from __future__ import annotations

import ipaddress
import re
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.indicators.types import Trait
from sharing.feeds.formats.base import LineFormat, formats
from sharing.feeds.items import Item
from tests.sharing.feeds.captures import download, write_capture
from tests.sharing.feeds.examples import META, hostile_items, item
from tests.sharing.feeds.resolvers import ELSEWHERE, ORIGIN, Resolver, named, program, unbound

pytestmark = pytest.mark.real

RESOLVERS = pytest.mark.parametrize("running", [named, unbound])
Running = Callable[[bytes, Path], AbstractContextManager[Resolver]]


def collected(fmt: str, count: int = 400) -> list[Item]:
    """Many hostile values that a format accepts, each once, each with its own rule number."""
    found: dict[tuple[str, str], Item] = {}

    @given(st.lists(hostile_items({kind.name for kind in formats[fmt].types()}), max_size=8), st.booleans())
    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    def gather(items: list[Item], subtree: bool) -> None:
        for made in items:
            means = subtree and Trait.NAME in made.traits
            found[made.type, made.value] = replace(made, subtree=means)

    gather()
    assert len(found) > count
    return [replace(made, sid=9_000_000 + 4 * number) for number, made in enumerate(found.values())]


def written(fmt: str, items: list[Item], **options: str) -> tuple[bytes, int]:
    """The feed, and how many values are in it."""
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    meta = replace(META, options=writer.filled(options), count=len(items))
    return writer.render(items, meta), writer.lines(items, writer.filled(options)).count


@pytest.fixture(scope="module")
def hostile_names() -> list[Item]:
    return collected("rpz")


def test_named_checkzone_says_nothing_but_ok_about_hostile_values(hostile_names: list[Item], tmp_path: Path) -> None:
    checkzone = program("named-checkzone")
    for action in ("nxdomain", "nodata", "drop", "tcp-only"):
        zone = tmp_path / f"{action}.zone"
        body, count = written("rpz", hostile_names, action=action)
        assert count > 300
        zone.write_bytes(body)
        checked = subprocess.run([checkzone, ORIGIN, str(zone)], capture_output=True, text=True, check=False)
        told = (checked.stdout + checked.stderr).strip().splitlines()
        assert told == [f"zone {ORIGIN}/IN: loaded serial {META.serial}", "OK"]


@RESOLVERS
def test_a_resolver_loads_hostile_values_without_a_complaint(
    running: Running, hostile_names: list[Item], tmp_path: Path
) -> None:
    body, _count = written("rpz", hostile_names)
    with running(body, tmp_path) as resolver:
        log = resolver.log.read_text()
    complaints = [line for line in log.splitlines() if re.search(r"rpz|policy|zone", line) and _complains(line)]
    assert complaints == []


def _complains(line: str) -> bool:
    return re.search(r"error|invalid|ignor|skip|unsupported|duplicate|fail|warn", line, re.IGNORECASE) is not None


@RESOLVERS
def test_an_empty_zone_loads_and_blocks_nothing(running: Running, tmp_path: Path) -> None:
    body, count = written("rpz", [])
    assert count == 0
    with running(body, tmp_path) as resolver:
        assert resolver.ask("evil-cas.fr") == ELSEWHERE


@RESOLVERS
def test_a_resolver_blocks_what_the_zone_means_and_nothing_else(running: Running, tmp_path: Path) -> None:
    longest = ".".join(["a" * 59] * 3 + ["b" * 56, "fr"])
    items = [
        item("domain", "evil-cas.fr", subtree=True),
        item("domain", "www.exact-cas.fr"),
        item("domain", "évil-accent.fr"),
        item("domain", longest),
        item("ipv4", "45.9.20.7"),
        item("cidr", "45.9.21.0/24"),
        item("cidr", "2a05:db8:cafe::/48"),
    ]
    with running(written("rpz", items)[0], tmp_path) as resolver:
        for name in (
            "evil-cas.fr",
            "EVIL-cas.fr",
            "a.b.evil-cas.fr",
            "www.exact-cas.fr",
            "xn--vil-accent-96a.fr",
            longest,
        ):
            assert resolver.ask(name) == "NXDOMAIN", name
        for name in ("notevil-cas.fr", "evil-cas.fr.org", "x.www.exact-cas.fr", "exact-cas.fr"):
            assert resolver.ask(name) == ELSEWHERE, name
        for address in ("45.9.20.7", "45.9.21.200", "2a05:db8:cafe:1::5"):
            assert resolver.resolves_to(address) == "NXDOMAIN", address
        for address in ("45.9.20.8", "45.9.22.1", "2a05:db8:caff::5"):
            assert resolver.resolves_to(address) == address


@RESOLVERS
def test_a_resolver_knows_every_way_in_which_zeros_lie_in_an_address(running: Running, tmp_path: Path) -> None:
    addresses = [_with_zeros(pattern) for pattern in range(0, 128, 3)]
    items = [item("ipv6", address) for address in addresses]
    with running(written("rpz", items)[0], tmp_path) as resolver:
        passed = [address for address in addresses if resolver.resolves_to(address) != "NXDOMAIN"]
    assert passed == []


def _with_zeros(pattern: int) -> str:
    """An address of which each of the last seven words is zero or not."""
    words = ["2a05", *("0" if pattern >> place & 1 else f"{place + 1:x}" for place in range(7))]
    return str(ipaddress.IPv6Address(":".join(words)))


def _suricata(rules: bytes, folder: Path) -> str:
    """What Suricata says of rules when it tests its configuration."""
    path = folder / "iocmarket.rules"
    path.write_bytes(rules)
    command = [program("suricata"), "-T", "-v", "-S", str(path), "-l", str(folder), "--data-dir", str(folder)]
    tested = subprocess.run(command, capture_output=True, text=True, check=False)
    told = tested.stdout + tested.stderr
    assert tested.returncode == 0, told
    return told


@pytest.fixture(scope="module")
def hostile_values() -> list[Item]:
    return collected("suricata", 100)


@pytest.mark.parametrize("names", ["dns", "tls", "http"])
def test_suricata_loads_exactly_one_rule_for_each_hostile_value(
    names: str, hostile_values: list[Item], tmp_path: Path
) -> None:
    rules, count = written("suricata", hostile_values, names=names)
    told = _suricata(rules, tmp_path)
    assert f"{count} rules successfully loaded, 0 rules failed" in told
    assert not re.search(r"^(Error|Warning|E:|W:)", told, re.MULTILINE), told


def test_suricata_loads_three_rules_for_a_name_and_one_for_anything_else(tmp_path: Path) -> None:
    items = [
        item("domain", "evil-cas.fr", subtree=True),
        item("ipv4", "45.9.20.7"),
        item("cidr", "2a05:db8:cafe::/48"),
        item("url", 'http://evil-cas.fr/a;b"c'),
        item("filename", "évil'; \"x/(.exe"),
    ]
    assert "7 rules successfully loaded, 0 rules failed" in _suricata(written("suricata", items)[0], tmp_path)


def test_suricata_sees_a_file_by_its_name_and_none_whose_name_merely_ends_alike(tmp_path: Path) -> None:
    rules, _count = written("suricata", [item("filename", "Facture n°4.exe", sid=9_000_000)])
    (tmp_path / "iocmarket.rules").write_bytes(rules)
    traffic = tmp_path / "traffic.pcap"
    names = [
        "Facture n°4.exe",
        "FACTURE n°4.EXE",
        r"partage\Facture n°4.exe",
        "Une facture n°4.exe",
        "Facture n°4.exe.txt",
    ]
    write_capture(traffic, [download(name, port=40_000 + number) for number, name in enumerate(names)])
    command = [program("suricata"), "-r", str(traffic), "-k", "none", "-S", str(tmp_path / "iocmarket.rules")]
    run = subprocess.run(
        [*command, "-l", str(tmp_path), "--data-dir", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    alerts = (tmp_path / "fast.log").read_text().splitlines()
    seen = {int(port) - 40_000 for alert in alerts for port in re.findall(r"-> 10\.1\.1\.1:(\d+)", alert)}
    assert seen == {0, 1, 2}


def test_suricata_loads_an_empty_feed(tmp_path: Path) -> None:
    rules, count = written("suricata", [])
    assert count == 0
    assert "Configuration provided was successfully loaded" in _suricata(rules, tmp_path)
