"""Real clients without a network: what `requests` would send goes to the program as WSGI has it, and back."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from django.test import Client
from pymisp import PyMISP
from requests.adapters import HTTPAdapter

HOST = "https://misp.example/"


class Wire(HTTPAdapter):
    """Sends prepared requests into the program; `asked` is what went over it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """One request."""
        parts = urlsplit(request.url or "")
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        headers = {name: str(text) for name, text in request.headers.items() if name.lower() != "content-length"}
        self.asked.append((request.method or "", parts.path))
        found = Client().generic(
            request.method or "GET", unquote(parts.path), body, headers=headers, QUERY_STRING=parts.query,
            content_type=headers.get("Content-Type", headers.get("content-type", "application/json")),
        )  # fmt: skip
        return _answer(request, found)


def _answer(request: requests.PreparedRequest, found: Any) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.request, answer.url = found.status_code, request, request.url or ""
    answer.headers.update(found.headers)
    body = b"".join(found.streaming_content) if found.streaming else found.content
    answer.raw = io.BytesIO(body)
    answer.encoding = "utf-8"
    return answer


def pymisp(secret: str, wire: Wire | None = None, *, base: str = "") -> Any:
    """PyMISP as it is, connected."""
    return PyMISP(HOST + base, secret, https_adapter=wire or Wire())


class Machine:
    """Raw requests of a client, with its token; `headers` replace the usual one."""

    def __init__(self, secret: str) -> None:
        self._client = Client()
        self._headers = {"Authorization": secret}

    def post(self, path: str, body: Any, *, headers: Mapping[str, str] | None = None) -> Any:
        """JSON. The path as it is written: Django's client would take two slashes for a host."""
        asked: Any = {"content_type": "application/json", "headers": headers or self._headers, "PATH_INFO": path}
        return self._client.post("/", body, **asked)

    def found(self, path: str, body: Any) -> Any:
        """What a search answers."""
        answer = self.post(path, body)
        if answer.status_code != HTTPStatus.OK:
            raise ValueError(answer.content)
        return json.loads(b"".join(answer.streaming_content) if answer.streaming else answer.content)["response"]

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """GET."""
        return self._client.get(path, headers=headers or self._headers)
