"""Datasets and IP reputation for Suricata, in the real program."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.indicators.threats import ThreatType
from sharing.feeds.formats.base import LineFormat, formats
from sharing.feeds.formats.suricata_datasets import SETS, rule_for
from sharing.feeds.formats.suricata_iprep import CATEGORIES, EVERY
from sharing.feeds.items import Item
from tests.factories import make_reader, publish
from tests.sharing.feeds.captures import asked_name, download, served, session
from tests.sharing.feeds.examples import META, hostile_items, item
from tests.sharing.feeds.probes import alerts, loaded_by

USER_AGENT = "evil/1.0 (é; x)"


def feed(name: str, items: list[Item], **options: str) -> bytes:
    writer = formats[name]
    assert isinstance(writer, LineFormat)
    return writer.render(items, replace(META, options=writer.filled(options), count=len(items)))


def hostile(types: set[str]) -> list[Item]:
    """Some hostile values, each once."""
    found: dict[str, Item] = {}

    @given(st.lists(hostile_items(types), max_size=12))
    @settings(max_examples=12, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    def gather(items: list[Item]) -> None:
        found.update({made.value: made for made in items})

    gather()
    return list(found.values())


@pytest.mark.parametrize(
    ("name", "made", "line"),
    [
        ("names", item("domain", "Evil-CAS.fr"), base64.b64encode(b"evil-cas.fr").decode()),
        ("ips", item("ipv6", "2A05::7"), "2a05::7"),
        ("urls", item("url", "http://evil.fr/a?b=c;d"), base64.b64encode(b"http://evil.fr/a?b=c;d").decode()),
        ("sha256", item("sha256", "AB" * 32), "ab" * 32),
        ("md5", item("md5", "AB" * 16), "ab" * 16),
        ("ja3", item("ja3", "ab" * 16), base64.b64encode(b"ab" * 16).decode()),
        ("certificates", item("x509-sha1", "ab" * 20), base64.b64encode(b":".join([b"ab"] * 20)).decode()),
        ("files", item("filename", "C:\\x\\évil.exe"), base64.b64encode("évil.exe".encode()).decode()),
    ],
)
def test_a_set_holds_values_as_the_buffer_has_them_and_nothing_else(name: str, made: Item, line: str) -> None:
    assert feed("suricata/datasets", [made], set=name) == f"{line}\n".encode()
    assert feed("suricata/datasets", [], set=name) == b""


def test_a_name_of_a_file_stands_once_whatever_the_paths() -> None:
    items = [item("filename", "C:\\x\\evil.exe"), item("filename", "evil.exe")]
    assert feed("suricata/datasets", items, set="files").count(b"\n") == 1


def test_reputation_has_a_line_for_each_category_and_scores_to_127() -> None:
    told = item("cidr", "45.9.0.0/16", score=100.0, threat_types=("c2", "scan"))
    lines = feed("suricata/iprep", [told, item("ipv6", "2a05::7", score=50.0, threat_types=())]).decode().split()
    assert lines == ["45.9.0.0/16,1,127", f"45.9.0.0/16,{CATEGORIES['c2']},127", "45.9.0.0/16,2,127", "2a05::7,1,64"]


def test_every_threat_type_has_a_category_that_suricata_takes() -> None:
    assert set(CATEGORIES) == {EVERY, *ThreatType.values}
    assert sorted(CATEGORIES.values()) == list(range(1, len(CATEGORIES) + 1))
    assert max(CATEGORIES.values()) < 60
    named = feed("suricata/iprep", [], file="categories").decode().splitlines()
    assert named[0] == "1,IOC,IOC market IOC"
    assert len(named) == len(CATEGORIES)


@pytest.mark.real
def test_suricata_loads_every_set_of_hostile_values(tmp_path: Path) -> None:
    rules = b""
    for number, name in enumerate(SETS):
        items = hostile(set(SETS[name].types))
        assert items
        body = feed("suricata/datasets", items, set=name)
        assert len(set(body.splitlines())) == len(body.splitlines())
        (tmp_path / f"{name}.lst").write_bytes(body)
        rules += rule_for(name, f"{name}.lst", 1_000_001 + number).encode()
    assert loaded_by(rules, tmp_path) == (len(SETS), [])


@pytest.mark.real
def test_suricata_sees_what_stands_in_a_set_and_nothing_else(tmp_path: Path) -> None:
    held = {
        "names": [item("domain", "evil-cas.fr"), item("domain", "évil-accent.fr")],
        "ips": [item("ipv4", "45.9.20.7"), item("ipv6", "2a05::7")],
        "urls": [item("url", "http://evil-cas.fr/a;b?c=%22")],
        "user-agents": [item("user-agent", USER_AGENT)],
        "files": [item("filename", "Facture n°4.exe")],
    }
    rules, sids = b"", {}
    for number, (name, items) in enumerate(held.items(), start=1_000_001):
        (tmp_path / f"{name}.lst").write_bytes(feed("suricata/datasets", items, set=name))
        rules += rule_for(name, f"{name}.lst", number).encode()
        sids[name] = number
    asked = b"GET http://evil-cas.fr/a;b?c=%22 HTTP/1.1\r\nHost: evil-cas.fr\r\nUser-Agent: " + USER_AGENT.encode()
    other = b"GET http://evil-cas.fr/a HTTP/1.1\r\nHost: evil-cas.fr\r\nUser-Agent: other"
    seen = alerts(rules, tmp_path, [
        asked_name("EVIL-cas.fr", port=40_001),
        asked_name("www.evil-cas.fr", port=40_002),
        asked_name("xn--vil-accent-96a.fr", port=40_003),
        session(asked + b"\r\n\r\n", served("x.exe"), port=40_004, to=3128),
        session(other + b"\r\n\r\n", served("x.exe"), port=40_005, to=3128),
        download("Facture n°4.exe", port=40_006),
    ])  # fmt: skip
    address = {sids["ips"]}
    assert seen == {
        40_001: {sids["names"]},
        40_003: {sids["names"]},
        40_004: {sids["urls"], sids["user-agents"]} | address,
        40_005: address,
        40_006: {sids["files"]} | address,
    }


@pytest.mark.real
def test_suricata_knows_the_reputation_of_addresses(tmp_path: Path) -> None:
    items = [item("cidr", "45.9.20.0/24", threat_types=("c2",)), item("ipv6", "2a05::7"), item("cidr", "2a06::/32")]
    (tmp_path / "categories.txt").write_bytes(feed("suricata/iprep", [], file="categories"))
    (tmp_path / "iocmarket.list").write_bytes(feed("suricata/iprep", items))
    configured = (
        f"reputation-categories-file={tmp_path}/categories.txt",
        f"default-reputation-path={tmp_path}",
        "reputation-files.0=iocmarket.list",
    )
    rule = 'alert ip any any -> any any (msg:"rep"; iprep:any,{},>,50; sid:{}; rev:1;)\n'
    rules = "".join(rule.format(name, 2_000_000 + number) for name, number in CATEGORIES.items()).encode()
    assert loaded_by(rules, tmp_path, *configured) == (len(CATEGORIES), [])
    seen = alerts(rules, tmp_path, [download("x", port=40_001), asked_name("x.fr", port=40_002)], *configured)
    assert seen == {40_001: {2_000_001, 2_000_000 + CATEGORIES["c2"]}}


@pytest.mark.django_db
def test_the_file_of_categories_is_served_though_no_value_stands_in_it(client: Client) -> None:
    reader = make_reader()
    publish()
    answer = client.get("/feeds/suricata/iprep?file=categories", headers={"Authorization": f"Bearer {reader.secret}"})
    assert (answer.status_code, answer["X-IOC-Count"]) == (200, "0")
