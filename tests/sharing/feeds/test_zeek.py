"""Zeek's intelligence files, read as Zeek reads them (Ascii.cc, util.cc, base/frameworks/intel)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.feeds.formats.base import LineFormat, formats
from sharing.feeds.items import Item
from tests.sharing.feeds.examples import META, hostile_items, item

ZEEK = formats["zeek"]
assert isinstance(ZEEK, LineFormat)
KNOWN = {
    "indicator", "indicator_type", "meta.source", "meta.desc", "meta.url", "meta.do_notice", "meta.if_in",
    "meta.remove",
}  # fmt: skip
KINDS = {"ADDR", "SUBNET", "DOMAIN", "URL", "EMAIL", "FILE_NAME", "FILE_HASH", "CERT_HASH", "SOFTWARE"}


class Held(dict[tuple[str, str, str], dict[str, str]]):
    """What a Zeek holds: by value without letter case, type and source."""

    def load(self, body: bytes, *, removal: bool = True) -> Held:
        """Read a file; `removal`: whether the script of that name is loaded. Fails on anything that Zeek reports."""
        text = body.decode()
        assert "\r" not in text
        assert text.endswith("\n")
        first, *lines = text[:-1].split("\n")
        assert first.startswith("#fields\t")
        columns = first.split("\t")[1:]
        assert set(columns) <= KNOWN
        assert len(set(columns)) == len(columns)
        here = set()
        for line in lines:
            if line.startswith("#"):
                continue
            cells = line.split("\t")
            assert len(cells) == len(columns), line
            assert "" not in cells
            told = dict(zip(columns, map(unescaped, cells), strict=True))
            assert told["indicator"] not in {"-", "(empty)"} or cells[0].startswith("\\x")
            kind = told["indicator_type"].removeprefix("Intel::")
            assert kind in KINDS
            checked(kind, told["indicator"])
            key = (told["indicator"].lower(), kind, told["meta.source"])
            if removal and told.get("meta.remove") == "T":
                self.pop(key, None)
            else:
                assert key not in here, f"twice: {key}"
                here.add(key)
                self[key] = told
        return self

    def values(self, kind: str) -> set[str]:  # type: ignore[override]
        """Those of one type."""
        return {value for value, found, _source in self if found == kind}


def unescaped(cell: str) -> str:
    return re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), cell.encode()).decode()


def checked(kind: str, value: str) -> None:
    if kind == "ADDR":
        ipaddress.ip_address(value)
    elif kind == "SUBNET":
        assert "/" in value
        ipaddress.ip_network(value)
    elif kind == "URL":
        assert not re.match(r"[a-z]+://", value)
        assert "/" in value
    elif kind == "FILE_HASH":
        assert re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", value)
    elif kind == "CERT_HASH":
        assert re.fullmatch(r"[0-9a-f]{40}", value)
    elif kind == "EMAIL":
        assert value.count("@") == 1


def written(items: list[Item], **options: str) -> bytes:
    assert isinstance(ZEEK, LineFormat)
    return ZEEK.render(items, replace(META, options=ZEEK.filled(options)))


def test_a_file_says_what_it_should() -> None:
    strict = Marking(TLP.AMBER_STRICT, PAP.RED)
    body = written([item("domain", "evil-cas.fr", marking=strict, threat_types=("c2", "phishing"))])
    first, *comments, line = body.decode().splitlines()
    assert first == "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.do_notice"
    assert all(comment.startswith("# ") for comment in comments)
    public_id = item("domain", "evil-cas.fr").public_id
    assert line == f"evil-cas.fr\tIntel::DOMAIN\tiocmarket\tc2, phishing, TLP:AMBER+STRICT, PAP:RED, {public_id}\tF"
    assert written([item("ipv4", "45.9.20.7")], notice="yes").endswith(b"\tT\n")


def test_zeek_finds_what_its_scripts_report() -> None:
    held = Held().load(written([
        item("ipv4", "45.9.20.7"), item("ipv6", "2a05::7"), item("cidr", "45.9.21.0/24"), item("domain", "évil.fr"),
        item("url", "http://evil-cas.fr"), item("url", "https://evil-cas.fr:8443/A?b=c;d#e"),
        item("email", "Bob@evil-cas.fr"),
        item("filename", "C:\\Users\\x41.exe"), item("sha256", "ab" * 32), item("x509-sha1", "cd" * 20),
        item("user-agent", "evil\\x41 1.0"),
    ]))  # fmt: skip
    assert held.values("ADDR") == {"45.9.20.7", "2a05::7"}
    assert held.values("SUBNET") == {"45.9.21.0/24"}
    assert held.values("DOMAIN") == {"xn--vil-9la.fr"}
    assert held.values("URL") == {"evil-cas.fr/", "evil-cas.fr:8443/a?b=c;d"}
    assert held.values("EMAIL") == {"bob@evil-cas.fr"}
    assert held.values("FILE_NAME") == {"x41.exe"}
    assert held.values("FILE_HASH") == {"ab" * 32}
    assert held.values("CERT_HASH") == {"cd" * 20}
    assert held.values("SOFTWARE") == {"evil\\x41 1.0"}


def test_what_zeek_cannot_tell_apart_stands_once() -> None:
    items = [
        item("url", "http://evil-cas.fr/x"),
        item("url", "https://evil-cas.fr/x"),
        item("url", "https://evil-cas.fr/y"),
    ]
    assert isinstance(ZEEK, LineFormat)
    found = ZEEK.lines(items, ZEEK.filled({}))
    assert [reason for _item, reason in found.left_out] == ["same_entry"]
    assert len(Held().load(written(items))) == 2


def test_only_hashes_that_zeek_computes_are_written() -> None:
    assert isinstance(ZEEK, LineFormat)
    assert {kind.name for kind in ZEEK.types()}.isdisjoint({"sha512", "ssdeep", "tlsh", "imphash", "ja3"})


def test_what_has_left_is_removed_where_that_was_asked_for() -> None:
    here, gone = item("domain", "evil-cas.fr"), item("domain", "evil-cas.fr", gone=True)
    asked: Mapping[str, str] = {"removals": "yes"}
    held = Held().load(written([here, item("ipv4", "45.9.20.7")], **asked))
    assert len(held) == 2
    assert set(held.load(written([gone, item("ipv4", "45.9.20.7")], **asked))) == {("45.9.20.7", "ADDR", "iocmarket")}
    assert b"evil-cas.fr" not in written([gone])


def test_what_is_still_there_under_another_scheme_is_not_removed() -> None:
    gone, here = item("url", "http://evil-cas.fr/x", gone=True), item("url", "https://evil-cas.fr/x")
    for items in ([gone, here], [replace(here, gone=True), replace(gone, gone=False)], [here, gone]):
        assert Held().load(written(items, removals="yes")).values("URL") == {"evil-cas.fr/x"}


@given(st.lists(hostile_items({kind.name for kind in ZEEK.types()}), max_size=8))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_hostile_values_come_back_as_they_are(items: list[Item]) -> None:
    assert isinstance(ZEEK, LineFormat)
    body = written(items, removals="yes")
    held = Held().load(body)
    assert len(held) == ZEEK.lines(items, ZEEK.filled({})).count
    names = {one.value.lower() for one in items if one.type == "filename" and not re.search(r"[/\\]", one.value)}
    assert names <= held.values("FILE_NAME")
