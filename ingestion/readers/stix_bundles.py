"""A STIX 2.1 bundle as one submission: what each of its indicators says, and the one story around them. Pure.

A bundle has no meaning of its own (section 8): its objects do. What says nothing of a value here is told by its place,
so that nobody takes it for shared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from ingestion.readers.base import Candidate, shown
from ingestion.readers.credentials import redact
from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, Tale, Told, document_in, file_readers
from ingestion.readers.stix import (
    Context,
    Statement,
    Story,
    is_identity_of,
    is_story,
    read_indicator,
    read_story,
    refers_to,
    timestamp,
)
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP, Marking
from iocmarket.kernel.pointer import pointer

MEDIA_TYPE = "application/stix+json"
VERSION = "2.1"
KEPT_TO_OWN = "kept_to_own"
"""The warning of what names another originator and is AMBER or stricter (domain.md, Marking)."""
# Read with the objects that refer to them, or naming no value: nothing is lost when they are not told of.
_AROUND = frozenset({"marking-definition", "identity", "extension-definition"})
_BUNDLE = re.compile(rb'"type"\s*:\s*"bundle"')
_EARLIEST = datetime.min.replace(tzinfo=UTC)

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The objects of a bundle, and what they are read with."""

    objects: Sequence[Document]
    context: Context
    story: Story | None
    places_without_indicator: tuple[int, ...]
    """The places (the first being 1) of objects from which nothing is taken."""

    def statements(self) -> Iterator[Statement]:
        """What each indicator says, in their order; each is read when it is its turn."""
        newest = _newest(self.objects)
        for line, document in enumerate(self.objects, start=1):
            if document.get("type") == "indicator":
                yield _statement(document, line, self.context, newest)


def read_bundle(document: Any, *, sender: str, default: Marking, moment: datetime) -> Bundle:
    """The bundle in a JSON document; `sender` is the name of the institution, `default` its marking for the rest.

    Raises Refusal with a JSON Pointer for what cannot be taken as a whole.
    """
    objects = _objects(document)
    around = {str(found.get("id")): found for found in objects if found.get("type") in _AROUND}
    own = [name for name, found in around.items() if is_identity_of(found, sender)]
    context = Context(definitions=around, own=own, default=default, moment=moment)
    story = _story(objects, context)
    silent = tuple(
        place
        for place, found in enumerate(objects, start=1)
        if found.get("type") != "indicator" and found.get("type") not in _AROUND and not is_story(found)
    )
    return Bundle(objects, context, story, silent)


def _objects(document: Any) -> Sequence[Document]:
    if not isinstance(document, dict) or document.get("type") != "bundle":
        raise Refusal("not_a_bundle", "the body is a STIX bundle: an object of type bundle with `objects`", where="/")
    objects = document.get("objects")
    if not isinstance(objects, list) or not objects:
        raise Refusal("not_a_bundle", "the bundle has no list of objects", where="/objects")
    for index, found in enumerate(objects):
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise Refusal("not_a_bundle", "an object with a type is expected", where=pointer("objects", index))
    return objects


def _story(objects: Sequence[Document], context: Context) -> Story | None:
    """The report or grouping around all indicators; None without any. Raises Refusal for any other case.

    One submission has one report or none: to leave some indicators out of theirs would say less than their author did.
    """
    places = [index for index, found in enumerate(objects) if is_story(found) and found.get("revoked") is not True]
    if not places:
        return None
    document = objects[places[0]]
    where = pointer("objects", places[0])
    told = set(refers_to(document))
    indicators = {found.get("id") for found in objects if found.get("type") == "indicator"}
    if len(places) > 1 or not indicators <= told:
        detail = "a bundle has one report or grouping at most, around all its indicators: send the others apart"
        raise Refusal("several_stories", detail, where=pointer("objects", places[-1]))
    try:
        story = read_story(document, context)
    except Refusal as refusal:
        refusal.where = where
        raise
    if story.said.get("tlp") == TLP.RED.label:
        raise Refusal("red_names_persons", "TLP:RED is for persons: a report in a bundle names none", where=where)
    return story


def _newest(objects: Sequence[Document]) -> dict[str, datetime]:
    """When each indicator was last changed: of several versions (section 3.6) the newest speaks."""
    found: dict[str, datetime] = {}
    for document in objects:
        if document.get("type") == "indicator":
            name = str(document.get("id"))
            found[name] = max(found.get(name, _EARLIEST), _modified(document))
    return found


def _modified(document: Document) -> datetime:
    return timestamp(document.get("modified")) or timestamp(document.get("created")) or _EARLIEST


def _statement(document: Document, line: int, context: Context, newest: Mapping[str, datetime]) -> Statement:
    try:
        _check(document, newest)
    except Refusal as refusal:
        raw = shown(redact(str(document.get("pattern", ""))))
        return Statement((Candidate(line, raw, refusal=refusal),), {}, refusal)
    found = read_indicator(document, context, line=line)
    if found.said.get("tlp") == TLP.RED.label and context.default.tlp is not TLP.RED:
        red = Refusal("red_names_persons", "TLP:RED is for persons: an object in a bundle names none")
        return Statement(tuple(Candidate(line, it.raw, refusal=red) for it in found.candidates), {}, red)
    return _kept_to_own(found) if found.said.get("audience") == "own" else found


def _check(document: Document, newest: Mapping[str, datetime]) -> None:
    if document.get("spec_version") != VERSION:
        raise Refusal("spec_version", "STIX 2.1 is read here: spec_version is 2.1")
    if document.get("revoked") is True:
        raise Refusal("revoked", "its author has revoked the object")
    if _modified(document) < newest[str(document.get("id"))]:
        raise Refusal("older_version", "a newer version of the object stands in the same bundle")


def _kept_to_own(statement: Statement) -> Statement:
    candidates = tuple(
        candidate
        if candidate.canonical is None
        else replace(
            candidate,
            canonical=replace(candidate.canonical, warnings=(*candidate.canonical.warnings, KEPT_TO_OWN)),
        )
        for candidate in statement.candidates
    )
    return replace(statement, candidates=candidates)


class StixBundles(FileReader):
    """A bundle of STIX 2.1."""

    name: ClassVar[str] = "stix"
    media_types: ClassVar[tuple[str, ...]] = (MEDIA_TYPE,)
    carriers: ClassVar[tuple[str, ...]] = ("application/json",)
    size_max: ClassVar[int] = 64 * MIB

    def is_mine(self, head: bytes) -> bool:
        """An object of type bundle."""
        return _BUNDLE.search(head) is not None

    def opened(self, source: Source, context: FileContext) -> Opened:
        """See `read_bundle`."""
        document = document_in(source)
        bundle = read_bundle(document, sender=context.sender, default=context.default, moment=context.moment)
        story = bundle.story
        tale = Tale(story.title, story.description, story.said) if story else None
        items = (Told(candidate, it.said) for it in bundle.statements() for candidate in it.candidates)
        return Opened(items, tale, bundle.places_without_indicator)


file_readers.register(StixBundles())
