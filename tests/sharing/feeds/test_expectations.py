"""Two hundred values through the real submission, and what the readers of each list find of them.

The readers here are strict: they refuse what the programs would refuse or pass over in silence. What Debian has is
driven in test_real_filters.py.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.test import Client

from iocmarket.kernel.marking import TLP
from tests.factories import contribute, publish
from tests.ingestion.submissions.conftest import Sender
from tests.sharing.feeds.expectations import Expected, Fate, share, two_hundred, within

pytestmark = pytest.mark.django_db

NAMES, WEB, MAIL = {"domain"}, {"url"}, {"email"}
ADDRESSES = {"ipv4", "ipv6"}
NETWORKS = {*ADDRESSES, "cidr"}
HASHES = {"md5", "sha1", "sha256"}
Found = Callable[[Expected], bool]
Reader = Callable[[str], Found]


def fed(client: Client, path: str) -> str:
    answer: Any = client.get(path)
    assert answer.status_code == 200, answer.content
    return (b"".join(answer) if answer.streaming else answer.content).decode()


def among(values: Iterable[str]) -> Found:
    listed = list(values)
    assert len(listed) == len(set(listed))
    known = set(listed)
    return lambda one: one.met in known


def in_networks(values: Iterable[str]) -> Found:
    networks = list(values)
    assert len(networks) == len(set(networks))
    assert all(str(ipaddress.ip_network(each)).removesuffix("/32").removesuffix("/128") == each for each in networks)
    return lambda one: within(one.met, networks)


def lines(text: str) -> list[str]:
    assert "\r" not in text
    assert text.endswith("\n")
    return [line for line in text.splitlines() if not line.startswith("#")]


def plain(text: str) -> Found:
    return among(lines(text))


def addresses(text: str) -> Found:
    return in_networks(lines(text))


def names(text: str) -> Found:
    listed = lines(text)
    assert all(re.fullmatch(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]{2,63}", each) for each in listed)
    return among(listed)


def targets(text: str) -> Found:
    listed = lines(text)
    assert all("/" in each and not re.search(r"^[a-z]+://|[*^ ]", each) for each in listed)
    found = among(listed)
    return lambda one: found(Expected(one.type, "", one.met.partition("://")[2], one.fate))


def table(column: str, columns: str) -> Reader:
    def read(text: str) -> Found:
        header, *rows = list(csv.reader(io.StringIO(text, newline="")))
        assert ",".join(header) == columns
        assert {len(row) for row in rows} == {len(header)}
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
        if "weight" in header:
            assert {1 <= int(row[header.index("weight")]) <= 100 for row in rows} == {True}
        return among(row[header.index(column)] for row in rows)

    return read


def elastic(text: str) -> Found:
    listed = [json.loads(line) for line in text.split("\n")[:-1]]
    documents, ids = [], []
    while listed:
        action = listed.pop(0)
        (verb, target), *rest = action.items()
        assert not rest
        ids.append(target["_id"])
        if verb == "index":
            documents.append(listed.pop(0))
        else:
            assert verb == "delete"
    assert len(ids) == len(set(ids))
    told = [document["threat"]["indicator"] for document in documents]
    assert {document["event"]["kind"] for document in documents} == {"enrichment"}
    assert {each["marking"]["tlp"] for each in told} == {"GREEN"}
    fields = [("ip",), ("url", "domain"), ("url", "full"), ("email", "address")]
    fields += [("file", "hash", kind) for kind in HASHES]
    return among(value for each in told for field in fields if (value := _at(each, field)))


def _at(told: Any, field: tuple[str, ...]) -> Any:
    for name in field:
        told = told.get(name) if isinstance(told, dict) else None
    return told


def sentinel(text: str) -> Found:
    bodies = [json.loads(line) for line in text.split("\n")[:-1]]
    sizes = [len(body["stixobjects"]) for body in bodies]
    assert set(sizes[:-1]) <= {100}
    assert 0 < sizes[-1] <= 100
    values = []
    for told in (one for body in bodies for one in body["stixobjects"]):
        assert told["valid_from"] < told["valid_until"]
        assert told["created"] <= told["modified"]
        found = re.fullmatch(r"\[[a-z0-9-]+:(?:value|hashes\.(?:MD5|'SHA-1'|'SHA-256')) = '((?:[^'\\]|\\.)*)'\]",
                             told["pattern"])  # fmt: skip
        assert found, told["pattern"]
        values.append(re.sub(r"\\(.)", r"\1", found[1]))
    return among(values)


def wazuh(text: str) -> Found:
    read = [re.fullmatch(r'(?:"([^"]+)"|([^":]+)):[^":]*', line) for line in lines(text)]
    assert None not in read
    keys = [line[1] or line[2] for line in read if line]
    assert len(keys) == len(set(keys))

    def found(one: Expected) -> bool:
        octets = one.met.split(".")
        starts = {one.met, *(".".join(octets[:count]) + "." for count in (1, 2, 3))} if one.kind == "ip" else {one.met}
        return not starts.isdisjoint(keys)

    return found


def decisions(text: str) -> Found:
    read = json.loads(text)
    assert {one["type"] for one in read} == {"ban"}
    assert all((one["scope"] == "Range") == ("/" in one["value"]) for one in read)
    return in_networks(one["value"] for one in read)


ALL = NETWORKS | NAMES | WEB | MAIL | HASHES
EXACT = ALL - {"cidr"}
COLLECTIONS: list[tuple[str, str, str, set[str]]] = [
    ("domain_intel", "domain", "description,domain,weight", NAMES),
    ("http_intel", "url", "description,http_referrer,http_user_agent,url,weight", WEB),
    ("email_intel", "src_user", "description,src_user,subject,weight", MAIL),
    ("file_intel", "file_hash", "description,file_hash,file_name,weight", HASHES),
    ("ip_intel", "ip", "description,ip,weight", ADDRESSES),
]
FEEDS: list[tuple[str, set[str], Reader]] = [
    ("elastic", EXACT, elastic),
    ("sentinel", EXACT, sentinel),
    ("wazuh", EXACT, wazuh),
    ("wazuh?list=url", WEB, wazuh),
    ("graylog", EXACT, table("key", "key,value,type,tlp,pap,score,last_seen")),
    *((f"splunk?collection={name}", kinds, table(column, header)) for name, column, header, kinds in COLLECTIONS),
    ("qradar", ADDRESSES, plain),
    ("qradar?type=domain", NAMES, plain),
    ("qradar?type=url&form=json", WEB, lambda text: among(json.loads(text))),
    ("qradar?type=hash&form=json", HASHES, lambda text: among(json.loads(text))),
    ("pf", NETWORKS, addresses),
    ("edl-paloalto", NETWORKS, addresses),
    ("edl-paloalto?type=domain", NAMES, names),
    ("edl-paloalto?type=url", WEB, targets),
    ("fortigate", NETWORKS, addresses),
    ("fortigate?type=domain", NAMES, names),
    ("fortigate?type=url", WEB, targets),
    ("fortigate?type=hash", HASHES, plain),
    ("crowdsec", NETWORKS, decisions),
    ("hash-list", {"sha256"}, plain),
    ("hash-list?type=md5", {"md5"}, plain),
    ("jsonl", EXACT, lambda text: among(json.loads(line)["value"] for line in text.split("\n")[:-1])),
    ("json", EXACT, lambda text: among(one["value"] for one in json.loads(text)["indicators"])),
]


def test_every_list_says_what_it_is_to_say_of_two_hundred_values_and_nothing_else(sender: Sender) -> None:
    expected = two_hundred()
    assert len(expected) >= 200
    share(sender, expected)
    for path, kinds, reader in FEEDS:
        fmt = path.partition("?")[0]
        found = reader(fed(sender.client, f"/feeds/{path}"))
        asked = [one for one in expected if one.type in kinds and not _unwritable(fmt, one)]
        wrong = [(one.met, one.fate) for one in asked if found(one) != one.hit(fmt)]
        assert wrong == [], path
        assert any(map(found, asked)), path


def test_elasticsearch_is_told_to_delete_what_was_withdrawn_or_has_expired(sender: Sender) -> None:
    expected = [one for one in two_hundred() if one.type in EXACT][:60]
    share(sender, expected)
    said = [json.loads(line) for line in fed(sender.client, "/feeds/elastic").split("\n")[:-1]]
    deleted = [one for one in said if "delete" in one]
    assert len(deleted) == len([one for one in expected if one.fate in {Fate.WITHDRAWN, Fate.EXPIRED}]) > 0
    assert {one["delete"]["_id"] for one in deleted}.isdisjoint(one["index"]["_id"] for one in said if "index" in one)


def test_a_list_without_a_limit_holds_the_highest_scores_that_its_readers_load(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value, confidence in (("45.9.20.7", 70), ("45.9.20.8", 90), ("45.9.20.9", 60)):
        contribute(sender.institution, value, tlp=TLP.GREEN, confidence=confidence)
    publish()
    monkeypatch.setattr("sharing.feeds.formats.pf.ENTRIES", 1)
    assert lines(fed(sender.client, "/feeds/pf")) == ["45.9.20.8"]
    assert lines(fed(sender.client, "/feeds/pf?limit=2")) == ["45.9.20.7", "45.9.20.8"]


@pytest.mark.parametrize(
    "path", ["hash-list?type=ipv4", "edl-paloalto?type=ipv4,domain", "splunk?collection=user_intel"]
)
def test_a_list_that_does_not_exist_is_refused(path: str, sender: Sender) -> None:
    publish()
    answer: Any = sender.client.get(f"/feeds/{path}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_option"


def _unwritable(fmt: str, one: Expected) -> bool:
    """What a format says that it leaves out: entries longer than a firewall takes, and wildcards."""
    return fmt in {"edl-paloalto", "fortigate"} and one.type == "url" and "*" in one.met
