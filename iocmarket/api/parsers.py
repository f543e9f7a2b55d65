"""The request bodies that API views read: how long they may be and in which form they may come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser

from iocmarket.api.bodies import loads
from iocmarket.api.problems import Problem

JSON_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})


class StrictJSONParser(BaseParser):
    """application/json by RFC 8259: UTF-8 without lone surrogates, at most 32 levels deep, no NaN, no name twice."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The document. Raises Problem 400 (not JSON, too deep), 413 (too large) or 415 (compressed, other charset)."""
        body = read_limited(stream, parser_context)
        if charset_of(media_type).lower() not in JSON_CHARSETS:
            raise Problem(415, "unsupported_charset", "JSON is sent as UTF-8 (RFC 8259 section 8.1)")
        return loads(body)


def named_parsers(media_types: Iterable[str]) -> tuple[type[BaseParser], ...]:
    """Parsers that do nothing but name their media types, for views that read bodies through `spooled`."""
    return tuple(type("Named", (BaseParser,), {"media_type": name}) for name in sorted(media_types))


def charset_of(media_type: str | None) -> str:
    """The charset parameter of a media type, empty without one."""
    return str(parse_header_parameters(media_type or "")[1].get("charset", ""))


def read_limited(stream: IO[Any], context: Mapping[str, Any] | None) -> bytes:
    """The body, at most SUBMISSION_MAX_BYTES long. Raises Problem 413 with the limit, 415 for a compressed one."""
    request = (context or {}).get("request")
    coding = request.headers.get("Content-Encoding", "") if request is not None else ""
    if coding.strip().lower() not in {"", "identity"}:
        detail = f"Content-Encoding {coding[:40]!r} is not supported: send the body as it is"
        raise Problem(415, "unsupported_encoding", detail, where="Content-Encoding")
    body: bytes = stream.read(settings.SUBMISSION_MAX_BYTES + 1)
    if len(body) > settings.SUBMISSION_MAX_BYTES:
        raise Problem(413, "body_too_large", f"the body is longer than {settings.SUBMISSION_MAX_BYTES} bytes")
    return body
