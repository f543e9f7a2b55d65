"""What each format writes, to the letter (docs/feeds.md)."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.feeds.formats.base import LineFormat, formats
from sharing.feeds.formats.rpz import address_owner
from sharing.feeds.items import Unwritable
from tests.sharing.feeds.examples import META, item


def line(fmt: str, type_name: str, raw: str, *, options: dict[str, str] | None = None, **choices: object) -> str:
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    return writer.line(item(type_name, raw, **choices), writer.filled(options or {}))


def test_rpz_blocks_a_name_and_its_sub_names_only_where_they_are_meant() -> None:
    assert line("rpz", "domain", "evil-cas.fr", subtree=True) == "evil-cas.fr CNAME .\n*.evil-cas.fr CNAME .\n"
    assert line("rpz", "domain", "www.evil-cas.fr") == "www.evil-cas.fr CNAME .\n"
    assert line("rpz", "domain", "évil-accent.fr") == "xn--vil-accent-96a.fr CNAME .\n"


def test_rpz_answers_as_it_was_asked_to() -> None:
    for action, target in (("nodata", "*."), ("drop", "rpz-drop."), ("tcp-only", "rpz-tcp-only.")):
        assert line("rpz", "domain", "evil-cas.fr", options={"action": action}) == f"evil-cas.fr CNAME {target}\n"


@pytest.mark.parametrize(
    ("value", "owner"),
    [
        ("45.9.20.7", "32.7.20.9.45.rpz-ip"),
        ("45.9.20.0/24", "24.0.20.9.45.rpz-ip"),
        ("2a05:db8:bad::1", "128.1.zz.bad.db8.2a05.rpz-ip"),
        ("2a05:db8:cafe::/48", "48.zz.cafe.db8.2a05.rpz-ip"),
        ("2a05:0:0:1:0:0:0:1", "128.1.zz.1.0.0.2a05.rpz-ip"),
        ("2a05:db8:0:0:1:0:0:5", "128.5.0.0.1.zz.db8.2a05.rpz-ip"),
        ("2a05:db8:0:1:0:1:0:5", "128.5.0.1.0.1.0.db8.2a05.rpz-ip"),
        ("2000::/16", "16.zz.2000.rpz-ip"),
        ("2a05:0:1:2:3:4:5:6", "128.6.5.4.3.2.1.0.2a05.rpz-ip"),
    ],
)
def test_rpz_writes_addresses_as_resolvers_spell_them(value: str, owner: str) -> None:
    assert address_owner(value) == owner


def test_rpz_leaves_out_a_name_that_would_be_too_long_in_its_zone() -> None:
    name = ".".join(["a" * 59] * 3 + ["b" * 56, "fr"])
    assert len(name) == 239
    assert line("rpz", "domain", name) == f"{name} CNAME .\n"
    with pytest.raises(Unwritable, match="name_too_long"):
        line("rpz", "domain", name, subtree=True)
    with pytest.raises(Unwritable, match="name_too_long"):
        line("rpz", "domain", "c" + name)


def test_rpz_begins_with_what_a_zone_needs() -> None:
    rpz = formats["rpz"]
    assert rpz.header(META).decode().splitlines()[-3:] == [
        "$TTL 300",
        "@ IN SOA localhost. hostmaster.iocmarket. 1795000000 300 60 86400 60",
        "@ IN NS localhost.",
    ]


def test_comments_name_the_strictest_marking() -> None:
    assert "; Strictest marking: TLP:AMBER PAP:GREEN." in formats["rpz"].header(META).decode()
    assert "marking" not in formats["rpz"].header(replace(META, strictest=None)).decode()


def test_text_is_one_value_a_line_and_comments_can_be_declined() -> None:
    text = formats["text"]
    assert isinstance(text, LineFormat)
    body = text.render([item("ipv4", "45.9.20.7")], replace(META, options={"comments": "no"}))
    assert body == b"45.9.20.7\n"


def test_csv_carries_the_labels_and_runs_no_formula() -> None:
    fmt = formats["csv"]
    assert isinstance(fmt, LineFormat)
    hostile = item("email", "=cmd@evil-cas.fr", marking=Marking(TLP.AMBER_STRICT, PAP.RED))
    rows = list(csv.DictReader(io.StringIO(fmt.render([hostile], META).decode())))
    assert rows[0]["value"] == "'=cmd@evil-cas.fr"
    assert (rows[0]["tlp"], rows[0]["pap"]) == ("AMBER+STRICT", "RED")
    assert rows[0]["first_seen"] == "2026-11-20T08:30:00Z"


def test_csv_can_be_had_with_semicolons() -> None:
    assert line("csv", "ipv4", "45.9.20.7", options={"separator": "semicolon"}).count(";") == 11


def test_suricata_matches_a_name_in_dns_tls_and_http() -> None:
    rules = line("suricata", "domain", "evil-cas.fr", subtree=True, sid=9_000_004).splitlines()
    assert [rule.split()[1] for rule in rules] == ["dns", "tls", "http"]
    assert 'dns.query; dotprefix; content:".evil-cas.fr"; nocase; endswith;' in rules[0]
    assert 'tls.sni; dotprefix; content:".evil-cas.fr"; nocase; endswith;' in rules[1]
    assert 'http.host; dotprefix; content:".evil-cas.fr"; endswith;' in rules[2]
    assert [rule.split("sid:")[1].split(";")[0] for rule in rules] == ["9000004", "9000005", "9000006"]


def test_suricata_matches_an_exact_name_only_where_sub_names_are_not_meant() -> None:
    assert 'dns.query; content:"www.evil-cas.fr"; nocase; startswith; endswith;' in line(
        "suricata", "domain", "www.evil-cas.fr", options={"names": "dns"}
    )


def test_suricata_rules_carry_the_labels() -> None:
    rule = line("suricata", "ipv4", "45.9.20.7", marking=Marking(TLP.AMBER_STRICT, PAP.RED))
    assert "tlp amber-strict, pap red," in rule
    assert "alert ip any any <> [45.9.20.7/32] any" in rule


def test_suricata_writes_a_web_address_so_that_nothing_ends_its_string() -> None:
    rule = line("suricata", "url", 'http://evil-cas.fr/a;b"c|d?x=1')
    assert 'http.host; content:"evil-cas.fr"; bsize:11; ' in rule
    assert 'http.uri.raw; content:"/a|3b|b|25|22c|7c|d?x=1"; startswith; endswith;' in rule


def test_suricata_cuts_a_long_web_address_into_pieces_that_follow_each_other() -> None:
    rule = line("suricata", "url", f"http://evil-cas.fr/{'a' * 450}")
    assert rule.count("content:") == 4
    assert "distance:0; within:200;" in rule
    assert "bsize:451;" in rule


def test_suricata_matches_a_transferred_file_by_its_name_whatever_its_path() -> None:
    rule = line("suricata", "filename", r"C:\Users\bob\Facture n°4.exe")
    assert rule.startswith("alert tcp any any -> any any (")
    assert 'file.name; content:"Facture|20|n|c2 b0|4.exe"; nocase; endswith; ' in rule
    assert r'pcre:"/(?:^|[\x2f\x5c])Facture\x20n\xc2\xb04\x2eexe\z/i"; ' in rule


@pytest.mark.parametrize(("fmt", "carried"), [("csv", 4), ("text", 4), ("suricata", 1), ("rpz", 0)])
def test_each_format_carries_of_the_types_what_its_consumer_can_use(fmt: str, carried: int) -> None:
    names = {kind.name for kind in formats[fmt].types()}
    assert len(names & {"asn", "sha512", "filename", "cve"}) == carried
    assert fmt != "suricata" or "filename" in names


def test_text_writes_no_file_name_that_hides_something_or_would_be_a_comment() -> None:
    assert line("text", "filename", "evil.exe") == "evil.exe\n"
    for raw in ("cod\u202eexe.doc", "#evil.exe"):
        with pytest.raises(Unwritable, match="not_one_line"):
            line("text", "filename", raw)


def test_suricata_leaves_out_addresses_that_are_not_of_web_pages() -> None:
    with pytest.raises(Unwritable, match="not_http"):
        line("suricata", "url", "ftp://evil-cas.fr/x")


def test_a_changed_rule_has_a_higher_revision() -> None:
    one = item("ipv4", "45.9.20.7")
    writer = formats["suricata"]
    assert isinstance(writer, LineFormat)
    later = writer.line(replace(one, changed=one.changed + timedelta(seconds=1)), writer.filled({}))
    revisions = [int(rule.split("rev:")[1].split(";")[0]) for rule in (writer.line(one, writer.filled({})), later)]
    assert revisions[0] < revisions[1]


def test_stix_is_a_bundle_also_when_it_is_empty() -> None:
    whole = formats["stix"].document(b'{"type":"identity"}', replace(META, count=1))
    bundle = json.loads(whole)
    assert bundle["type"] == "bundle"
    assert bundle["objects"] == [{"type": "identity"}]
    assert "objects" not in json.loads(formats["stix"].document(b"", replace(META, count=0)))


def test_another_content_is_another_bundle() -> None:
    numbers = {json.loads(formats["stix"].document(b"", replace(META, count=0, content=c)))["id"] for c in (b"a", b"b")}
    assert len(numbers) == 2


def test_a_zone_leaves_out_names_below_a_listed_one_since_they_would_end_its_wildcard() -> None:
    """RFC 4592 section 2.2: `*.evil.fr` does not answer for `x.www.evil.fr` when `www.evil.fr` exists."""
    parent, below, beside = item("domain", "evil.fr"), item("domain", "www.evil.fr"), item("domain", "notevil.fr")
    fmt = formats["rpz"]
    assert isinstance(fmt, LineFormat)
    listed = [replace(parent, subtree=True), replace(below, subtree=False), replace(beside, subtree=False)]
    written = fmt.lines(listed, fmt.filled({}))
    assert written.body.decode().split("\n") == ["evil.fr CNAME .", "*.evil.fr CNAME .", "notevil.fr CNAME .", ""]
    assert dict(written.skipped) == {"covered": 1}
