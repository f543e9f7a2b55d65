"""What Suricata rules mean, in the real program: each kind of value is seen, and nothing beside it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sharing.feeds.formats.base import LineFormat, formats
from sharing.feeds.formats.suricata import FIRST_SID, RESERVED
from sharing.feeds.items import Item
from tests.sharing.feeds.captures import asked_name, served, session
from tests.sharing.feeds.examples import META, item
from tests.sharing.feeds.probes import alerts, loaded_by

JA3 = "0ab1c2d3e4f5061728394a5b6c7d8e9f"
FINGERPRINTS = [
    item("ja3", JA3),
    item("ja3s", JA3),
    item("ja4", "t13d1516h2_8daaf6152771_02713d6af862"),
    item("hassh", JA3),
    item("x509-sha1", JA3 + "00112233"),
]


def rules(items: list[Item], **options: str) -> bytes:
    writer = formats["suricata"]
    assert isinstance(writer, LineFormat)
    numbered = [replace(made, sid=9_001_000 + 4 * number) for number, made in enumerate(items)]
    return writer.render(numbered, replace(META, options=writer.filled(options), count=len(items)))


def mail(sender: str, header: str) -> bytes:
    return (
        f"EHLO x\r\nMAIL FROM:<{sender}> SIZE=9\r\nRCPT TO:<x@univ.fr>\r\nDATA\r\n"
        f"Subject: bob@evil-cas.fr\r\nFrom: {header}\r\n\r\nbob@evil-cas.fr\r\n.\r\nQUIT\r\n"
    ).encode()


def test_rules_say_their_labels_and_never_a_word_of_the_value_in_the_message() -> None:
    text = rules([item("user-agent", 'x"; sid:1; |) (')]).decode().splitlines()[-1]
    assert re.fullmatch(
        r'alert http any any -> any any \(msg:"IOC market user-agent phishing"; flow:established,to_server; '
        r'http\.user_agent; content:"x\|22 3b 20\|sid\|3a\|1\|3b 20 7c 29 20 28\|"; startswith; endswith; '
        r"metadata:ioc_uuid [0-9a-f-]{36}, tlp amber, pap green, first_seen 2026_11_20; sid:9001000; rev:\d+;\)",
        text,
    ), text


def test_a_rule_that_changed_has_a_higher_revision() -> None:
    before = item("ja3", JA3)
    after = replace(before, changed=before.changed.replace(second=59))
    numbers = [int(re.findall(rb"rev:(\d+)", rules([made]))[0]) for made in (before, after)]
    assert numbers[0] < numbers[1]


def test_lists_have_numbers_that_no_value_gets() -> None:
    numbers = [int(sid) for sid in re.findall(rb"sid:(\d+)", rules([], lists="yes"))]
    assert len(set(numbers)) == 3
    assert all(FIRST_SID <= sid < FIRST_SID + RESERVED for sid in numbers)


@pytest.mark.real
def test_a_probe_without_fingerprints_passes_over_those_rules_and_loads_the_others(tmp_path: Path) -> None:
    body = rules(FINGERPRINTS)
    assert loaded_by(body, tmp_path) == (5, [])
    off = [f"app-layer.protocols.tls.{name}-fingerprints=no" for name in ("ja3", "ja4")]
    assert loaded_by(body, tmp_path, *off) == (2, [])


@pytest.mark.real
def test_suricata_sees_each_kind_of_value_and_nothing_that_merely_looks_alike(tmp_path: Path) -> None:
    values = [
        item("email", "Bob@evil-cas.fr"), item("email-reply-to", "other@evil-cas.fr"),
        item("user-agent", "évil (1; x)"),
        item("ip-port", "45.9.20.7:8443"), item("url", "http://evil-cas.fr/a;b?c=%22|\\d"), item("domain", "évil.fr"),
        item("user-agent", "x" * 900),
    ]  # fmt: skip
    mails, reply, agent, endpoint, url, name, long = (9_001_000 + 4 * number for number in range(len(values)))
    greeting = b"220 mx\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n221 bye\r\n"

    def get(path: str, agent: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: evil-cas.fr\r\nUser-Agent: {agent}\r\n\r\n".encode()

    seen = alerts(rules(values, names="dns"), tmp_path, [
        session(mail("BOB@evil-cas.fr", "x@y.fr"), greeting, port=40_001, to=25),
        session(mail("x@y.fr", 'Bob <bob@evil-cas.fr>'), greeting, port=40_002, to=25),
        session(mail("bob@evil-cas.fr.net", "jim-bob@evil-cas.fr"), greeting, port=40_003, to=25),
        session(mail("x@y.fr", "y@z.fr\r\nReply-To: other@evil-cas.fr"), greeting, port=40_004, to=25),
        session(mail("other@evil-cas.fr", "y@z.fr"), greeting, port=40_005, to=25),
        session(get("/", "évil (1; x)"), served("x"), port=40_006),
        session(get("/", "évil (1; x) more"), served("x"), port=40_007),
        session(get("/a;b?c=%22|\\d", "x"), served("x"), port=40_008),
        session(get("/a;b?c=%22|\\d#e", "x" * 901), served("x"), port=40_009),
        session(b"x", b"y", port=40_010, to=8443),
        session(b"x", b"y", port=40_011, to=8444),
        asked_name("xn--VIL-9la.fr", port=40_012),
        session(get("/", "x" * 900), served("x"), port=40_013),
    ])  # fmt: skip
    assert seen == {
        40_001: {mails}, 40_002: {mails}, 40_004: {reply}, 40_006: {agent}, 40_008: {url}, 40_010: {endpoint},
        40_012: {name}, 40_013: {long},
    }  # fmt: skip


@pytest.mark.real
def test_suricata_sees_files_by_the_lists_beside_its_rules(tmp_path: Path) -> None:
    answer = served("x.exe")
    digest = hashlib.sha256(answer.partition(b"\r\n\r\n")[2]).hexdigest()
    writer = formats["hash-list"]
    assert isinstance(writer, LineFormat)
    for kind, value in (("sha256", digest), ("sha1", "ab" * 20), ("md5", "ab" * 16)):
        options = writer.filled({"type": kind})
        body = writer.render([item(kind, value)], replace(META, options=options))
        (tmp_path / f"iocmarket-{kind}.txt").write_bytes(body)
    asked = b"GET /x HTTP/1.1\r\nHost: x.fr\r\n\r\n"
    seen = alerts(rules([], lists="yes"), tmp_path, [session(asked, answer, port=40_001)])
    assert seen == {40_001: {FIRST_SID}}
