"""Snort 3 rules, read by their grammar: no release of the program is packaged where these tests run."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.feeds.formats.base import LineFormat, formats
from sharing.feeds.formats.snort3 import wire
from sharing.feeds.items import Item
from tests.sharing.feeds.captures import asked_name
from tests.sharing.feeds.examples import META, hostile_items, item

SNORT = formats["snort3"]
_ENDS = r"any any (?:->|<>) (?:any|\[[0-9a-f.:/]+\]) (?:any|\d{1,5})"
_HEAD = re.compile(rf"alert (?:http|(?:udp|tcp|ip) {_ENDS}) \( (.*) \)")
_OPTION = re.compile(r'([a-z_]+)(?::((?:"[^"]*"|[^";])*))?;\s*')
_KNOWN = {
    "msg",
    "flow",
    "content",
    "nocase",
    "http_header",
    "http_raw_uri",
    "bufferlen",
    "pcre",
    "metadata",
    "sid",
    "rev",
}
_CONTENT = re.compile(r'"((?:[^"|\\;:]|\|[0-9a-f]{2}(?: [0-9a-f]{2})*\|)+)"(,nocase)?(?:,offset (\d+),depth (\d+))?')


@dataclass
class Content:
    """One content of a rule."""

    octets: bytes
    fold: bool
    offset: int | None
    depth: int | None

    def within(self, payload: bytes) -> bool:
        """Whether the payload has it where it has to stand."""
        start = self.offset or 0
        window = payload[start : len(payload) if self.depth is None else start + self.depth]
        return self.octets.lower() in window.lower() if self.fold else self.octets in window


def read(line: str) -> dict[str, list[str]]:
    """The options of a rule. Fails on what Snort's parser would not take."""
    head = _HEAD.fullmatch(line)
    assert head is not None, line
    found: dict[str, list[str]] = {}
    place = 0
    while place < len(head[1]):
        option = _OPTION.match(head[1], place)
        assert option is not None, head[1][place:]
        assert option[1] in _KNOWN
        found.setdefault(option[1], []).append(option[2] or "")
        place = option.end()
    assert len(found["sid"]) == len(found["rev"]) == len(found["msg"]) == 1
    for expression in found.get("pcre", []):
        assert expression.startswith('"/')
        re.compile(expression[2:-3])
    return found


def contents(rule: dict[str, list[str]]) -> list[Content]:
    told = []
    for written in rule.get("content", []):
        found = _CONTENT.fullmatch(written)
        assert found is not None, written
        octets = re.sub(
            rb"\|([0-9a-f ]+)\|", lambda pairs: bytes.fromhex(pairs[1].decode()), found[1].encode()
        )  # fmt: skip
        offset, depth = (None if number is None else int(number) for number in found.group(3, 4))
        assert depth is None or depth >= len(octets)
        told.append(Content(octets, bool(found[2]), offset, depth))
    return told


def rules(items: list[Item], **options: str) -> list[str]:
    assert isinstance(SNORT, LineFormat)
    body = SNORT.render(items, replace(META, options=SNORT.filled(options)))
    return [line for line in body.decode().splitlines() if not line.startswith("# ")]


def question(name: str) -> bytes:
    """What stands in the datagram behind the heads of IP and UDP."""
    return asked_name(name, port=4000)[0][28:]


def test_a_rule_says_its_labels() -> None:
    made = item("ipv4", "45.9.20.7", marking=Marking(TLP.AMBER_STRICT, PAP.RED))
    [line] = rules([made])
    assert line.startswith('alert ip any any <> [45.9.20.7/32] any ( msg:"IOC market ipv4 phishing"; ')
    assert f"metadata:ioc_uuid {made.public_id}, tlp amber-strict, pap red, first_seen 2026_11_20; " in line


def test_a_name_is_found_in_questions_and_nothing_that_merely_looks_alike() -> None:
    for subtree in (False, True):
        [line] = rules([item("domain", "evil-cas.fr", subtree=subtree)], names="dns")
        [found] = contents(read(line))
        assert found.within(question("EVIL-cas.fr"))
        assert found.within(question("www.evil-cas.fr")) is subtree
        assert not found.within(question("notevil-cas.fr"))
        assert not found.within(question("evil-cas.fr.org"))
        assert not found.within(question("ahevil-cas.fr"))


def test_a_name_is_found_in_the_field_host() -> None:
    for subtree in (False, True):
        [line] = rules([item("domain", "evil-cas.fr", subtree=subtree)], names="http")
        [expression] = read(line)["pcre"]
        host = re.compile(expression[2:-3], re.IGNORECASE)
        hits = [name for name in ("Evil-cas.fr", "evil-cas.fr:80", "www.evil-cas.fr", "notevil-cas.fr", "evil-casxfr")
                if host.search(name)]  # fmt: skip
        assert hits == ["Evil-cas.fr", "evil-cas.fr:80", *(["www.evil-cas.fr"] if subtree else [])]


def test_a_web_address_is_compared_whole() -> None:
    [line] = rules([item("url", 'http://evil-cas.fr:8080/a;b?c="|\\d#e')])
    host, target = contents(read(line))
    assert host.octets == b"evil-cas.fr:8080"
    assert read(line)["bufferlen"] == [str(len(host.octets)), str(len(target.octets))]
    assert target.octets.startswith(b"/a;b?c=")
    assert b"#" not in target.octets


def test_the_longest_name_fits() -> None:
    name = ".".join(["a" * 63] * 3 + ["b" * 57, "fr"])
    [line] = rules([item("domain", name)], names="dns")
    assert contents(read(line))[0].octets == wire(name)


@given(st.lists(hostile_items({kind.name for kind in SNORT.types()}), max_size=8))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_hostile_values_stay_in_their_strings(items: list[Item]) -> None:
    assert isinstance(SNORT, LineFormat)
    numbered = [replace(made, sid=9_001_000 + 4 * number) for number, made in enumerate(items)]
    lines = rules(numbered)
    found = [read(line) for line in lines]
    sids = [rule["sid"][0] for rule in found]
    assert len(set(sids)) == len(sids)
    assert len(lines) >= SNORT.lines(numbered, SNORT.filled({})).count
    for rule in found:
        contents(rule)
