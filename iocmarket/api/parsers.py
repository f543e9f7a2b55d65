"""The request bodies that API views read: how long they may be and in which form they may come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from iocmarket.api.bodies import loads, text_of
from iocmarket.api.problems import Problem


class StrictJSONParser(BaseParser):
    """application/json by RFC 8259: UTF-8 without lone surrogates, at most 32 levels deep, no NaN, no name twice."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The document. Raises Problem 400 (not JSON, too deep), 413 (too large) or 415 (compressed, other charset)."""
        body = read_limited(stream, parser_context)
        if charset_of(media_type).lower() not in {"", "utf-8", "utf8", "us-ascii"}:
            raise Problem(415, "unsupported_charset", "JSON is sent as UTF-8 (RFC 8259 section 8.1)")
        return loads(body)


class PlainTextParser(BaseParser):
    """text/plain in the declared charset; without one UTF-8, else Windows-1252, which spreadsheets still write."""

    media_type = "text/plain"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The text, a str. Raises Problem 400, 413 or 415."""
        return text_of(read_limited(stream, parser_context), charset=charset_of(media_type))


def charset_of(media_type: str | None) -> str:
    """The charset parameter of a media type, empty without one."""
    return str(parse_header_parameters(media_type or "")[1].get("charset", ""))


def media_type_of(request: Request) -> str:
    """The media type of a request's body without its parameters, in lower case."""
    return str(parse_header_parameters(request.content_type or "")[0]).lower()


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
