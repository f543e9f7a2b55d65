"""Suricata rules that members sent: what goes out loads, alerts under a number of ours, and does nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sharing.feeds.formats.base import LineFormat, Lines, formats
from sharing.feeds.items import Item
from tests.sharing.feeds.captures import asked_name
from tests.sharing.feeds.examples import item
from tests.sharing.feeds.probes import alerts, loaded_by

GOOD = 'alert dns any any -> any any (msg:"evil"; dns.query; content:"evil-cas.fr"; nocase; sid:1; rev:1;)'
SURICATA = formats["suricata"]


def sent(text: str) -> Item:
    return replace(item("suricata", GOOD, sid=9_001_000), value=text)


def lines(items: list[Item]) -> Lines:
    assert isinstance(SURICATA, LineFormat)
    return SURICATA.lines(items, SURICATA.filled({"rules": "all"}))


def options(*told: str, head: str = "http any any -> any any") -> str:
    return f'alert {head} (msg:"x"; {" ".join(told)} sid:1; rev:1;)'


def test_a_rule_goes_out_under_a_number_of_ours_with_its_labels() -> None:
    body = lines([sent(
        'drop http $HOME_NET any -> [45.9.20.7,45.9.21.0/24] 80:90 (msg:"Evil; \\"x\\" | é"; '
            'flow:established,to_server; '
        'http.uri; content:"/e|3b 22|vil"; startswith; http.host; content:"evil.fr"; classtype:trojan-activity; '
        'reference:url,evil.fr/x; metadata:tlp red; priority:1; sid:7; rev:3;)'
    )]).body.decode()  # fmt: skip
    public_id = item("suricata", GOOD).public_id
    assert re.fullmatch(
        r'alert http \$HOME_NET any -> \[45\.9\.20\.7,45\.9\.21\.0/24\] 80:90 \(msg:"Evil - IOC market phishing"; '
        r'flow:established,to_server; http\.uri; content:"/e\|3b 22\|vil"; startswith; http\.host; content:"evil\.fr"; '
        rf"metadata:ioc_uuid {public_id}, tlp amber, pap green, first_seen 2026_11_20; sid:9001000; rev:\d+;\)\n",
        body,
    ), body


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("alert", "pass"),
        options('content:"evil";', "noalert;"),
        options('content:"evil";', "filestore;"),
        options('content:"evil";', 'replace:"good";'),
        options('content:"evil";', "dataset:set,x,type string,save /etc/x;"),
        options('content:"evil";', "lua:/etc/x.lua;"),
        options('content:"evil";', "filemd5:/etc/passwd;"),
        options('content:"e";'),
        options('content:!"evil";'),
        options(),
        options('content:"ev;il";'),
        options('content:"ev|zz|il";'),
        options('http.host; content:"EVIL";'),
        options('http.uri; content:"evil"; depth:2;'),
        options('http.uri; content:"evil"; http.location; content:"evil";'),
        options('http.uri; content:"evil"; within:9;'),
        options('content:"evil"; startswith; offset:4;'),
        options('content:"evil";', 'content:"GET"; startswith; endswith;'),
        options('pcre:"/evil(/"; content:"evil";'),
        options('pcre:"/e;vil/"; content:"evil";'),
        options('content:"evil"; unknown:1;'),
        options('content:"evil";', head="http evil.fr any -> any any"),
        options('content:"evil";', head="http any 99999 -> any any"),
        options('content:"evil";', head="http $NOT_THERE any -> any any"),
        options('content:"evil";', head="http any any > any any"),
        GOOD + " alert",
        GOOD[:-1],
        f"{GOOD}\n{GOOD}",
        "nothing",
    ],
)
def test_what_does_more_than_to_alert_or_may_not_load_is_left_out(text: str) -> None:
    assert lines([sent(text)]).skipped == {"rule_refused": 1}


def test_an_option_says_whether_rules_of_members_come() -> None:
    assert isinstance(SURICATA, LineFormat)
    assert "suricata" in {kind.name for kind in SURICATA.carried(SURICATA.filled({}))}
    assert "suricata" not in {kind.name for kind in SURICATA.carried(SURICATA.filled({"rules": "generated"}))}
    assert [kind.name for kind in SURICATA.carried(SURICATA.filled({"rules": "submitted"}))] == ["suricata"]


_HEADS = st.sampled_from([
    "http any any -> any any", "tcp $HOME_NET any -> $EXTERNAL_NET [80,443]", "udp any any -> any 53",
    "ip any any <> 45.9.20.7 any", "dns any any -> any any", "tls any any -> !45.9.20.0/24 !443",
    "smtp any any -> any any", "ssh any any <> any any", "ftp [45.9.20.7,2a05::7] any -> any 1:",
    "smb any any -> any 10:20",
])  # fmt: skip
_OPTIONS = st.sampled_from([
    "flow:established,to_server;", "flow:to_client;", "flow:established;", "flow:from_server,stateless;", "dns.query;",
    "tls.sni;", "tls.cert_subject;", "tls.cert_issuer;", "http.uri;", "http.uri.raw;", "http.host;",
    "http.user_agent;", "http.referer;", "http.request_body;", "http.method;", "http.response_body;", "http.location;",
    "dotprefix;", 'content:"evil";', 'content:"EVIL";', 'content:"|00 01 02 03|";', 'content:!"good";',
    'content:" a b c ";', 'content:"User-Agent|3a| ";', 'content:"GET";', 'content:"POST";',
    'content:".evil-cas.fr";', 'content:"/a b?c=d";', "nocase;", "startswith;", "endswith;", "fast_pattern;",
    "depth:4;", "depth:20;", "offset:0;", "offset:3;", "distance:0;", "distance:5;", "within:4;", "within:50;",
    'pcre:"/^evil\\.(?:fr|org)$/i";', 'pcre:"/a{2,300}/";', 'pcre:"/[^a-z]+\\x41/";', 'pcre:"/\\bevil\\b/s";',
    "threshold:type limit, track by_src, count 1, seconds 60;", "classtype:x;",
])  # fmt: skip


@pytest.mark.real
def test_suricata_loads_whatever_is_let_through(tmp_path: Path) -> None:
    taken: dict[str, Item] = {}

    @given(_HEADS, st.lists(_OPTIONS, min_size=1, max_size=7))
    @settings(max_examples=600, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    def gather(head: str, told: list[str]) -> None:
        made = sent(options(*told, head=head))
        if lines([made]).count:
            taken[made.value] = made

    gather()
    assert len(taken) > 20
    numbered = [replace(made, sid=9_001_000 + 4 * number) for number, made in enumerate(taken.values())]
    assert loaded_by(lines(numbered).body, tmp_path) == (len(taken), [])


@pytest.mark.real
def test_suricata_alerts_by_a_rule_that_was_sent(tmp_path: Path) -> None:
    body = lines([sent(GOOD)]).body
    seen = alerts(body, tmp_path, [asked_name("www.EVIL-cas.fr", port=40_001), asked_name("good.fr", port=40_002)])
    assert seen == {40_001: {9_001_000}}
