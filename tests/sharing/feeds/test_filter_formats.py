"""What the formats of SIEMs, mail servers, packet filters and firewalls write, to the letter."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.feeds.formats.base import LineFormat, Tally, formats
from sharing.feeds.formats.elastic import confidence_of
from sharing.feeds.formats.sentinel import A_REQUEST
from sharing.feeds.items import Item, Unwritable
from sharing.feeds.shapes import uncovered
from sharing.feeds.spelling import cut_in_text
from tests.sharing.feeds.examples import META, MOMENT, item

LABELS = Marking(TLP.AMBER_STRICT, PAP.RED)
DOMAIN = item("domain", "evil-cas.fr", subtree=True)
EXACT = item("domain", "www.evil-cas.fr")
IDN = item("domain", "évil-accent.fr")
MAILBOX = item("email", "bob@evil-cas.fr")
V4, V6 = item("ipv4", "45.9.20.7"), item("ipv6", "2A05:DB8::0001")
NET4, NET6 = item("cidr", "45.9.21.9/24"), item("cidr", "2a05:db8:cafe::/48")
PAGE = item("url", "http://user@EVIL-cas.fr/a;b?x=1#me")
SHA256 = item("sha256", "A" * 64)


def of(name: str) -> LineFormat:
    writer = formats[name]
    assert isinstance(writer, LineFormat)
    return writer


def feed(fmt: str, *items: Item, **options: str) -> str:
    writer = of(fmt)
    filled = writer.filled(options)
    tally = writer.lines(items, filled)
    return writer.document(tally.body, replace(META, options=filled, count=tally.count)).decode()


def line(fmt: str, one: Item, **options: str) -> str:
    return of(fmt).line(one, of(fmt).filled(options))


def left_out(fmt: str, *items: Item, **options: str) -> list[str]:
    return [reason for _item, reason in of(fmt).lines(items, of(fmt).filled(options)).left_out]


def test_elastic_writes_an_action_with_a_stable_identifier_and_a_document_of_ecs() -> None:
    action, document, end = line("elastic", replace(DOMAIN, marking=LABELS)).split("\n")
    assert end == ""
    assert json.loads(action) == {"index": {"_id": str(DOMAIN.public_id)}}
    told = json.loads(document)
    assert told["@timestamp"] == "2026-11-20T08:30:00Z"
    assert told["event"] | {"module": ""} == {
        "kind": "enrichment", "category": ["threat"], "type": ["indicator"], "module": "",
    }  # fmt: skip
    indicator = told["threat"]["indicator"]
    assert indicator["type"] == "domain-name"
    assert indicator["url"] == {"domain": "evil-cas.fr"}
    assert indicator["marking"]["tlp"] == "AMBER+STRICT"
    assert told["tags"] == ["phishing", "tlp:amber-strict", "pap:red"]


@pytest.mark.parametrize(
    ("one", "kind", "field"),
    [
        (V4, "ipv4-addr", {"ip": "45.9.20.7"}),
        (V6, "ipv6-addr", {"ip": "2a05:db8::1"}),
        (PAGE, "url", {"url": {"full": "http://user@evil-cas.fr/a;b?x=1#me"}}),
        (MAILBOX, "email-addr", {"email": {"address": "bob@evil-cas.fr"}}),
        (SHA256, "file", {"file": {"hash": {"sha256": "a" * 64}}}),
        (item("asn", "AS64496"), "autonomous-system", {"as": {"number": 64496}}),
        (item("mutex", "Evil"), "mutex", {"name": "Evil"}),
        (item("mac", "02:00:5e:10:00:00"), "mac-addr", {}),
    ],
)
def test_elastic_puts_each_type_where_rules_look_for_it(one: Item, kind: str, field: dict[str, object]) -> None:
    told = json.loads(line("elastic", one).split("\n")[1])["threat"]["indicator"]
    assert told["type"] == kind
    assert {name: told[name] for name in field} == field


def test_elastic_deletes_what_has_left_after_all_that_is_there() -> None:
    gone = replace(V4, gone=True)
    said = [json.loads(text) for text in feed("elastic", gone, DOMAIN, replace(V6, gone=True), EXACT).splitlines()]
    assert [next(iter(one)) for one in said] == ["index", "@timestamp", "index", "@timestamp", "delete", "delete"]
    assert said[4] == {"delete": {"_id": str(V4.public_id)}}


@pytest.mark.parametrize(("score", "word"), [(100, "High"), (70, "High"), (69, "Medium"), (29.9, "Low"), (0, "None")])
def test_a_score_has_a_word_in_ecs(score: float, word: str) -> None:
    assert confidence_of(score) == word


def test_splunk_writes_the_columns_of_each_collection_to_the_letter() -> None:
    assert feed("splunk", NET4) == "description,ip,weight\nphishing TLP:AMBER PAP:GREEN,45.9.21.0/24,72\n"
    assert feed("splunk", PAGE, collection="http_intel") == (
        "description,http_referrer,http_user_agent,url,weight\n"
        "phishing TLP:AMBER PAP:GREEN,,,http://user@evil-cas.fr/a;b?x=1#me,72\n"
    )
    path = item("filename", r"C:\Temp\a,b.exe")
    assert feed("splunk", path, SHA256, collection="file_intel").splitlines()[1:] == [
        'phishing TLP:AMBER PAP:GREEN,,"a,b.exe",72',
        f"phishing TLP:AMBER PAP:GREEN,{'a' * 64},,72",
    ]


@pytest.mark.parametrize(("score", "weight"), [(0, "1"), (0.4, "1"), (99.7, "100"), (50, "50")])
def test_splunk_takes_weights_from_one_to_a_hundred(score: float, weight: str) -> None:
    assert line("splunk", replace(V4, score=score)).endswith(f",{weight}\n")


def test_splunk_and_graylog_leave_out_what_a_spreadsheet_would_run() -> None:
    formula = item("email", "=cmd|'/c@evil-cas.fr")
    assert left_out("splunk", formula, MAILBOX, collection="email_intel") == ["formula"]
    assert left_out("graylog", formula, MAILBOX) == ["formula"]


def test_sentinel_fills_requests_of_a_hundred_objects_and_no_more() -> None:
    many = [item("ipv4", f"45.{number // 250}.{number % 250}.9") for number in range(2 * A_REQUEST + 1)]
    bodies = [json.loads(text) for text in feed("sentinel", *many).splitlines()]
    assert [len(body["stixobjects"]) for body in bodies] == [A_REQUEST, A_REQUEST, 1]
    assert {body["sourcesystem"] for body in bodies} == {"IOC market"}
    first = bodies[0]["stixobjects"][0]
    assert first["pattern"] == "[ipv4-addr:value = '45.0.0.9']"
    assert first["id"] == f"indicator--{many[0].public_id}"
    assert first["created"] == first["modified"] == "2026-11-20T08:30:00.000Z"
    assert first["valid_until"] == "2026-11-20T08:30:01Z"


def test_sentinel_is_a_third_party_and_learns_nothing_of_pap_red() -> None:
    assert left_out("sentinel", replace(V4, marking=LABELS), V6) == ["third_party"]
    assert feed("sentinel", replace(V4, marking=LABELS, gone=True), removals="yes") == ""


def test_sentinel_revokes_what_has_left_if_asked() -> None:
    gone = replace(V4, gone=True, changed=MOMENT + timedelta(days=2))
    assert feed("sentinel", gone) == ""
    [told] = json.loads(feed("sentinel", gone, removals="yes"))["stixobjects"]
    assert (told["revoked"], told["modified"]) == (True, "2026-11-22T08:30:00.000Z")


def test_wazuh_writes_unique_keys_and_quotes_those_with_a_colon() -> None:
    said = "phishing tlp-amber pap-green"
    assert feed("wazuh", NET4, V4, V6, EXACT, PAGE).splitlines() == [
        f"45.9.21.:{said}",
        f"45.9.20.7:{said}",
        f'"2a05:db8::1":{said}',
        f"www.evil-cas.fr:{said}",
        f'"http://user@evil-cas.fr/a;b?x=1#me":{said}',
    ]


def test_wazuh_knows_networks_by_whole_octets_only() -> None:
    assert line("wazuh", item("cidr", "45.9.0.0/16")).startswith("45.9.:")
    assert left_out("wazuh", item("cidr", "45.9.0.0/20"), NET6) == ["part_of_an_octet"] * 2


def test_qradar_writes_plain_elements_or_an_array() -> None:
    assert feed("qradar", V4, V6) == "45.9.20.7\n2a05:db8::1\n"
    assert json.loads(feed("qradar", V4, V6, form="json")) == ["45.9.20.7", "2a05:db8::1"]
    assert json.loads(feed("qradar", form="json")) == []


def test_graylog_quotes_every_cell() -> None:
    assert feed("graylog", V4).splitlines() == [
        '"key","value","type","tlp","pap","score","last_seen"',
        '"45.9.20.7","phishing TLP:AMBER PAP:GREEN","ipv4","AMBER","GREEN","72","2026-11-20T08:30:00Z"',
    ]


def test_rspamd_writes_keys_as_it_spells_what_it_reads() -> None:
    assert line("rspamd", IDN, type="domain") == "xn--vil-accent-96a.fr\névil-accent.fr\n"
    assert line("rspamd", item("url", "http://evil-cas.fr"), type="url") == "http://evil-cas.fr/\nhttp://evil-cas.fr\n"
    assert line("rspamd", item("url", "http://evil-cas.fr/a%20b+c%7Cd"), type="url") == '"http://evil-cas.fr/a b c|d"\n'
    assert line("rspamd", item("url", "http://evil-cas.fr/a#b"), type="url") == '"http://evil-cas.fr/a#b"\n'


@pytest.mark.parametrize(
    ("tail", "cut"),
    [("/a(b)c", "/a(b"), ("/a[1](2)", "/a[1"), ("/a)b(c", None), ("/a'b", None), ("/{x}", "/{x"), ("/plain", None)],
)
def test_a_web_address_is_cut_in_running_text_before_a_bracket_that_closes_one(tail: str, cut: str | None) -> None:
    assert cut_in_text(tail) == cut
    keys = line("rspamd", item("url", f"http://evil-cas.fr{tail}"), type="url").splitlines()
    assert keys[1:] == ([f"http://evil-cas.fr{cut}"] if cut else [])


def test_spamassassin_finds_an_address_that_running_text_cuts() -> None:
    page = line("spamassassin", item("url", "http://evil-cas.fr/a(b)c"))
    assert r"^(?i:http://evil-cas\x2efr)(?:/a\x28b\x29c|/a\x28b)$," in page


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://evil-cas.fr/a//b", "rewritten"),
        ("http://evil-cas.fr/%FF", "rewritten"),
        ("http://evil-cas.fr/100%", "rewritten"),
        ("http://evil-cas.fr/a%0Ab", "rewritten"),
        ("http://[2a05::1]/a", "rewritten"),
        ("http://evil-cas.fr/a%22%23", "not_one_line"),
        ("ssh://evil-cas.fr/a", "not_http"),
    ],
)
def test_rspamd_leaves_out_what_it_would_never_find(url: str, reason: str) -> None:
    assert left_out("rspamd", item("url", url), type="url") == [reason]


def test_rspamd_lists_registered_names_apart_because_its_filter_knows_no_others() -> None:
    deeper = item("domain", "a.evil-cas.fr", subtree=True)
    assert feed("rspamd", DOMAIN, type="registered").splitlines()[-1] == "evil-cas.fr"
    assert left_out("rspamd", DOMAIN, EXACT, deeper, type="registered") == ["exact_name"] * 2
    assert left_out("rspamd", item("email", "bob+tag@evil-cas.fr"), type="from") == ["rewritten"]


def test_spamassassin_escapes_all_that_could_end_a_rule() -> None:
    sender, rule, score = line("spamassassin", EXACT, score="3").splitlines()
    name = rule.split()[1]
    assert sender == "blocklist_from *@www.evil-cas.fr"
    assert rule == rf"uri {name} m,^(?i:(?:https?|ftp)://(?:[^/?@\x23]*@)?www\x2eevil-cas\x2efr)\.?(?:[/?:\x23]|$),"
    assert score == f"score {name} 3"
    page = line("spamassassin", item("url", "http://evil-cas.fr/a,b#c;$@"))
    assert r" m,^(?i:http://evil-cas\x2efr)/a\x2cb\x23c\x3b\x24\x40$," in page
    assert left_out("spamassassin", item("email", "a*b@evil-cas.fr"), item("email", "#a@evil-cas.fr")) == [
        "wildcard",
        "wildcard",
    ]


def test_postfix_means_sub_names_by_a_second_key_and_leaves_out_comments() -> None:
    refused = "REJECT 5.7.1 listed by the IOC market"
    assert line("postfix", DOMAIN) == f"evil-cas.fr\t{refused}\n.evil-cas.fr\t{refused}\n"
    assert line("postfix", MAILBOX) == f"bob@evil-cas.fr\t{refused}\n"
    assert line("postfix", NET6, map="cidr") == f"2a05:db8:cafe::/48\t{refused}\n"
    assert left_out("postfix", item("email", "#a@evil-cas.fr")) == ["not_one_line"]


def test_nftables_empties_and_fills_its_sets_without_what_lies_in_another_network() -> None:
    inner, address = item("cidr", "45.9.21.128/25"), item("ipv4", "45.9.21.7")
    said = feed("nftables", inner, NET4, NET6, address, V4, V6)
    assert said.splitlines()[-9:] == [
        "add table inet iocmarket",
        "add set inet iocmarket ioc4 { type ipv4_addr; flags interval; auto-merge; }",
        "add set inet iocmarket ioc6 { type ipv6_addr; flags interval; auto-merge; }",
        "flush set inet iocmarket ioc4",
        "flush set inet iocmarket ioc6",
        "add element inet iocmarket ioc4 { 45.9.21.0/24 }",
        "add element inet iocmarket ioc6 { 2a05:db8:cafe::/48 }",
        "add element inet iocmarket ioc4 { 45.9.20.7 }",
        "add element inet iocmarket ioc6 { 2a05:db8::1 }",
    ]
    assert left_out("nftables", inner, NET4, address) == ["covered", "covered"]


def test_what_lies_in_a_network_is_known_of_every_length_of_prefix() -> None:
    networks = [item("cidr", "45.9.0.0/19"), item("cidr", "45.9.31.254/31"), item("cidr", "2a05:8000::/17")]
    inside = [item("cidr", "45.9.16.0/20"), item("ipv4", "45.9.31.254"), item("ipv6", "2a05:ffff::1")]
    outside = [item("cidr", "45.9.32.0/20"), item("ipv4", "45.9.48.0"), item("ipv6", "2a05:7fff::1")]
    listed = sorted([*networks, *inside, *outside], key=lambda one: (one.type, one.value))
    tally = Tally()
    kept = {one.value for one in uncovered(listed, tally)}
    assert kept == {one.value for one in [*networks[::2], *outside]}
    assert tally.skipped == {"covered": 4}
    assert [one.value for one in uncovered([V4], Tally())] == ["45.9.20.7"]
    assert list(uncovered([], Tally())) == []


def test_ipset_fills_new_sets_and_swaps_them() -> None:
    said = [text for text in feed("ipset", NET4, V6).splitlines() if not text.startswith("#")]
    assert said[0] == "create iocmarket4 hash:net family inet maxelem 16777216 -exist"
    assert said[4:] == [
        "flush iocmarket4-new",
        "flush iocmarket6-new",
        "add iocmarket4-new 45.9.21.0/24",
        "add iocmarket6-new 2a05:db8::1",
        "swap iocmarket4-new iocmarket4",
        "destroy iocmarket4-new",
        "swap iocmarket6-new iocmarket6",
        "destroy iocmarket6-new",
    ]


@pytest.mark.parametrize(
    "fmt", ["nftables", "ipset", "pf", "crowdsec", "edl-paloalto", "fortigate", "rspamd", "postfix"]
)
def test_no_list_of_addresses_ever_holds_a_name(fmt: str) -> None:
    """A packet filter would ask the DNS of the attacker for it."""
    choices = {"rspamd": {"type": "ip"}, "postfix": {"map": "cidr"}}.get(fmt, {})
    disguised = replace(V4, value="evil-cas.fr")
    with pytest.raises(ValueError, match="is no address"):
        line(fmt, disguised, **choices)
    with pytest.raises(ValueError, match="host bits"):
        line(fmt, replace(NET4, value="45.9.21.9/24"), **choices)


def test_pf_is_written_in_ascii() -> None:
    said = feed("pf", NET4, V6)
    assert said.isascii()
    assert said.startswith("# Place de marche IOC: ")
    assert said.splitlines()[-2:] == ["45.9.21.0/24", "2a05:db8::1"]


@pytest.mark.parametrize("fmt", ["edl-paloalto", "fortigate"])
def test_firewalls_get_what_they_see_of_a_web_address_once(fmt: str) -> None:
    assert feed(fmt, PAGE, type="url") == "evil-cas.fr/a;b?x=1\n"
    assert feed(fmt, item("url", "https://evil-cas.fr"), type="url") == "evil-cas.fr/\n"
    assert left_out(fmt, PAGE, item("url", "https://evil-cas.fr/a;b?x=1"), type="url") == ["same_entry"]
    assert left_out(fmt, item("url", "http://evil-cas.fr/*"), type="url") == ["wildcard"]
    assert left_out(fmt, item("url", f"http://evil-cas.fr/{'a' * 2048}"), type="url") == ["entry_too_long"]
    assert feed(fmt, DOMAIN, EXACT, type="domain") == "*.evil-cas.fr\nevil-cas.fr\nwww.evil-cas.fr\n"


def test_a_list_ends_where_its_reader_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(of("fortigate")), "largest", 20)
    assert feed("fortigate", V4, V6) == "45.9.20.7\n"
    assert left_out("fortigate", V4, V6) == ["list_full"]


def test_firewalls_and_pf_get_as_many_values_as_every_model_loads() -> None:
    loads = {"edl-paloalto": 50_000, "fortigate": 131_072, "pf": 200_000, "spamassassin": 20_000, "wazuh": None}
    assert {name: of(name).most(of(name).filled({})) for name in loads} == loads


def test_crowdsec_gets_an_array_of_bans() -> None:
    assert json.loads(feed("crowdsec", NET4, V6, duration="1h")) == [
        {"duration": "1h", "reason": "iocmarket", "scope": "Range", "type": "ban", "value": "45.9.21.0/24"},
        {"duration": "1h", "reason": "iocmarket", "scope": "Ip", "type": "ban", "value": "2a05:db8::1"},
    ]
    assert json.loads(feed("crowdsec")) == []


def test_hash_list_takes_one_algorithm() -> None:
    assert feed("hash-list", SHA256) == f"{'a' * 64}\n"
    assert [kind.name for kind in of("hash-list").carried({"type": "md5"})] == ["md5"]


def test_json_and_its_lines_say_the_same() -> None:
    told = json.loads(feed("json", DOMAIN, V4))
    assert (told["count"], told["name"], told["strictest"]) == (2, "Place de marché IOC", "TLP:AMBER PAP:GREEN")
    assert told["indicators"] == [json.loads(text) for text in feed("jsonl", DOMAIN, V4).splitlines()]
    assert told["indicators"][0]["value"] == "evil-cas.fr"
    assert json.loads(feed("json"))["indicators"] == []


def test_a_line_of_json_is_one_line_for_whoever_reads_it() -> None:
    odd = item("filename", "a\u2028b\x85c.exe".replace("\x85", "\u2029"))
    assert len(feed("jsonl", odd).splitlines()) == 1


def test_a_value_that_cannot_be_written_says_why() -> None:
    with pytest.raises(Unwritable, match="not_one_line"):
        line("rspamd", item("url", "http://evil-cas.fr/%22%20"), type="url")
