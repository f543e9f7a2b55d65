"""Atom and RSS: sound XML that a feed reader takes, nothing in it that can be clicked on, nothing hidden."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from django.test import Client
from django.utils.dateparse import parse_datetime

from iocmarket.accounts import feed_keys
from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.services import revoke_token
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Report
from iocmarket.kernel.marking import PAP, TLP
from sharing.news.stories import harmless
from tests.factories import contribute, make_institution, make_token, publish, withdraw

pytestmark = pytest.mark.django_db
A = "{http://www.w3.org/2005/Atom}"
HOSTILE = (
    "\"'><script>alert(1)</script>]]>&amp;\x00\x0b\ufffe =cmd| javascript:alert(1) http://evil.example/a?b@c \U0001f4a3"
)


@pytest.fixture
def reader() -> Institution:
    """With feed keys switched on."""
    feed_keys.switch(on=True, actor=PLATFORM)
    return make_institution("Université de la Mériane")


def told(reader: Institution, name: str = "atom", query: str = "") -> tuple[Any, Element]:
    """The feed as a reader fetches it, by a key in the address; and parsed."""
    answer = Client().get(f"/feeds/k/{make_token(reader, feed=name)}/{name}.xml{query}")
    assert answer.status_code == 200, answer.content
    return answer, fromstring(answer.content)


def check_atom(feed: Element) -> list[Element]:
    """What RFC 4287 requires of a feed and of each entry; the entries."""
    assert feed.tag == f"{A}feed"
    for required in ("id", "title", "updated"):
        assert len(feed.findall(f"{A}{required}")) == 1
    assert feed.findtext(f"{A}author/{A}name")
    entries = feed.findall(f"{A}entry")
    for entry in entries:
        for required in ("id", "title", "updated", "content"):
            assert len(entry.findall(f"{A}{required}")) == 1
        assert UUID(str(entry.findtext(f"{A}id")).removeprefix("urn:uuid:"))
        moment = parse_datetime(str(entry.findtext(f"{A}updated")))
        assert moment is not None
        assert moment.tzinfo is not None
        content = entry.find(f"{A}content")
        assert content is not None
        assert content.get("type") == "html"
    assert len({entry.findtext(f"{A}id") for entry in entries}) == len(entries)
    return entries


def check_rss(root: Element) -> list[Element]:
    """What RSS 2.0 requires of a channel and of each item; the items."""
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    channel = root.find("channel")
    assert channel is not None
    assert all(channel.findtext(required) for required in ("title", "link", "description"))
    items = channel.findall("item")
    for item in items:
        assert item.findtext("title")
        assert item.findtext("description")
        assert parsedate_to_datetime(str(item.findtext("pubDate"))).tzinfo is not None
        assert item.find("guid") is not None
    return items


def test_an_empty_feed_is_sound(reader: Institution) -> None:
    publish()
    answer, feed = told(reader)
    assert check_atom(feed) == []
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    answer, root = told(reader, "rss")
    assert check_rss(root) == []
    assert answer["Content-Type"] == "application/rss+xml; charset=utf-8"


def test_a_report_and_its_values_are_told_defanged_with_their_marking(reader: Institution) -> None:
    author = make_institution()
    report = Report.objects.create(
        institution=author, title="Faux CAS sur cas.evil.top", description="Voir http://cas.evil.top/login",
        tlp=TLP.GREEN, pap=PAP.RED,
    )  # fmt: skip
    contribute(author, "cas.evil.top", type_name="domain", tlp=TLP.AMBER, report=report, threat_type="phishing")
    publish()
    _answer, feed = told(reader, query="?language=en")
    titles = {entry.findtext(f"{A}title") for entry in check_atom(feed)}
    assert titles == {
        "[TLP:GREEN PAP:RED] Faux CAS sur cas[.]evil[.]top",
        "[TLP:AMBER PAP:GREEN] Domain: cas.evil[.]top",
    }
    text = "".join(feed.itertext())
    assert "hxxp[:]//cas[.]evil[.]top/login" in text
    assert "1 value" in text
    assert "http://cas" not in text
    words = {category.get("term") for category in feed.iter(f"{A}category")}
    assert {"tlp:green", "pap:red", "report", "domain", "phishing"} <= words
    _answer, root = told(reader, "rss", "?language=en")
    assert {item.findtext("title") for item in check_rss(root)} == titles


def test_hostile_words_stay_words(reader: Institution) -> None:
    author = make_institution()
    report = Report.objects.create(institution=author, title=HOSTILE[:150].replace("\x00", ""), tlp=TLP.GREEN)
    Report.objects.filter(pk=report.pk).update(description=HOSTILE.replace("\x00", ""))
    contribute(author, "http://evil.top/a?<script>", type_name="url", tlp=TLP.GREEN, report=report)
    publish()
    for name, check in (("atom", check_atom), ("rss", check_rss)):
        answer, root = told(reader, name)
        assert len(check(root)) == 2
        html = [element.text or "" for element in root.iter() if element.tag in {f"{A}content", "description"}]
        shown = "".join(html)
        assert "<script" not in shown
        assert "&lt;script&gt;" in shown
        assert not re.search(r"https?://evil|javascript:|\[\.\]example/a\?b@c", answer.content.decode())


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("https://a.example/x", "hxxps[:]//a[.]example/x"),
        ("voir a.example.", "voir a[.]example."),
        ("x@a.example", "x[@]a[.]example"),
        ("192.0.2.1:8080", "192[.]0[.]2[.]1:8080"),
        ("JavaScript:alert(1)", "JavaScript[:]alert(1)"),
        ("Rien à signaler : tout va bien.", "Rien à signaler : tout va bien."),
    ],
    ids=["link", "name", "mail", "address", "script", "prose"],
)
def test_words_of_people_cannot_be_clicked_on(said: str, shown: str) -> None:
    assert harmless(said) == shown


def test_what_is_hidden_withdrawn_or_above_the_ceiling_is_not_told(reader: Institution) -> None:
    other = make_institution()
    contribute(other, "45.1.1.1", tlp=TLP.GREEN)
    contribute(other, "45.1.1.2", audience="own")
    contribute(other, "45.1.1.3", tlp=TLP.AMBER_STRICT)
    gone = contribute(other, "45.1.1.4", tlp=TLP.GREEN)
    key = make_token(reader, feed="atom", tlp_ceiling=TLP.GREEN)
    publish()
    withdraw(gone)
    publish()
    answer = Client().get(f"/feeds/k/{key}/atom.xml")
    titles = [str(entry.findtext(f"{A}title")) for entry in check_atom(fromstring(answer.content))]
    assert [title.rpartition(" ")[2] for title in titles] == ["45.1.1[.]1"]


def test_news_may_be_narrowed(reader: Institution) -> None:
    other = make_institution()
    contribute(other, "45.1.1.1", threat_type="c2")
    contribute(other, "evil.example.org", type_name="domain", threat_type="phishing")
    publish()
    _answer, feed = told(reader, query="?threat_type=phishing&tlp=AMBER")
    assert len(check_atom(feed)) == 1
    for wrong in ("?nonsense=1", "?language=tlh", "?type=ipv7"):
        assert Client().get(f"/feeds/k/{make_token(reader, feed='rss')}/rss.xml{wrong}").status_code == 400


def test_who_asks_again_is_told_that_nothing_is_new(reader: Institution) -> None:
    row = contribute(reader, "45.1.1.1")
    publish()
    path = f"/feeds/k/{make_token(reader, feed='rss')}/rss.xml"
    answer = Client().get(path)
    again = Client().get(path, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    withdraw(row)
    publish()
    assert Client().get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 200


def test_a_key_opens_its_feed_and_no_other_and_nothing_once_it_is_revoked(reader: Institution) -> None:
    publish()
    key = make_token(reader, feed="atom")
    assert Client().head(f"/feeds/k/{key}/atom.xml").status_code == 200
    for path in (f"/feeds/k/{key}/rss.xml", f"/feeds/k/{key}/atom.rss", f"/feeds/k/{key}/text.txt", "/feeds/atom"):
        assert Client().get(path).status_code in {401, 404}
    assert Client().get("/feeds/atom", headers={"Authorization": f"Bearer {make_token(reader)}"}).status_code == 200
    revoke_token(Token.objects.get(feed="atom"), actor=PLATFORM)
    assert Client().get(f"/feeds/k/{key}/atom.xml").status_code == 404
