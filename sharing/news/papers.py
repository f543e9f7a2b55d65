"""Stories as Atom 1.0 (RFC 4287) and as RSS 2.0. Pure.

Whatever a story holds is text: it is escaped as HTML first and as XML then, and what XML 1.0 cannot carry at all is
replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from django.utils.html import escape

from sharing.news.stories import Story

ATOM = "http://www.w3.org/2005/Atom"
# XML 1.0, production 2: everything but these is a character.
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What stands above the stories."""

    number: str
    """A URI, the same for the same reader for ever."""
    title: str
    subtitle: str
    url: str
    author: str
    language: str
    stories: Sequence[Story]

    @property
    def updated(self) -> datetime:
        """When the newest of them became what it is."""
        return max((story.updated for story in self.stories), default=_NEVER)


def atom(paper: Paper) -> bytes:
    """`application/atom+xml`."""
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": paper.language})
    _add(feed, "id", paper.number)
    _add(feed, "title", paper.title)
    _add(feed, "subtitle", paper.subtitle)
    _add(feed, "updated", _rfc3339(paper.updated))
    _add(SubElement(feed, "author"), "name", paper.author)
    SubElement(feed, "link", {"rel": "alternate", "href": paper.url})
    for story in paper.stories:
        entry = SubElement(feed, "entry")
        _add(entry, "id", f"urn:uuid:{story.number}")
        _add(entry, "title", story.title)
        _add(entry, "updated", _rfc3339(story.updated))
        _add(entry, "published", _rfc3339(story.published))
        if story.link:
            SubElement(entry, "link", {"rel": "alternate", "href": story.link})
        for word in _words(story):
            SubElement(entry, "category", {"term": word})
        _add(entry, "content", _html(story), type="html")
    return _written(feed)


def rss(paper: Paper) -> bytes:
    """`application/rss+xml`."""
    root = Element("rss", {"version": "2.0"})
    channel = SubElement(root, "channel")
    _add(channel, "title", paper.title)
    _add(channel, "link", paper.url)
    _add(channel, "description", paper.subtitle)
    _add(channel, "language", paper.language)
    _add(channel, "lastBuildDate", format_datetime(paper.updated, usegmt=True))
    for story in paper.stories:
        item = SubElement(channel, "item")
        _add(item, "title", story.title)
        if story.link:
            _add(item, "link", story.link)
        _add(item, "guid", f"urn:uuid:{story.number}", isPermaLink="false")
        _add(item, "pubDate", format_datetime(story.updated.astimezone(UTC), usegmt=True))
        for word in _words(story):
            _add(item, "category", word)
        _add(item, "description", _html(story))
    return _written(root)


PAPERS: dict[str, tuple[Callable[[Paper], bytes], str]] = {
    "atom": (atom, "application/atom+xml; charset=utf-8"),
    "rss": (rss, "application/rss+xml; charset=utf-8"),
}
"""By name in the path: who writes it, and its media type."""


def _words(story: Story) -> list[str]:
    return [f"tlp:{story.marking.tlp.slug}", f"pap:{story.marking.pap.slug}", *story.words]


def _html(story: Story) -> str:
    lines = [str(story.marking), *story.lines]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _add(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = _NO_CHARACTER.sub("\ufffd", text)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(root: Element) -> bytes:
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body
