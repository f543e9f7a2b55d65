"""A STIX bundle, 2.0 or 2.1, as one submission: its indicators and observables, and the stories around them. Pure.

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
from ingestion.readers.files import (
    MIB,
    FileContext,
    FileReader,
    Opened,
    Origin,
    Source,
    Tale,
    Told,
    document_in,
    file_readers,
)
from ingestion.readers.stix import (
    Context,
    Statement,
    Story,
    is_identity_of,
    is_observable,
    is_story,
    read_indicator,
    read_observable,
    read_story,
    refers_to,
    timestamp,
)
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP, Marking
from iocmarket.kernel.pointer import pointer

MEDIA_TYPE = "application/stix+json"
VERSIONS = frozenset({"2.0", "2.1"})
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
    stories: Mapping[int, Story]
    """Reports and groupings by their places."""
    spoken: frozenset[int]
    """Places of the observables that are taken for values."""

    @property
    def story(self) -> Story | None:
        """The one around all values, if there is one."""
        (first, *others) = self.stories.values() or (None,)
        return first if first is not None and not others and self._told() <= set(first.refers_to) else None

    @property
    def places_without_indicator(self) -> tuple[int, ...]:
        """The places (the first being 1) of objects from which nothing is taken."""
        told = self._told()
        empty = {place for place, story in self.stories.items() if told.isdisjoint(story.refers_to)}
        return tuple(
            place
            for place, found in enumerate(self.objects, start=1)
            if place not in self.spoken
            and found.get("type") not in _AROUND | {"indicator"}
            and (not is_story(found) or (place in empty and self.story is None))
        )

    def _told(self) -> set[Any]:
        return {
            found.get("id")
            for place, found in enumerate(self.objects, start=1)
            if found.get("type") == "indicator" or place in self.spoken
        }

    def statements(self) -> Iterator[tuple[Document, Statement]]:
        """What each indicator and observable says, in their order; each is read when it is its turn."""
        newest = _newest(self.objects)
        around = _observed(self.objects)
        for line, document in enumerate(self.objects, start=1):
            if document.get("type") == "indicator":
                yield document, _statement(document, line, self.context, newest)
            elif line in self.spoken:
                said = read_observable(document, around.get(document.get("id"), ()), self.context, line=line)
                yield document, _shareable(said, self.context)

    def items(self) -> Iterator[Told]:
        """Each value once for each story that tells of it, or once for none."""
        told: dict[Any, list[int]] = {}
        for number, story in enumerate(self.stories.values() if self.story is None else ()):
            for name in story.refers_to:
                told.setdefault(name, []).append(number)
        for document, statement in self.statements():
            for told_in in told.get(document.get("id")) or (None,):
                yield from (Told(candidate, statement.said, told_in) for candidate in statement.candidates)


def read_bundle(
    document: Any, *, sender: str, default: Marking, moment: datetime, origin: Origin = Origin.NAMED
) -> Bundle:
    """The bundle in a JSON document; `sender` is the name of the institution, `default` its marking for the rest.

    Raises Refusal with a JSON Pointer for what cannot be taken as a whole.
    """
    objects = _objects(document)
    around = {str(found.get("id")): found for found in objects if found.get("type") in _AROUND}
    own = [name for name, found in around.items() if is_identity_of(found, sender)]
    context = Context(definitions=around, own=own, default=default, moment=moment, origin=origin)
    return Bundle(objects, context, dict(_stories(objects, context)), _spoken(objects))


def _spoken(objects: Sequence[Document]) -> frozenset[int]:
    """The observables that are values by themselves: all in a bundle without indicators, else those that nothing names.

    What an indicator is based on, or a relationship explains, is its author's evidence; the recipients of a mail never
    are values.
    """
    named: set[str] = set()
    recipients: set[str] = set()
    indicators = False
    for found in objects:
        indicators = indicators or found.get("type") == "indicator"
        refs = [each for name, said in found.items() if name.endswith(("_ref", "_refs")) for each in _each(said)]
        named.update(refs)
        if found.get("type") == "email-message":
            recipients.update(each for name in ("to_refs", "cc_refs", "bcc_refs") for each in _each(found.get(name)))
        elif is_story(found):
            named.difference_update(refs)
    hidden = named | recipients if indicators else recipients
    return frozenset(
        place for place, found in enumerate(objects, start=1) if is_observable(found) and found.get("id") not in hidden
    )


def _each(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [each for each in found if isinstance(each, str)]


def _observed(objects: Sequence[Document]) -> dict[Any, list[Document]]:
    """The observed-data (section 4.14) around each observable: their markings hold for it, too."""
    found: dict[Any, list[Document]] = {}
    for document in objects:
        if document.get("type") == "observed-data":
            for name in refers_to(document):
                found.setdefault(name, []).append(document)
    return found


def _objects(document: Any) -> Sequence[Document]:
    if not isinstance(document, dict) or document.get("type") != "bundle":
        raise Refusal("not_a_bundle", "the body is a STIX bundle: an object of type bundle with `objects`", where="/")
    objects = document.get("objects")
    if not isinstance(objects, list) or not objects:
        raise Refusal("not_a_bundle", "the bundle has no list of objects", where="/objects")
    for index, found in enumerate(objects):
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise Refusal("not_a_bundle", "an object with a type is expected", where=pointer("objects", index))
    return objects if document.get("spec_version") != "2.0" else [*objects, *_inner(objects)]


def _inner(objects: Sequence[Document]) -> Iterator[Document]:
    """The observables that STIX 2.0 writes inside of observed-data, as objects of their own, under its markings."""
    for index, found in enumerate(objects):
        inner = found.get("objects") if found.get("type") == "observed-data" else None
        for key, each in inner.items() if isinstance(inner, dict) else ():
            if isinstance(each, dict) and isinstance(each.get("type"), str):
                marks = {name: found[name] for name in ("object_marking_refs", "created_by_ref") if name in found}
                refs = {
                    name: [f"{index}/{ref}" for ref in _each(said)]
                    for name, said in each.items()
                    if name.endswith(("_ref", "_refs"))
                }
                yield {**each, **refs, **marks, "id": f"{index}/{key}"}


def _stories(objects: Sequence[Document], context: Context) -> Iterator[tuple[int, Story]]:
    """The reports and groupings; of several versions the newest. Raises Refusal for one that cannot be shared."""
    newest: dict[Any, datetime] = {}
    for found in filter(is_story, objects):
        newest[found.get("id")] = max(newest.get(found.get("id"), _EARLIEST), _modified(found))
    for index, document in enumerate(objects):
        if not is_story(document) or document.get("revoked") is True:
            continue
        if _modified(document) < newest[document.get("id")]:
            continue
        where = pointer("objects", index)
        try:
            story = read_story(document, context)
        except Refusal as refusal:
            refusal.where = where
            raise
        if story.said.get("tlp") == TLP.RED.label:
            raise Refusal("red_names_persons", "TLP:RED is for persons: a report in a bundle names none", where=where)
        yield index + 1, story


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
    return _shareable(read_indicator(document, context, line=line), context)


def _shareable(found: Statement, context: Context) -> Statement:
    """What may be shared of a statement as its marking and its author say."""
    if found.said.get("tlp") == TLP.RED.label and context.default.tlp is not TLP.RED:
        red = Refusal("red_names_persons", "TLP:RED is for persons: an object in a bundle names none")
        return Statement(tuple(Candidate(it.line, it.raw, refusal=red) for it in found.candidates), {}, red)
    return _kept_to_own(found) if found.said.get("audience") == "own" else found


def _check(document: Document, newest: Mapping[str, datetime]) -> None:
    # In STIX 2.0 the bundle says the version, and its objects do not (STIX 2.1 section 3.2).
    if document.get("spec_version", "2.0") not in VERSIONS:
        raise Refusal("spec_version", "STIX 2.0 and 2.1 are read here")
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
    """A bundle of STIX 2.1, or of 2.0."""

    name: ClassVar[str] = "stix"
    media_types: ClassVar[tuple[str, ...]] = (MEDIA_TYPE, "application/vnd.oasis.stix+json")
    carriers: ClassVar[tuple[str, ...]] = ("application/json",)
    suffixes: ClassVar[tuple[str, ...]] = (".stix", ".stix2")
    size_max: ClassVar[int] = 64 * MIB

    def is_mine(self, head: bytes) -> bool:
        """An object of type bundle."""
        return _BUNDLE.search(head) is not None

    def opened(self, source: Source, context: FileContext) -> Opened:
        """See `read_bundle`."""
        document = document_in(source)
        bundle = read_bundle(
            document, sender=context.sender, default=context.default, moment=context.moment, origin=context.origin
        )
        one = bundle.story
        stories = () if one else tuple(map(_tale, bundle.stories.values()))
        return Opened(bundle.items(), _tale(one) if one else None, bundle.places_without_indicator, stories)


def _tale(story: Story) -> Tale:
    return Tale(story.title, story.description, story.said)


file_readers.register(StixBundles())
