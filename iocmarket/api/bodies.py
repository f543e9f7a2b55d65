"""From the bytes of a body to text or to a JSON document: strict, and precise about where the fault is. Pure.

Nothing is guessed that could change a value: bytes that fit no encoding, half surrogates, NUL and a name that occurs
twice in one object are refused. Each Problem names the line, the byte or the JSON Pointer (RFC 6901).
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from typing import Any

import orjson

from iocmarket.api.problems import Problem
from iocmarket.kernel.pointer import pointer

MAX_DEPTH = 32
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Names by which senders declare an encoding (lower case), and Python's codec. ISO 8859-1 is read as its superset
# Windows-1252, as browsers do (WHATWG Encoding, section 4.2): its place for C1 controls holds the euro and the quotes.
_CHARSETS = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "utf-8-sig",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "utf-16": "utf-16",
}
# A half surrogate in the form that UTF-8 would have for it, which UTF-8 forbids (RFC 3629 section 3).
_HALF_IN_BYTES = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class _Twice(dict[str, Any]):
    """An object in which a name occurs twice."""

    name = ""


def text_of(body: bytes, *, charset: str = "") -> str:
    """The text of a body: as declared, else by its byte order mark, else UTF-8, else Windows-1252.

    Raises Problem 400 (`not_text`, `lone_surrogate`, `nul_character`) or 415 (`unsupported_charset`).
    """
    text = _decoded(body, codec_named(charset)) if charset else _undeclared(body)
    refuse_nul(text, 1)
    return text


def refuse_nul(text: str, line: int) -> None:
    """Refuse NUL in a text that begins on that line. Raises Problem 400."""
    if "\x00" in text:
        where = f"line {line + text.count(chr(10), 0, text.index(chr(0)))}"
        raise Problem(400, "nul_character", "the text contains a NUL character", where=where)


def loads(body: bytes) -> Any:
    """A JSON document (RFC 8259). Raises Problem 400 with its place for everything that is not strictly one.

    Codes: `not_text`, `lone_surrogate`, `not_json`, `too_deep`, `nul_character`, `duplicate_name`.
    """
    text = _decoded(body, "utf-8-sig")
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _not_json(error) from error
    _check(found, "", MAX_DEPTH)
    _check_names(text)
    return found


def codec_named(charset: str) -> str:
    """Python's codec for a charset that a sender declared. Raises Problem 415 (`unsupported_charset`)."""
    codec = _CHARSETS.get(charset.lower())
    if codec is None:
        known = ", ".join(sorted(_CHARSETS))
        raise Problem(415, "unsupported_charset", f"the charset {charset[:40]!r} is not read here; one of {known}")
    return codec


def _undeclared(body: bytes) -> str:
    for mark, codec in _UTF16.items():
        if body.startswith(mark):
            return _decoded(body[len(mark) :], codec)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse_half_surrogates(body)
        return _decoded(body, "cp1252")


def _decoded(body: bytes, codec: str) -> str:
    try:
        return body.decode(codec)
    except UnicodeDecodeError as error:
        if codec == "utf-8-sig":
            _refuse_half_surrogates(body)
        detail = f"the body is not {error.encoding} text: {error.reason}"
        raise Problem(400, "not_text", detail, where=f"byte {error.start}") from error


def _refuse_half_surrogates(body: bytes) -> None:
    if (half := _HALF_IN_BYTES.search(body)) is not None:
        detail = "the text contains half a surrogate pair, which is no character"
        raise Problem(400, "lone_surrogate", detail, where=f"byte {half.start()}")


def _not_json(error: orjson.JSONDecodeError) -> Problem:
    where = f"line {error.lineno} column {error.colno}"
    if "surrogate" in error.msg:
        return Problem(400, "lone_surrogate", "a string contains half a surrogate pair", where=where)
    if "depth" in error.msg:
        return _too_deep(where)
    return Problem(400, "not_json", f"the body is not JSON: {error.msg}", where=where)


def _too_deep(where: str) -> Problem:
    return Problem(400, "too_deep", f"the document is nested deeper than {MAX_DEPTH} levels", where=where)


def _check(node: Any, where: str, levels: int) -> None:
    """Refuse NUL in any string or name, and nesting that later readers would recurse into."""
    if isinstance(node, str):
        _check_string(node, where)
    elif isinstance(node, (list, dict)):
        if not levels:
            raise _too_deep(where)
        for step, item in node.items() if isinstance(node, dict) else enumerate(node):
            if _is_plain(step) and _is_plain(item):
                continue  # most members: no place of theirs is worked out
            inner = where + pointer(step)
            if isinstance(step, str):
                _check_string(step, inner)
            _check(item, inner, levels - 1)


def _is_plain(node: Any) -> bool:
    return "\x00" not in node if isinstance(node, str) else not isinstance(node, (list, dict))


def _check_string(text: str, where: str) -> None:
    if "\x00" in text:
        raise Problem(400, "nul_character", "a string contains a NUL character", where=where or "/")


def _check_names(text: str) -> None:
    """Refuse a name given twice (RFC 8259 section 4): of two markings one would win without anyone knowing which.

    orjson cannot tell, so the document, known to be sound and shallow, is read once more for its names alone.
    """
    twice: list[_Twice] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        marked = _Twice(found)
        marked.name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        twice.append(marked)
        return marked

    document = json.loads(text, object_pairs_hook=collect, parse_int=len, parse_float=len)
    if twice:
        last = twice[-1]  # objects are finished from the inside out: no later one can have lost it to a namesake
        where = _place_of(last, document, "") + pointer(last.name)
        raise Problem(400, "duplicate_name", f"the name {last.name[:60]!r} occurs twice in one object", where=where)


def _place_of(wanted: object, node: Any, where: str) -> str:
    """The pointer to that very object (empty for the whole document)."""
    if not isinstance(node, (list, dict)) or node is wanted:
        return where
    for step, item in node.items() if isinstance(node, dict) else enumerate(node):
        if _holds(wanted, item):
            return _place_of(wanted, item, where + pointer(step))
    return where


def _holds(wanted: object, node: Any) -> bool:
    if node is wanted:
        return True
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return any(_holds(wanted, item) for item in inner)
