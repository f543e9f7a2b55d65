"""The body of a POST: read once, up to the size that the API root promises."""

from __future__ import annotations

from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from iocmarket.api.problems import Problem
from sharing.taxii.media import TAXII, is_readable

MAX_CONTENT_LENGTH = 8 * 1024 * 1024
"""Bytes: some ten thousand indicators, which one request can store and share while its client waits."""


def read_body(request: Request) -> bytes:
    """The bytes of an envelope. Raises UnsupportedMediaType (415), or Problem 411, 413 or 415."""
    if not is_readable(request.headers.get("Content-Type", "")):
        raise UnsupportedMediaType(request.headers.get("Content-Type", "")[:80], f"this server reads {TAXII}")
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Problem(415, "unsupported_encoding", "Content-Encoding is not supported: send the body as it is")
    if "Transfer-Encoding" in request.headers and not request.headers.get("Content-Length"):
        raise Problem(411, "length_required", "the request says how long its body is (Content-Length)")
    # Read even when it is known to be too long: a client that is still sending would never see the answer.
    body: bytes = request.stream.read(MAX_CONTENT_LENGTH + 1) if request.stream is not None else b""
    if len(body) > MAX_CONTENT_LENGTH:
        raise Problem(413, "body_too_large", f"the body is longer than max_content_length, {MAX_CONTENT_LENGTH} bytes")
    return body
