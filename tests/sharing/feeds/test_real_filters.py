"""The mail servers and packet filters that consume feeds: they load them without a word and do what the feed means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.indicators.types import Trait
from sharing.feeds.formats.base import LineFormat, formats
from sharing.feeds.items import Item
from tests.ingestion.submissions.conftest import Sender
from tests.sharing.feeds.examples import META, hostile_items, item
from tests.sharing.feeds.expectations import Expected, Fate, share, two_hundred
from tests.sharing.feeds.mail_filters import HOW, PostfixTable, SpamAssassin, message, rspamd
from tests.sharing.feeds.packet_filters import ipset_finds, nft_finds

pytestmark = pytest.mark.real

NETWORKS = {"ipv4", "ipv6", "cidr"}
HOSTILE_NAME = 'X";}\n\\ # add set $(id) m,a, \u2028 é\\'


def written(fmt: str, items: Iterable[Item], **options: str) -> bytes:
    """The feed of these values."""
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    return writer.render(items, replace(META, name=HOSTILE_NAME, options=writer.filled(options)))


@pytest.fixture(scope="module")
def hostile() -> list[Item]:
    """Many nasty values of the types that these programs get, each once."""
    found: dict[tuple[str, str], Item] = {}
    wanted = {kind.name for name in ("rspamd", "postfix") for kind in formats[name].types()}

    @given(st.lists(hostile_items(wanted), max_size=12), st.booleans())
    @settings(max_examples=150, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    def gather(items: list[Item], subtree: bool) -> None:
        for made in items:
            found[made.type, made.value] = replace(made, subtree=subtree and Trait.NAME in made.traits)

    gather()
    assert len(found) > 150
    return [found[key] for key in sorted(found)]


def of_types(items: list[Item], fmt: str, **options: str) -> list[Item]:
    """Those that a list carries."""
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    names = {kind.name for kind in writer.carried(writer.filled(options))}
    return [one for one in items if one.type in names]


def test_rspamd_loads_hostile_values_and_knows_what_it_can_write(hostile: list[Item], tmp_path: Path) -> None:
    maps = {
        kind.upper(): (how, written("rspamd", of_types(hostile, "rspamd", type=kind), type=kind))
        for kind, how in HOW.items()
    }
    writer = formats["rspamd"]
    assert isinstance(writer, LineFormat)
    with rspamd(maps, tmp_path) as running:
        assert running.found(message()).isdisjoint(maps)
        for one in of_types(hostile, "rspamd", type="domain")[:40]:
            known = writer.lines([one], {"type": "domain"}).count == 1
            assert ("DOMAIN" in running.found(message(link=f"http://{one.value}/"))) == known, one.value
        assert running.complaints() == []


def test_spamassassin_has_nothing_to_say_of_hostile_values(hostile: list[Item], tmp_path: Path) -> None:
    feed = written("spamassassin", of_types(hostile, "spamassassin"))
    assert feed.count(b"\nuri ") > 20
    assert SpamAssassin.of(feed, tmp_path).complaints() == ""


@pytest.mark.parametrize(("kind", "table"), [("hash", "access"), ("cidr", "cidr")])
def test_postfix_has_nothing_to_say_of_hostile_values(
    kind: str, table: str, hostile: list[Item], tmp_path: Path
) -> None:
    feed = written("postfix", of_types(hostile, "postfix", map=table), map=table)
    assert feed.count(b"\tREJECT ") > 10
    assert PostfixTable.of(feed, tmp_path, kind).complaints() == []


@pytest.mark.parametrize(("fmt", "finds"), [("nftables", nft_finds), ("ipset", ipset_finds)])
def test_a_packet_filter_loads_hostile_values_as_often_as_one_likes(
    fmt: str, finds: Callable[..., set[str]], hostile: list[Item], tmp_path: Path
) -> None:
    items = of_types(hostile, fmt)
    (tmp_path / "feed").write_bytes(written(fmt, items))
    addresses = [one.value for one in items if one.type != "cidr"]
    assert len(addresses) > 10
    assert finds(tmp_path / "feed", addresses) == set(addresses)


@pytest.mark.parametrize(("fmt", "finds"), [("nftables", nft_finds), ("ipset", ipset_finds)])
def test_a_packet_filter_forgets_what_is_no_longer_in_the_feed(
    fmt: str, finds: Callable[..., set[str]], tmp_path: Path
) -> None:
    old, new = [item("cidr", "2a05:db8::/48"), item("ipv4", "45.9.20.7")], [item("ipv4", "45.9.20.8")]
    (tmp_path / "old").write_bytes(written(fmt, old))
    (tmp_path / "new").write_bytes(written(fmt, new))
    (tmp_path / "none").write_bytes(written(fmt, []))
    asked = ["45.9.20.7", "45.9.20.8", "2a05:db8::9"]
    assert finds(tmp_path / "old", asked) == {"45.9.20.7", "2a05:db8::9"}
    assert finds(tmp_path / "new", asked, before=tmp_path / "old") == {"45.9.20.8"}
    assert finds(tmp_path / "none", asked, before=tmp_path / "old") == set()


def test_rspamd_and_spamassassin_mean_sub_names_where_the_feed_does(tmp_path: Path) -> None:
    items = [item("domain", "evil-cas.fr", subtree=True), item("domain", "www.exact-cas.fr")]
    maps = {kind.upper(): (HOW[kind], written("rspamd", items, type=kind)) for kind in ("domain", "registered")}
    hosts = ("evil-cas.fr", "a.b.EVIL-cas.fr", "www.exact-cas.fr")
    others = ("notevil-cas.fr", "evil-cas.fr.org", "x.www.exact-cas.fr", "exact-cas.fr")
    (tmp_path / "r").mkdir()
    with rspamd(maps, tmp_path / "r") as running:
        assert [host for host in hosts if running.found(message(link=f"http://{host}/x")).isdisjoint(maps)] == []
        assert [host for host in others if not running.found(message(link=f"http://{host}/x")).isdisjoint(maps)] == []
    (tmp_path / "s").mkdir()
    asked = [message(link=f"http://{host}/x") for host in (*hosts, *others)]
    asked += [message(sender=f"x@{host}") for host in (*hosts, *others)]
    blocked = SpamAssassin.of(written("spamassassin", items), tmp_path / "s").blocked(asked)
    assert blocked == [True, True, True, False, False, False, False] * 2


def test_spamassassin_finds_names_outside_of_ascii_however_a_mail_writes_them(tmp_path: Path) -> None:
    """Whether the module for such names is installed or not: Debian does not install it with the program."""
    items = [item("domain", "voilà-cas.fr", subtree=True), item("url", "http://почта-Р.fr/a;b?x=1")]
    items.append(item("domain", "séc-exact.fr"))
    known = [
        *(f"http://{name}/p" for name in ("voilà-cas.fr", "www.voilà-cas.fr", "xn--voil-cas-2ya.fr", "VOILÀ-cas.fr")),
        "http://почта-р.fr/a;b?x=1", f"http://{'почта-р.fr'.encode('idna').decode()}/a;b?x=1",
        "http://séc-exact.fr",
    ]  # fmt: skip
    alike = [
        *(f"http://{name}/p" for name in ("avoilà-cas.fr", "voilà-cas.fr.org", "évoilà-cas.fr", "voila-cas.fr")),
        "http://почта-р.fr/a;b?x=12", "http://почта-р.fr/", "http://www.séc-exact.fr/", "http://good.org/séc-exact.fr",
        "mailto:bob@séc-exact.fr", "http://elsewhere.org/?u=voilà-cas.fr.org",
    ]  # fmt: skip
    assassin = SpamAssassin.of(written("spamassassin", items), tmp_path)
    assert assassin.complaints() == ""
    for text in (False, True):
        found = assassin.blocked([message(link=link, text=text) for link in (*known, *alike)])
        assert [link for link, hit in zip(known, found, strict=False) if not hit] == []
        assert [link for link, hit in zip(alike, found[len(known) :], strict=True) if hit] == []
    latin = message(link="http://voilà-cas.fr/p", text=True).decode().replace("utf-8", "iso-8859-1").encode("latin-1")
    entities = message(link="http://voilà-cas.fr/p").decode().encode("ascii", "xmlcharrefreplace")
    bare = [message(link=text, text=True) for text in ("voilà-cas.fr", "« voilà-cas.fr »", "x.voilà-cas.fr, or")]
    assert assassin.blocked([latin, entities, *bare]) == [True] * 5


def test_spamassassin_finds_web_addresses_that_its_reading_of_text_cuts(tmp_path: Path) -> None:
    known = [f"http://evil-cas.fr/{path}" for path in ("a|b", "=cmd|calc", "q?x=[1]&y=2")]
    alike = [*(f"{link}x" for link in known), "http://evil-cas.fr/a", "http://evil-cas.fr/q?x="]
    assassin = SpamAssassin.of(written("spamassassin", [item("url", link) for link in known]), tmp_path)
    assert assassin.complaints() == ""
    for text in (False, True):
        found = assassin.blocked([message(link=link, text=text) for link in (*known, *alike)])
        assert [link for link, hit in zip(known, found, strict=False) if not hit] == []
        assert [link for link, hit in zip(alike, found[len(known) :], strict=True) if hit] == []


@pytest.mark.django_db
def test_each_program_does_what_it_is_to_do_with_two_hundred_values_and_nothing_else(
    sender: Sender, tmp_path: Path
) -> None:
    expected = two_hundred()
    share(sender, expected)

    def fed(path: str) -> bytes:
        answer: Any = sender.client.get(f"/feeds/{path}")
        assert answer.status_code == 200
        return b"".join(answer) if answer.streaming else bytes(answer.content)

    def kept(name: str, path: str) -> Path:
        (tmp_path / name).write_bytes(fed(path))
        return tmp_path / name

    def check(fmt: str, kinds: set[str], find: Callable[[list[Expected]], Iterable[bool]]) -> None:
        asked = [one for one in expected if one.type in kinds]
        assert len({one.fate for one in asked}) == len(Fate)
        wrong = [one for one, found in zip(asked, find(asked), strict=True) if found != one.hit(fmt)]
        assert wrong == [], fmt

    def met(asked: list[Expected]) -> list[str]:
        return [one.met for one in asked]

    for fmt, finds in (("nftables", nft_finds), ("ipset", ipset_finds)):
        known = finds(kept(fmt, fmt), met([one for one in expected if one.type in NETWORKS]))
        check(fmt, NETWORKS, lambda asked, known=known: [one in known for one in met(asked)])  # type: ignore[misc]
    for kind, query, kinds in (("hash", "", {"domain", "email"}), ("cidr", "?map=cidr", NETWORKS)):
        table = PostfixTable.of(fed(f"postfix{query}"), tmp_path / kind, kind)
        assert table.complaints() == []
        refused = table.refuses(met([one for one in expected if one.type in kinds]))
        check("postfix", kinds, lambda asked, refused=refused: [one in refused for one in met(asked)])  # type: ignore[misc]
    (tmp_path / "sa").mkdir()
    assassin = SpamAssassin.of(fed("spamassassin"), tmp_path / "sa")
    assert assassin.complaints() == ""
    check("spamassassin", {"domain", "url", "email"}, lambda asked: assassin.blocked([_mail(one) for one in asked]))
    maps = {kind.upper(): (how, fed(f"rspamd?type={kind}")) for kind, how in HOW.items() if kind != "registered"}
    (tmp_path / "rspamd").mkdir()
    with rspamd(maps, tmp_path / "rspamd") as running:
        for symbol, kinds in {"FROM": {"email"}, "DOMAIN": {"domain"}, "URL": {"url"}, "IP": NETWORKS}.items():
            check("rspamd", kinds, lambda asked, symbol=symbol: [symbol in _scanned(running, one) for one in asked])  # type: ignore[misc]
        assert running.complaints() == []


def _mail(one: Expected) -> bytes:
    if one.type == "email":
        return message(sender=one.met)
    return message(link=f"http://{one.met}/p" if one.type == "domain" else one.met, text=True)


def _scanned(running: Any, one: Expected) -> set[str]:
    found: set[str] = (
        running.found(message(), IP=one.met)
        if one.type in NETWORKS
        else running.found(_mail(one), **({"From": one.met} if one.type == "email" else {}))
    )
    return found
