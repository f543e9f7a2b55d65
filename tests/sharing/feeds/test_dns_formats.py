"""What the formats of resolvers and proxies write, to the letter (docs/feeds.md)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from iocmarket.kernel.decision import Refusal
from sharing.feeds.formats.base import LineFormat, Tally, formats
from sharing.feeds.formats.names import from_the_top, host_read, uncovered
from sharing.feeds.items import Item, Unwritable
from sharing.feeds.options import read_options
from tests.sharing.feeds.examples import META, item
from tests.sharing.feeds.test_formats import line


def listed(fmt: str, items: list[Item], **options: str) -> list[str]:
    """The lines of a feed, without what stands before them."""
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    return writer.lines(items, writer.filled(options)).body.decode().splitlines()


def domain(name: str, *, subtree: bool = False) -> Item:
    return item("domain", name, subtree=subtree)


def test_rpz_sends_to_a_walled_garden_by_name_or_by_address() -> None:
    garden = {"action": "walled-garden", "target": "sinkhole.univ.fr"}
    assert line("rpz", "domain", "evil-cas.fr", options=garden) == "evil-cas.fr CNAME sinkhole.univ.fr.\n"
    garden["target"] = "192.0.2.5,2001:db8::5"
    assert listed("rpz", [domain("evil-cas.fr", subtree=True)], **garden) == [
        "evil-cas.fr A 192.0.2.5",
        "evil-cas.fr AAAA 2001:db8::5",
        "*.evil-cas.fr A 192.0.2.5",
        "*.evil-cas.fr AAAA 2001:db8::5",
    ]
    assert listed("rpz", [item("ipv4", "45.9.20.7")], **garden)[0] == "32.7.20.9.45.rpz-ip A 192.0.2.5"


def test_rpz_can_let_through_and_be_logged() -> None:
    monitored = line("rpz", "domain", "evil-cas.fr", options={"action": "passthru"})
    assert monitored == "evil-cas.fr CNAME rpz-passthru.\n"


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("Sinkhole.Univ.FR.", "sinkhole.univ.fr"),
        ("puits.évil.fr", "puits.xn--vil-9la.fr"),
        ("192.0.2.5", "192.0.2.5"),
        ("2001:DB8::5", "2001:db8::5"),
        ("192.0.2.5, 2001:db8:0::5", "192.0.2.5,2001:db8::5"),
    ],
)
def test_a_walled_garden_is_read_into_one_spelling(given: str, canonical: str) -> None:
    assert host_read(given) == canonical


@pytest.mark.parametrize(
    "given",
    ["sinkhole", "rpz-drop.", "*.univ.fr", "a b.fr", "192.0.2.5,192.0.2.6", "192.0.2.0/24", "fe80::1%eth0", "1.2.3.400",
     "a.fr CNAME b.fr", "a.fr;b", "https://a.fr", f"{'a' * 64}.fr"],
)  # fmt: skip
def test_what_is_no_walled_garden_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="a full DNS name"):
        host_read(given)


@pytest.mark.parametrize(
    "query",
    ["target=sinkhole.univ.fr", "action=walled-garden", "action=walled-garden&target=a%0Ab.fr", "target=x&target=y"],
)  # fmt: skip
def test_a_target_that_makes_no_sense_is_refused(query: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_options(QueryDict(query), formats["rpz"])
    assert refused.value.code == "bad_option"


def test_options_of_a_walled_garden_are_equal_however_they_were_written() -> None:
    first, second = (
        read_options(QueryDict(f"action=walled-garden&target={target}"), formats["rpz"]).digest
        for target in ("Sinkhole.univ.fr.", "sinkhole.univ.fr")
    )
    assert first == second


def test_unbound_has_a_zone_for_a_name_with_its_sub_names_and_data_for_a_single_one() -> None:
    assert line("unbound", "domain", "evil-cas.fr", subtree=True) == 'local-zone: "evil-cas.fr." always_nxdomain\n'
    assert listed("unbound", [domain("www.evil-cas.fr")]) == [
        'local-data: "www.evil-cas.fr. A 0.0.0.0"',
        'local-data: "www.evil-cas.fr. AAAA ::"',
    ]
    assert formats["unbound"].header(META).endswith(b"\nserver:\n")


def test_dnsmasq_and_hosts() -> None:
    names = [domain("evil-cas.fr", subtree=True), domain("www.exact-cas.fr")]
    assert listed("dnsmasq", names) == ["address=/evil-cas.fr/", "host-record=www.exact-cas.fr,0.0.0.0,::"]
    assert listed("dnsmasq", names, action="null")[0] == "address=/evil-cas.fr/#"
    assert listed("hosts", names[:1]) == ["0.0.0.0 evil-cas.fr", ":: evil-cas.fr"]


def test_pdnssoc_has_a_file_for_names_and_one_for_addresses_and_no_comments() -> None:
    pdnssoc = formats["pdnssoc"]
    assert {kind.name for kind in pdnssoc.carried({"set": "domains"})} == {"domain"}
    assert {kind.name for kind in pdnssoc.carried({"set": "ips"})} == {"ipv4", "ipv6", "cidr"}
    assert pdnssoc.header(META) == b""
    assert listed("pdnssoc", [item("cidr", "45.9.21.0/24")]) == ["45.9.21.0/24"]


def test_squid_lists_names_or_expressions_for_web_addresses() -> None:
    assert listed("squid", [domain("evil-cas.fr", subtree=True), domain("www.exact-cas.fr")]) == [
        ".evil-cas.fr",
        "www.exact-cas.fr",
    ]
    address = item("url", "http://evil-cas.fr:8080/a(b).php?x=1|2$#part")
    assert listed("squid", [address]) == [r"^http://evil-cas\.fr:8080/a\(b\)\.php\?x=1\|2\$$"]
    escaped = item("url", "http://evil-cas.fr/a%22b%0a%C3%a9%2e%2500%00")
    assert listed("squid", [escaped]) == [r'^http://evil-cas\.fr/a"b...\.%00%00$']
    assert {kind.name for kind in formats["squid"].carried({"set": "urls"})} == {"url"}


def test_squid_leaves_out_what_is_longer_than_its_lines_or_no_web_address() -> None:
    for raw, reason in (("http://evil-cas.fr/" + "a" * 2100, "entry_too_long"), ("ftp://evil-cas.fr/x", "not_http")):
        with pytest.raises(Unwritable, match=reason):
            line("squid", "url", raw)


def test_squid_has_no_name_below_a_listed_one() -> None:
    names = [
        domain("evil.fr", subtree=True),
        domain("evil-x.fr", subtree=True),
        domain("a.evil-x.fr"),
        domain("www.evil.fr"),
        domain("a.b.evil.fr", subtree=True),
        domain("evil2.fr"),
        domain("x.evil2.fr"),
        domain("notevil.fr"),
    ]
    squid = formats["squid"]
    assert isinstance(squid, LineFormat)
    written = squid.lines(sorted(names, key=_order), squid.filled({}))
    assert written.body.decode().split() == [".evil-x.fr", ".evil.fr", "evil2.fr", "x.evil2.fr", "notevil.fr"]
    assert {one.value for one, reason in written.left_out if reason == "covered"} == {
        "a.evil-x.fr",
        "www.evil.fr",
        "a.b.evil.fr",
    }


_LABELS = st.lists(st.sampled_from(["a", "a-", "a-b", "ab", "b", "0"]), min_size=1, max_size=4)


@given(st.dictionaries(_LABELS.map(lambda labels: ".".join([*labels, "fr"])), st.booleans(), max_size=12))
@settings(max_examples=40)
def test_whatever_the_names_none_below_a_listed_one_stays_and_every_other_does(names: dict[str, bool]) -> None:
    plain = domain("evil.fr")
    items = [replace(plain, value=name, subtree=subtree) for name, subtree in names.items()]
    kept = {one.value for one in uncovered(sorted(items, key=_order), Tally())}
    parents = {f".{name}" for name, subtree in names.items() if subtree}
    assert kept == {name for name in names if not any(name.endswith(parent) for parent in parents)}


def _order(one: Item) -> str:
    return from_the_top(one.value)


@pytest.mark.parametrize("fmt", ["unbound", "dnsmasq", "hosts", "pdnssoc", "squid", "rpz"])
@pytest.mark.parametrize(
    "value", ["evil..fr", "évil.fr", 'a".fr', "a fr", "a\n.fr", "-a.fr", f"{'a' * 64}.fr", "localhost"]
)
def test_a_name_that_is_none_is_never_written(fmt: str, value: str) -> None:
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    with pytest.raises(Unwritable, match="not_a_dns_name"):
        writer.line(replace(domain("evil.fr"), value=value), writer.filled({}))
