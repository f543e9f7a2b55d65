"""Reading request bodies: strict about encoding, size and depth, and precise about where the fault is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.parsers import BaseParser

from iocmarket.api.problems import Problem

MAX_DEPTH = 32
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class StrictJSONParser(BaseParser):
    """application/json by RFC 8259: UTF-8 without lone surrogates, at most 32 levels deep, no NaN."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The document. Raises Problem 400 (not JSON, too deep) or 413 (too large)."""
        del media_type, parser_context
        return loads(read_limited(stream))


class PlainTextParser(BaseParser):
    """text/plain: UTF-8, else Windows-1252, which French spreadsheets still write."""

    media_type = "text/plain"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The text (str). Raises Problem 400 or 413."""
        del media_type, parser_context
        return decode(read_limited(stream))


def read_limited(stream: IO[Any]) -> bytes:
    """The body, at most SUBMISSION_MAX_BYTES long. Raises Problem 413 with the limit."""
    body: bytes = stream.read(settings.SUBMISSION_MAX_BYTES + 1)
    if len(body) > settings.SUBMISSION_MAX_BYTES:
        raise Problem(413, "body_too_large", f"the body is longer than {settings.SUBMISSION_MAX_BYTES} bytes")
    return body


def decode(body: bytes) -> str:
    """Text of a body. NUL is refused: no text has it and no database column takes it. Raises Problem 400."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", errors="replace")
    if "\x00" in text:
        at = text.index("\x00")
        raise Problem(
            400, "nul_character", "the text contains a NUL character", where=f"line {text.count(chr(10), 0, at) + 1}"
        )
    return text


def loads(body: bytes) -> Any:
    """A JSON document. Raises Problem 400 that says at which line, column or pointer it fails."""
    _check_depth(body)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise Problem(400, "not_json", f"the body is not JSON: {error.msg}", where=where) from error
    _check_nul(found, "")
    return found


def _check_depth(body: bytes) -> None:
    """Refuse deep nesting before anything recurses into it. Brackets inside strings do not count."""
    depth = 0
    for token in _STRUCTURE.finditer(body):
        first = token[0][0]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                detail = f"the document is nested deeper than {MAX_DEPTH} levels"
                raise Problem(400, "too_deep", detail, where=f"byte {token.start()}")
        elif first in b"]}":
            depth -= 1


def _check_nul(node: Any, pointer: str) -> None:
    if isinstance(node, str):
        if "\x00" in node:
            raise Problem(400, "nul_character", "a string contains a NUL character", where=pointer or "/")
    elif isinstance(node, list):
        for index, item in enumerate(node):
            _check_nul(item, f"{pointer}/{index}")
    elif isinstance(node, dict):
        for key, item in node.items():
            step = key.replace("~", "~0").replace("/", "~1").replace("\x00", "\\u0000")
            _check_nul(key, f"{pointer}/{step}")
            _check_nul(item, f"{pointer}/{step}")
