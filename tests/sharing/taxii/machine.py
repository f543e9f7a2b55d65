"""A TAXII client by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.test import Client

from tests.factories import Reader


class Machine:
    """A TAXII client by hand: paths are relative to the API root unless they begin with a slash."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.client = Client()

    def get(
        self, path: str = "", query: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Any:
        """GET with the reader's token."""
        return self.client.get(_full(path), dict(query or {}), headers={**self.reader.headers, **(headers or {})})

    def send(self, method: str, path: str, body: str = "{}") -> Any:
        """Another method."""
        return self.client.generic(
            method, _full(path), body, content_type="application/taxii+json;version=2.1", headers=self.reader.headers
        )

    def collection(self, title: str = "Communauté") -> str:
        """The path of a collection."""
        found = {c["title"]: c["id"] for c in self.get("collections/").json()["collections"]}
        return f"collections/{found[title]}/"


def _full(path: str) -> str:
    return path if path.startswith("/") else f"/taxii2/api/{path}"
