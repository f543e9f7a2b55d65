"""Machines that send, and what a test asks about the tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import models
from django.test import Client

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from tests.factories import make_institution, make_token, viewer_for

PATH = "/api/v1/submissions"


class Sender:
    """A machine of one institution that may read and write."""

    def __init__(self, institution: Institution | None = None) -> None:
        self.institution = institution or make_institution()
        scopes = (Scope.INDICATORS_WRITE, Scope.INDICATORS_READ, Scope.FEEDS_READ)
        self.headers = {"Authorization": f"Bearer {make_token(self.institution, scopes=scopes)}"}
        self.client = Client(headers=self.headers)

    @property
    def viewer(self) -> Viewer:
        """What it sees."""
        return viewer_for(self.institution, scopes=[Scope.INDICATORS_WRITE])

    def raw(self, body: bytes, content_type: str = "application/json", query: str = "", **headers: str) -> Any:
        """POST these very bytes."""
        return self.client.generic("POST", PATH + query, body, content_type=content_type, headers=headers)

    def json(self, *values: Any, query: str = "", **document: Any) -> Any:
        """POST values (texts, or objects with more than the value) with what the document says besides."""
        body = {"indicators": list(values), **document} if values else document
        return self.raw(json.dumps(body).encode(), query=query)

    def text(self, text: str, query: str = "") -> Any:
        """POST free text."""
        return self.raw(text.encode(), "text/plain; charset=utf-8", query)

    def csv(self, text: str, query: str = "", **headers: str) -> Any:
        """POST a table."""
        return self.raw(text.encode(), "text/csv", query, **headers)

    def ndjson(self, *lines: Any, query: str = "", **headers: str) -> Any:
        """POST objects, one a line."""
        return self.raw("\n".join(map(json.dumps, lines)).encode(), "application/x-ndjson", query, **headers)

    def items(self, url: str) -> list[Any]:
        """All items of a long submission, page after page."""
        found: list[Any] = []
        cursor = None
        while True:
            page = self.client.get(url, {"limit": "1000", **({"cursor": cursor} if cursor else {})}).json()
            found += page["items"]
            cursor = page["next"]
            if cursor is None or not page["items"]:
                return found

    def delete(self, contribution_id: object) -> Any:
        """Take a statement back."""
        return self.client.delete(f"/api/v1/contributions/{contribution_id}")


def row_counts() -> dict[str, int]:
    """How many rows each table of ours has."""
    ours = ("iocmarket", "ingestion", "sharing")
    tables = [model for model in apps.get_models() if model.__module__.startswith(ours)]
    return {model._meta.label: models.QuerySet(model).count() for model in tables}


@pytest.fixture
def working() -> Iterator[None]:
    """A worker has just given a sign of life; its work is done by the test."""
    cache.set("heartbeat:worker", 1, timeout=60)
    yield
    cache.delete("heartbeat:worker")


@pytest.fixture
def sender(db: None) -> Sender:
    """A machine that sends."""
    return Sender()


@pytest.fixture
def other(db: None) -> Sender:
    """A machine of another institution."""
    return Sender()
