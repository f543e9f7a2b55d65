"""OpenIOC 1.0 and 1.1 (Mandiant): the terms of its criteria that are values by themselves.

A criterion joins terms by AND and OR. A hash, an address or a name accuses alone, wherever it stands; a file name that
holds only together with a size does not, and neither does a piece of a path: such terms are told by their lines. The
document is read by expat as it streams, with no entity of its own and with the caps below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from xml.parsers import expat

from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, Tale, Told, file_readers
from ingestion.readers.stix_bundles import KEPT_TO_OWN
from ingestion.readers.telling import DESCRIPTION_MAX, TAG_MAX, TAGS_MAX, TITLE_MAX, plain, told, without_empty
from ingestion.readers.threat_names import threat_named
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

DEPTH_MAX = 64
ELEMENTS_MAX = 200_000
TEXT_MAX = 65_536
"""Characters of one element."""
_HEAD = re.compile(rb"<(?:\w+:)?(?:ioc|OpenIOC)\b[^>]*schemas\.mandiant\.com|openioc\.org/schemas", re.IGNORECASE)

# The searches whose content is a value that accuses alone.
_STRONG = {
    "fileitem/md5sum": "md5",
    "fileitem/sha1sum": "sha1",
    "fileitem/sha256sum": "sha256",
    "processitem/sectionlist/memorysection/md5sum": "md5",
    "processitem/sectionlist/memorysection/sha1sum": "sha1",
    "processitem/sectionlist/memorysection/sha256sum": "sha256",
    "fileitem/peinfo/importhash": "imphash",
    "dnsentryitem/host": "domain",
    "dnsentryitem/recordname": "domain",
    "dnsentryitem/recorddata/host": "domain",
    "network/dns": "domain",
    "urlhistoryitem/hostname": "domain",
    "cookiehistoryitem/hostname": "domain",
    "urlhistoryitem/url": "url",
    "filedownloadhistoryitem/sourceurl": "url",
    "portitem/remoteip": "",
    "dnsentryitem/recorddata/ipv4address": "",
    "processitem/portlist/portitem/remoteip": "",
    "routeentryitem/destination": "",
    "email/from": "email",
}
# Those whose content is a value only where nothing else must hold with it, and where it is the whole of it.
_WEAK = {
    "fileitem/filename": "filename",
    "fileitem/fullpath": "file-path",
    "processitem/path": "file-path",
    "processitem/handlelist/handle/name": "mutex",
    "registryitem/keypath": "regkey",
    "serviceitem/name": "service-name",
    "taskitem/name": "scheduled-task",
    "network/useragent": "user-agent",
    "email/subject": "email-subject",
    "email/attachment/name": "attachment-name",
}
_TAGGED = frozenset({"threatgroup", "category", "family", "threatcategory"})


@dataclass(slots=True)
class _Term:
    line: int
    condition: str
    negated: bool
    search: str = ""
    content: str = ""
    joined: bool = False
    """Whether other terms must hold together with it."""


@dataclass(slots=True)
class _Group:
    joined: bool
    first: int
    members: int = 0


@dataclass(slots=True)
class _Document:
    """What is heard while the document streams past."""

    parser: expat.XMLParserType
    terms: list[_Term] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    groups: list[_Group] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    length: int = 0
    elements: int = 0
    rel: str = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.elements += 1
        local = _local(name)
        if self.elements > ELEMENTS_MAX or len(self.path) >= DEPTH_MAX:
            raise Refusal(
                "xml_too_large", f"at most {ELEMENTS_MAX} elements, {DEPTH_MAX} levels deep", where=self.where
            )
        if not self.path and local not in {"ioc", "openioc"}:
            raise Refusal(
                "not_an_openioc", "the document is an OpenIOC: its root is `ioc` or `OpenIOC`", where="line 1"
            )
        self.path.append(local)
        self.text, self.length = [], 0
        if local in {"indicator", "indicatoritem"} and self.groups:
            self.groups[-1].members += 1
        if local == "indicator":
            self.groups.append(_Group(attributes.get("operator", "OR").upper() == "AND", len(self.terms)))
        elif local == "indicatoritem":
            negated = attributes.get("negate", "").lower() == "true"
            term = _Term(self.parser.CurrentLineNumber, attributes.get("condition", "is").lower(), negated)
            self.terms.append(term)
        elif local == "context" and self.terms:
            self.terms[-1].search = attributes.get("search", "").strip().lower()
        self.rel = attributes.get("rel", "").lower() if local == "link" else ""

    def end(self, name: str) -> None:
        local, content = _local(name), "".join(self.text).strip()
        self.path.pop()
        self.text, self.length = [], 0
        if local == "indicator" and self.groups:
            group = self.groups.pop()
            for term in self.terms[group.first :]:
                term.joined = term.joined or (group.joined and group.members > 1)
        elif local == "content" and self.path[-1:] == ["indicatoritem"]:
            self.terms[-1].content = content
        elif local == "link" and self.rel in _TAGGED:
            self.links.append((self.rel, content))
        elif local in {"short_description", "description", "authored_by"}:
            self.said.setdefault(local, content)

    def data(self, text: str) -> None:
        self.length += len(text)
        if self.length > TEXT_MAX:
            raise Refusal("xml_too_large", f"an element has at most {TEXT_MAX} characters", where=self.where)
        self.text.append(text)

    def entity(self, *_declaration: Any) -> None:
        raise Refusal("xml_entities", "the document declares entities: 0 are allowed", where=self.where)

    @property
    def where(self) -> str:
        return f"line {self.parser.CurrentLineNumber}"


class OpenIoc(FileReader):
    """One document of OpenIOC."""

    name: ClassVar[str] = "openioc"
    media_types: ClassVar[tuple[str, ...]] = ("application/vnd.openioc+xml",)
    carriers: ClassVar[tuple[str, ...]] = ("application/xml", "text/xml")
    suffixes: ClassVar[tuple[str, ...]] = (".ioc",)
    size_max: ClassVar[int] = 16 * MIB

    def is_mine(self, head: bytes) -> bool:
        """A root element of OpenIOC's namespaces."""
        return _HEAD.search(head) is not None

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Raises Refusal: `not_xml`, `xml_entities`, `xml_too_large`, `not_an_openioc`."""
        document = _heard(source.read())
        title = plain(document.said.get("short_description"), TITLE_MAX)
        description = plain(document.said.get("description"), DESCRIPTION_MAX)
        said, warnings = _said(document, context)
        items: list[Told] = []
        silent = []
        for term in document.terms:
            kind = _kind(term)
            if kind is None or not term.content:
                silent.append(term.line)
            else:
                items.append(told(term.line, term.content, kind or None, said, warnings=warnings))
        told_of = {name: said[name] for name in ("audience",) if name in said}
        return Opened(items, Tale(title, description, told_of) if title else None, tuple(silent))


def _heard(content: bytes) -> _Document:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    document = _Document(parser)
    parser.StartElementHandler = document.start
    parser.EndElementHandler = document.end
    parser.CharacterDataHandler = document.data
    parser.EntityDeclHandler = document.entity
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise Refusal("not_xml", f"the document is no XML: {reason}", where=f"line {error.lineno}") from error
    except (ValueError, LookupError) as error:  # an encoding that Python does not know
        raise Refusal("not_xml", "the document declares an encoding that is not read here", where="line 1") from error
    return document


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _kind(term: _Term) -> str | None:
    """The type of a term's value; empty for that of the value itself, None when the term is no indicator."""
    if term.negated or term.condition not in {"is", "contains"}:
        return None
    if (kind := _STRONG.get(term.search)) is not None:
        return kind
    return _WEAK.get(term.search) if term.condition == "is" and not term.joined else None


def _said(document: _Document, context: FileContext) -> tuple[dict[str, Any], list[str]]:
    texts = [text for _rel, text in document.links]
    author = document.said.get("authored_by", "").strip()
    foreign = bool(author) and author.casefold() != context.sender.casefold() and context.default.tlp >= TLP.AMBER
    tags = [f"{rel}:{text}" for rel, text in document.links if text.isprintable() and "," not in text]
    said = {
        "threat_type": next(filter(None, map(threat_named, texts)), None),
        "tags": [tag for tag in dict.fromkeys(tags) if len(tag) <= TAG_MAX][:TAGS_MAX],
        "audience": "own" if foreign else None,
    }
    return without_empty(said), [KEPT_TO_OWN] if foreign else []


file_readers.register(OpenIoc())
