"""What an HTML page shows and where it leads: its text, line by line of the source, its links, its scripts. Pure.

An own tokenizer of one pass: that of the standard library begins anew at each thing that nothing closes, and takes
minutes for a hundred kilobytes of `<a`. It follows the standard's tokenizer as far as text and attributes go
(https://html.spec.whatwg.org/multipage/parsing.html, sections 13.2.5.1 to 13.2.5.45): what is not closed at the end of
the page is dropped, as browsers do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape

_BLOCKS = frozenset(
    {
        word
        for line in (
            "address article aside blockquote body br caption center dd details div dl dt figure footer form h1 h2 h3",
            "h4 h5 h6 head header hr html li main nav ol option p pre section summary table tbody title tr ul",
        )
        for word in line.split()
    }
)
_CELLS = frozenset({"td", "th"})
_LEADS = {
    "a": "href", "area": "href", "base": "href", "embed": "src", "form": "action", "frame": "src", "iframe": "src",
    "object": "data",
}  # fmt: skip
"""The attribute by which an element leads somewhere; every other `src`, `href` or `background` fetches something."""
_FETCHES = ("src", "href", "background", "poster", "formaction")
_CSS_URL = re.compile(r"(?:url\(\s*+|@import\s++)[\"']?+((?:https?:)?+//[^\s\"')<>]++)", re.IGNORECASE)
_REFRESH = re.compile(r"^[\d.\s]*+[;,]?\s*+url\s*+=\s*+[\"']?([^\"']++)", re.IGNORECASE)
_BETWEEN, _BLANK = re.compile(r"[\s/]*+"), re.compile(r"\s*+")
_NAME, _UNQUOTED = re.compile(r"[^\s/>][^\s/>=]*+"), re.compile(r"[^\s>]*+")
_TAG = re.compile(r"/?[a-zA-Z][^\s/>]*+")
_WORDS = re.compile(r"\s++")
_SIGNATURE = "--"
"""The line above a signature, which says something without a letter."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a page leads, or what it fetches to be shown."""

    url: str
    line: int
    fetched: bool


@dataclass(slots=True)
class Page:
    """What was found in a page."""

    lines: list[str] = field(default_factory=list)
    """Its text, a line or block each."""
    places: list[int] = field(default_factory=list)
    """For each of them the line of the source on which it begins, the first being 1."""
    links: list[Link] = field(default_factory=list)
    scripts: list[tuple[str, int]] = field(default_factory=list)
    title: str = ""


class _Reading:
    """One pass over a page."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.page = Page()
        self._buffer: list[str] = []
        self._began = self._line = 1
        self._counted = 0

    def run(self) -> Page:
        position: int | None = 0
        while position is not None:
            position = self._step(position)
        self._break()
        return self.page

    def _at(self, position: int) -> int:
        """The line of the source; asked in order, so that the whole is counted once."""
        self._line += self.source.count("\n", self._counted, position)
        self._counted = position
        return self._line

    def _step(self, position: int) -> int | None:
        """Take the text before the next tag, and the tag. None at the end."""
        opening = self.source.find("<", position)
        self._say(position, len(self.source) if opening < 0 else opening)
        if opening < 0:
            return None
        if self.source.startswith("<!--", opening):
            return self._after("-->", opening + 4)
        if self.source.startswith(("<!", "<?"), opening):
            return self._after(">", opening + 2)
        name = _TAG.match(self.source, opening + 1)
        if name is None:
            self._say(opening, opening + 1)
            return opening + 1
        attributes, end = _attributes(self.source, name.end())
        if end is None:
            return None
        tag = name[0].lower()
        self._open(tag, attributes, self._at(opening))
        return self._raw(tag, end) if tag in {"script", "style", "title"} else end

    def _after(self, sign: str, position: int) -> int | None:
        end = self.source.find(sign, position)
        return None if end < 0 else end + len(sign)

    def _say(self, start: int, end: int) -> None:
        """Text as it is shown; its own line ends are kept, so that a place can be told."""
        text = unescape(self.source[start:end])
        first = self._at(start)
        if not self._buffer:
            self._began = first
        pieces = text.split("\n")
        for number, piece in enumerate(pieces):
            if number:
                self._break()
                self._began = first + number
            if piece:
                self._buffer.append(piece)
        self._at(end)

    def _break(self) -> None:
        text = _WORDS.sub(" ", "".join(self._buffer)).strip()
        if text == _SIGNATURE or any(sign.isalnum() for sign in text):
            self.page.lines.append(text)
            self.page.places.append(self._began)
        self._buffer.clear()

    def _open(self, tag: str, attributes: Mapping[str, str], line: int) -> None:
        name = tag.removeprefix("/")
        if name in _BLOCKS:
            self._break()
        elif name in _CELLS:
            self._buffer.append(" ")
        leads = _LEADS.get(tag, "")
        for attribute, value in attributes.items():
            if attribute == leads:
                self._link(value, line, fetched=False)
            elif attribute in _FETCHES:
                self._link(value, line, fetched=True)
            elif attribute == "style":
                self._style(value, line)
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            found = _REFRESH.match(attributes.get("content", ""))
            if found is not None:
                self._link(found[1], line, fetched=False)

    def _link(self, value: str, line: int, *, fetched: bool) -> None:
        url = "".join(value.split("\n")).replace("\t", "").replace("\r", "").strip()
        if url:
            self.page.links.append(Link(url, line, fetched))

    def _style(self, text: str, line: int) -> None:
        for match in _CSS_URL.finditer(text):
            self._link(match[1], line, fetched=True)

    def _raw(self, tag: str, position: int) -> int | None:
        """The content of an element in which tags are text. None when nothing closes it."""
        closing = re.compile(f"</{tag}", re.IGNORECASE).search(self.source, position)
        if closing is None:
            return None
        content, line = self.source[position : closing.start()], self._at(position)
        if tag == "style":
            self._style(content, line)
        elif tag == "script":
            self.page.scripts.append((content, line))
        else:
            self.page.title = self.page.title or _WORDS.sub(" ", unescape(content)).strip()
        return closing.start()


def _attributes(source: str, position: int) -> tuple[dict[str, str], int | None]:
    """The attributes of a tag, the first of each name, and where the tag ends; no end when the page ends before."""
    found: dict[str, str] = {}
    while True:
        position = _end(_BETWEEN, source, position)
        if source.startswith(">", position):
            return found, position + 1
        name = _NAME.match(source, position)
        if name is None:
            return found, None
        value, position = "", name.end()
        after = _end(_BLANK, source, position)
        if source.startswith("=", after):
            start = _end(_BLANK, source, after + 1)
            quote = source[start : start + 1]
            quoted = quote in {'"', "'"}
            end = source.find(quote, start + 1) if quoted else _end(_UNQUOTED, source, start)
            if end < 0:
                return found, None
            value, position = source[start + quoted : end], end + quoted
        found.setdefault(name[0].lower(), unescape(value))


def _end(expression: re.Pattern[str], source: str, position: int) -> int:
    match = expression.match(source, position)
    return position if match is None else match.end()


def page_of(source: str) -> Page:
    """What a page shows. Never raises, whatever the text; linear in its length."""
    return _Reading(source).run()


def text_of_page(source: str, *, only_links: bool = False) -> str:
    """What a page shows, and a line for each address of the Web that it leads to or fetches; or those alone."""
    page = page_of(source)
    links = dict.fromkeys(link.url for link in page.links if link.url.lower().startswith(("http:", "https:", "ftp:")))
    return "\n".join([*([] if only_links else page.lines), *links])
