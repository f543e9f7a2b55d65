"""Reading what is posted (TAXII 2.1 section 3.7): each object cut out of the body exactly as it was written. Pure.

An object is kept as the bytes that its sender chose: whatever a parser of ours would make of its numbers, a client
gets back what it sent (extensions, integers of any size, the order of its members). The body is read twice, once to
know that all of it is sound before anything is stored, once in pieces, so that only some objects are in memory.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iocmarket.api.problems import Problem
from iocmarket.kernel.pointer import pointer
from sharing.taxii.objects import is_named, is_nested_too_deeply

_SPACE = re.compile(r"[ \t\n\r]*")
# Longer integers are not needed as numbers, and reading one takes time that grows with the square of its length.
_SHORT = 18
_CONTEXT = frozenset({"marking-definition", "identity"})


@dataclass(frozen=True, slots=True)
class Posted:
    """One object of an envelope: its place, its bytes as they were sent, and what they say."""

    index: int
    body: bytes
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sound envelope. `context` holds its marking definitions and identities by id: others refer to them."""

    text: str
    spans: list[tuple[int, int]]
    context: Mapping[str, Mapping[str, Any]]

    def __iter__(self) -> Iterator[Posted]:
        """The objects in order, each parsed when it is its turn."""
        for index, (start, end) in enumerate(self.spans):
            document, _end = _DECODER.raw_decode(self.text, start)
            yield Posted(index, self.text[start:end].encode(), document)

    def __len__(self) -> int:
        return len(self.spans)


def read_envelope(body: bytes) -> Envelope:
    """The envelope in a body. Raises Problem 400 (not JSON, too deep) or 422 (no envelope, an object without id)."""
    try:
        text = body.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise Problem(400, "not_text", f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    try:
        return _read(text)
    except RecursionError as error:
        raise Problem(400, "too_deep", "the document is nested too deeply") from error
    except _TwiceError as twice:
        raise Problem(400, "duplicate_name", f"the name {twice.args[0]!r} occurs twice in one object") from twice
    except ValueError as error:
        said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        where = f" (character {error.pos})" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(400, "not_json", f"the body is not JSON: {said}{where}") from error


def parse(body: bytes) -> dict[str, Any]:
    """A stored object. It was read by the same parser when it came."""
    document: dict[str, Any] = _DECODER.decode(body.decode())
    return document


def _read(text: str) -> Envelope:
    position = _skip(text, 0)
    if text[position : position + 1] != "{":
        _DECODER.raw_decode(text, position)
        raise Problem(422, "not_an_envelope", "the body is a TAXII envelope: an object with a list `objects`")
    spans: list[tuple[int, int]] | None = None
    context: dict[str, Mapping[str, Any]] = {}
    names: set[str] = set()
    position = _skip(text, position + 1)
    ended = text[position : position + 1] == "}"
    position += ended
    while not ended:
        name, position = _member(text, position)
        if name in names:
            raise _TwiceError(name[:60])
        names.add(name)
        if name == "objects" and text[position : position + 1] == "[":
            spans, position = _objects(text, position, context)
        else:
            _value, position = _DECODER.raw_decode(text, position)
        position, ended = _separator(text, position, "}")
    if _skip(text, position) != len(text):
        raise json.JSONDecodeError("there is more after the envelope", text, position)
    if not spans:
        raise Problem(422, "nothing_sent", "the envelope has no objects")
    return Envelope(text, spans, context)


def _member(text: str, position: int) -> tuple[str, int]:
    """The name of a member, and where its value begins."""
    if text[position : position + 1] != '"':
        raise json.JSONDecodeError("a name is expected", text, position)
    name, position = _DECODER.raw_decode(text, position)
    position = _skip(text, position)
    if text[position : position + 1] != ":":
        raise json.JSONDecodeError("a colon is expected", text, position)
    return name, _skip(text, position + 1)


def _objects(text: str, position: int, context: dict[str, Mapping[str, Any]]) -> tuple[list[tuple[int, int]], int]:
    """Where each element of the list lies, and where the list ends. Raises Problem 422 for one without a usable id."""
    spans: list[tuple[int, int]] = []
    position = _skip(text, position + 1)
    if text[position : position + 1] == "]":
        return spans, position + 1
    while True:
        document, end = _DECODER.raw_decode(text, position)
        _look(document, len(spans), context)
        spans.append((position, end))
        position, ended = _separator(text, end, "]")
        if ended:
            return spans, position


def _look(document: Any, index: int, context: dict[str, Mapping[str, Any]]) -> None:
    if not is_named(document):
        where = pointer("objects", index)
        detail = f"{where} has no id of the form type--UUID: the status could not name it; nothing was stored"
        raise Problem(422, "no_id", detail)
    if document.get("type") in _CONTEXT and not is_nested_too_deeply(document):
        context[document["id"]] = document


def _separator(text: str, position: int, closing: str) -> tuple[int, bool]:
    """The place after a comma (more follows), or after the closing sign."""
    position = _skip(text, position)
    found = text[position : position + 1]
    if found == closing:
        return position + 1, True
    if found != ",":
        raise json.JSONDecodeError(f"a comma or {closing} is expected", text, position)
    return _skip(text, position + 1), False


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return position if match is None else match.end()


class _TwiceError(ValueError):
    """A name that occurs twice in one object (RFC 8259 section 4): two readers would see two different objects."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _value in pairs:
            if name in seen:
                raise _TwiceError(name[:60])
            seen.add(name)
    return found


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _SHORT else float(text)


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_constant=_constant)
