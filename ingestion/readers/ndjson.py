"""Newline-delimited JSON: on each line one object with a `value`, or a text that is one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from json import JSONDecodeError, loads
from typing import Any, ClassVar

import orjson

from ingestion.readers.base import Row, RowReader, row_readers, shown
from ingestion.readers.credentials import redact
from iocmarket.kernel.decision import Refusal


class NdJson(RowReader):
    """`{"value":"evil[.]fr","tlp":"GREEN"}` a line (ndjson.org; the same as JSON Lines)."""

    name: ClassVar[str] = "ndjson"
    media_types: ClassVar[tuple[str, ...]] = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
    suffixes: ClassVar[tuple[str, ...]] = (".ndjson", ".jsonl")

    def rows(self, lines: Iterable[str], columns: Sequence[str] = ()) -> Iterator[Row]:
        """A line that is no sound object is refused alone: `not_json`, `not_an_object`, `duplicate_name`."""
        del columns
        for number, line in enumerate(lines, start=1):
            if text := line.strip():
                yield _row(number, text)


def _row(number: int, text: str) -> Row:
    try:
        return Row(number, object_in(text))
    except Refusal as refusal:
        return Row(number, {}, shown(redact(text)), refusal)


_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def object_in(text: str) -> dict[str, Any]:
    """The object of one line; a text alone stands for `{"value": text}`. Raises Refusal for what is none."""
    if "\\u" in text:
        _refuse_no_characters(text)
    try:
        found = loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except (JSONDecodeError, RecursionError) as error:
        where = f" at column {error.colno}: {error.msg}" if isinstance(error, JSONDecodeError) else ""
        raise Refusal("not_json", f"The line is no JSON{where}.") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise Refusal("not_json", "The line has a number that is none.") from error
    if isinstance(found, str):
        return {"value": found}
    if not isinstance(found, dict):
        raise Refusal("not_an_object", f"A line is an object or a text, not {type(found).__name__}.")
    return found


def _refuse_no_characters(text: str) -> None:
    """What JSON can write and no text can hold."""
    if _NUL.search(text):
        raise Refusal("nul_character", "The line contains a NUL character.")
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "surrogate" in error.msg:
            raise Refusal("lone_surrogate", "The line contains half a surrogate pair.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name given twice: of two markings one would win without anyone knowing which."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal("duplicate_name", "A name stands twice in one object.")
    return found


def _no_number(name: str) -> Any:
    raise Refusal("not_json", f"{name} is no JSON number (RFC 8259 section 6).")


row_readers.register(NdJson())
