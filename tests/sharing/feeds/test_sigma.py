"""Sigma rules, read with pySigma."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sigma.collection import SigmaCollection
from sigma.rule import SigmaDetectionItem, SigmaRule
from sigma.types import SigmaString

from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.feeds.formats.base import LineFormat, Lines, formats
from sharing.feeds.items import Item
from tests.sharing.feeds.examples import META, hostile_items, item

SIGMA = formats["sigma"]
SENT = """title: Evil
id: 5b7c1b1e-3f6e-4d2a-9a41-1f2b3c4d5e6f
logsource:
  category: process_creation
detection:
  a:
    Image: 'evil*.exe'
  condition: a"""


def lines(items: list[Item], **options: str) -> Lines:
    assert isinstance(SIGMA, LineFormat)
    return SIGMA.lines(items, SIGMA.filled(options))


def read(items: list[Item], **options: str) -> list[SigmaRule]:
    """What pySigma finds in the feed; every condition is parsed too."""
    assert isinstance(SIGMA, LineFormat)
    body = SIGMA.render(items, replace(META, options=SIGMA.filled(options)))
    found = SigmaCollection.from_yaml(body)
    assert not found.errors
    for rule in found.rules:
        assert isinstance(rule, SigmaRule)
        for condition in rule.detection.parsed_condition:
            condition.parse()
    rules = [rule for rule in found.rules if isinstance(rule, SigmaRule)]
    ids = [rule.id for rule in rules if rule.id is not None]
    assert len(set(ids)) == len(ids)
    return rules


def searched(rule: SigmaRule) -> list[tuple[str, list[str], str]]:
    """Field, modifiers and the value without its escapes; fails where something in it is a wildcard."""
    found = []
    for detection in rule.detection.detections.values():
        for one in detection.detection_items:
            assert isinstance(one, SigmaDetectionItem)
            [value] = one.original_value if isinstance(one.original_value, list) else [one.original_value]
            told = value.s if isinstance(value, SigmaString) else (str(value),)
            assert all(isinstance(part, str) for part in told)
            found.append((str(one.field), [kind.__name__ for kind in one.modifiers], "".join(map(str, told))))
    return found


def test_a_name_is_searched_in_dns_and_proxies_with_its_sub_names_where_they_are_meant() -> None:
    strict = Marking(TLP.AMBER_STRICT, PAP.RED)
    dns, proxy = read([item("domain", "Evil-CAS.fr", subtree=True, marking=strict)])
    assert searched(dns) == [
        ("query", [], "evil-cas.fr"), ("query", ["SigmaEndswithModifier"], ".evil-cas.fr"),
    ]  # fmt: skip
    assert [tag.namespace + "." + tag.name for tag in dns.tags] == ["tlp.amber-strict", "pap.red"]
    assert searched(proxy)[0] == ("cs-host", [], "evil-cas.fr")
    assert (dns.logsource.category, proxy.logsource.category) == ("dns", "proxy")
    assert len(searched(read([item("domain", "evil-cas.fr")])[0])) == 1


@pytest.mark.parametrize(
    ("made", "field", "value"),
    [
        (item("ipv4", "45.9.20.7"), "dst_ip", "45.9.20.7"),
        (item("cidr", "45.9.20.0/24"), "dst_ip", "45.9.20.0/24"),
        (item("url", "http://evil.fr/a*b?c=\\d"), "c-uri", "http://evil.fr/a*b?c=\\d"),
        (item("user-agent", "évil/1.0 (*)\\\\?"), "c-useragent", "évil/1.0 (*)\\\\?"),
        (item("filename", 'C:\\x\\🦊".exe'), "TargetFilename", '\\🦊".exe'),
        (item("sha256", "AB" * 32), "Hashes", "SHA256=" + "ab" * 32),
    ],
)
def test_a_value_is_searched_as_it_is(made: Item, field: str, value: str) -> None:
    [rule] = read([made])
    assert (field, value) in [(name, told) for name, _modifiers, told in searched(rule)]


def test_a_submitted_rule_stands_as_it_was_sent() -> None:
    assert isinstance(SIGMA, LineFormat)
    told = lines([item("sigma", SENT)]).body.decode()
    assert told == f"---\n# {item('sigma', SENT).public_id}: TLP:AMBER, PAP:GREEN\n{SENT}\n"
    [rule] = read([item("sigma", SENT)])
    assert rule.title == "Evil"


@pytest.mark.parametrize(("rules", "types"), [("all", {True, False}), ("submitted", {True}), ("generated", {False})])
def test_an_option_says_which_rules(rules: str, types: set[bool]) -> None:
    assert isinstance(SIGMA, LineFormat)
    assert {kind.name == "sigma" for kind in SIGMA.carried({"rules": rules})} == types


@pytest.mark.parametrize(
    "text",
    [
        f"{SENT}\naction: global",
        f"{SENT}\n---\naction: reset",
        f"{SENT}\n---\ntitle: Two",
        f"action: repeat\n{SENT}",
        f"{SENT}\nfilter:\n  rules: any",
        f"{SENT}\ncorrelation:\n  type: event_count",
        f"%YAML 1.1\n---\n{SENT}",
        f"{SENT}\n  - not: [yaml",
        "a: &a [x]\nb: *a",
        "just words",
        "title: no detection",
    ],
)
def test_what_would_decide_over_others_or_is_no_rule_is_left_out(text: str) -> None:
    refused = replace(item("sigma", SENT), value=text)
    told = lines([refused, item("ipv4", "45.9.20.7")])
    assert told.skipped == {"rule_refused": 1}
    assert len(read([refused, item("ipv4", "45.9.20.7")])) == 1


def test_rules_that_name_themselves_alike_stand_once() -> None:
    again = item("sigma", SENT.replace("evil*", "worse*"))
    value = item("ipv4", "45.9.20.7")
    posing = item("sigma", SENT.replace("5b7c1b1e-3f6e-4d2a-9a41-1f2b3c4d5e6f", str(value.public_id)))
    told = lines([value, item("sigma", SENT), again, posing])
    assert told.skipped == {"same_entry": 2}
    assert len(read([value, item("sigma", SENT), again, posing])) == 2


def test_a_rule_that_begins_with_its_own_mark_is_one_document() -> None:
    assert len(read([item("sigma", f"---\n{SENT}"), item("sigma", f"---\n{SENT.replace('id:', 'x:')}")])) == 2


_PIECES = st.sampled_from([
    SENT, "\n", "---\n", "...\n", "action: global\n", "title: x\n", "'", '"', "|\n", "  ", "# ", "%TAG ! x\n", "&a ",
    "*a", "{", "[", "- ", "\t", "é\u2028",
])  # fmt: skip


@given(st.lists(st.lists(_PIECES, max_size=6).map("".join), max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_the_file_is_read_and_rules_after_it_mean_what_they_say(texts: list[str]) -> None:
    base = item("sigma", SENT)
    items = [*[replace(base, value=text) for text in texts], item("ipv4", "45.9.20.7")]
    last = read(items)[-1]
    assert last.title == "IOC market ipv4 phishing (firewall)"
    assert len(read(items)) == lines(items).count


@given(st.lists(hostile_items({kind.name for kind in SIGMA.types()} - {"sigma"}), max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_hostile_values_are_searched_as_they_are(items: list[Item]) -> None:
    once = {(made.type, made.value): made for made in items}.values()
    rules = read(list(once))
    searched_for = [value for rule in rules for _field, _modifiers, value in searched(rule)]
    for made in once:
        assert any(value.endswith(made.value) or made.value.endswith(value.lstrip("\\")) for value in searched_for)
