"""The API as its own description says: requests drawn from the OpenAPI document, by every sort of sender.

No answer of 500 and more, and none that the description does not promise. One request of each operation in the fast
suite; many more, of every sender, and malformed ones too, with `-m real`. `pytest -s` prints how many were asked.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
import pytest
import requests
import schemathesis
import urllib3
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from iocmarket.accounts.roles import Scope
from tests.contract.world import World, make_world
from tests.factories import make_token

load_all_checks()
MANY = int(os.environ.get("IOCMARKET_FUZZ") or 12)
FEW, SOME = 1, max(1, MANY // 4)
"""Requests of each operation. Who has not its scope is refused before anything is read: fewer of those."""
SENDERS = ("every scope", "nobody", *Scope)

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@cache
def described() -> BaseSchema:
    """The description, as it is served."""
    generator: Any = SchemaGenerator
    written = orjson.loads(orjson.dumps(generator().get_schema(request=None, public=True), default=str))
    schema: BaseSchema = schemathesis.openapi.from_dict(written)
    return schema


def operations() -> Iterator[Any]:
    results: Iterator[Any] = described().get_all_operations()
    for result in results:
        yield result.ok()


@pytest.fixture
def world(db: None) -> World:
    """Home, whose tokens ask, has or sees one object of every kind."""
    return make_world()


def headers_of(sender: str, world: World) -> dict[str, str]:
    """Of a token with one scope, with all, or of nobody."""
    if sender == "nobody":
        return {}
    scopes = list(Scope) if sender == "every scope" else [Scope(sender)]
    return {"Authorization": f"Bearer {make_token(world.home, scopes=scopes)}"}


IDS = {
    "/api/v1/assets/": {"public_id": "asset"},
    "/api/v1/circles/": {"public_id": "circle", "invitation_id": "asked", "institution_id": "third"},
    "/api/v1/circles/invitations/": {"public_id": "invited"},
    "/api/v1/contributions/": {"public_id": "statement"},
    "/api/v1/evidence/archives/": {
        "public_id": "archive",
        "filename": "archive_file",
        "finding_id": "finding",
        "form": "archive_form",
    },
    "/api/v1/evidence/archives/{public_id}/proposals": {"public_id": "archive_done"},
    "/api/v1/evidence/archives/{public_id}/share": {"public_id": "archive_done"},
    "/api/v1/evidence/cases/": {"public_id": "case", "guest_id": "guest"},
    "/api/v1/evidence/uploads/": {"public_id": "upload"},
    "/api/v1/indicators/": {"public_id": "value"},
    "/api/v1/institutions/applications/": {"public_id": "applicant"},
    "/api/v1/institutions/self/invitations/": {"public_id": "mailed"},
    "/api/v1/institutions/self/members/": {"public_id": "person"},
    "/api/v1/sightings/": {"public_id": "sighting"},
    "/api/v1/submissions/": {"public_id": "submission"},
    "/api/v1/tokens/": {"public_id": "token"},
    "/api/v1/feeds/": {"name": "profile"},
    "/api/v1/webhooks/": {"public_id": "webhook", "delivery_id": "delivery"},
    "/feeds/": {"name": "format"},
    "/feeds/k/": {"key": "feed_key", "file": "feed_file"},
    "/feeds/k/{key}/p/": {"key": "profile_key", "file": "profile_file"},
    "/feeds/k/{key}/p/{name}/": {"key": "folder_key", "name": "folder", "file": "folder_file"},
    "/feeds/p/": {"name": "profile", "file": "profile_file"},
    "/feeds/p/{name}/changes": {"name": "profile"},
    "/feeds/p/{name}/": {"name": "folder", "file": "folder_file"},
    "/public/": {"name": "format"},
}
"""What home calls by an id: a drawn one would meet a 404 only."""


def known(path: str, names: dict[str, str]) -> dict[str, str]:
    """The parameters of this path that name something. Raises ValueError where the table above misses it."""
    (_, chosen) = max((one for one in IDS.items() if path.startswith(one[0])), key=lambda one: len(one[0]))
    return {parameter: names[name] for parameter, name in chosen.items() if f"{{{parameter}}}" in path}


def answered(case: Any, headers: dict[str, str]) -> requests.Response:
    """The program's answer in this very process, in the shape that the checks read."""
    sent = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    client = Client(raise_request_exception=False)
    passed = {name: str(text) for name, text in sent.headers.items() if name.lower() not in _OURS} | headers
    kind = str(sent.headers.get("Content-Type", ""))
    given = client.generic(str(sent.method), sent.path_url, sent.body or b"", content_type=kind, headers=passed)
    found = requests.Response()
    found.status_code, found.request, found.url = given.status_code, sent, str(sent.url)
    found.headers.update(given.headers)
    body = io.BytesIO(given.getvalue())
    found.raw = urllib3.HTTPResponse(body=body, headers=given.headers, status=given.status_code, preload_content=False)
    return found


@dataclass
class Asked:
    """What was asked of the program, and what its answers had that they must not have."""

    headers: dict[str, str]
    names: dict[str, str]
    requests: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def operation(self, operation: Any, examples: int, mode: GenerationMode) -> None:
        """Some requests of one operation; every other one names an object that there is."""
        existing = known(operation.path, self.names) if operation.path_parameters else {}

        @settings(
            max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            if existing and self.requests % 2 == 0:
                case.path_parameters = dict(existing)
            self._one(operation.label, case)

        # Unsatisfiable: an operation without anything that could be wrong.
        with suppress(Unsatisfiable):
            ask()

    def _one(self, label: str, case: Any) -> None:
        case.headers = {name: text for name, text in case.headers.items() if name.lower() not in _CREDENTIALS}
        case.cookies = {}
        with transaction.atomic():
            answer = answered(case, self.headers)
            transaction.set_rollback(True)
        self.requests += 1
        self.answers[answer.status_code] += 1
        checks: list[Any] = [not_a_server_error]
        if answer.status_code < 400:
            checks += [status_code_conformance, content_type_conformance, response_schema_conformance]
        try:
            case.validate_response(answer, checks=checks)
        except (FailureGroup, Exception) as error:  # noqa: BLE001 (what was found, or what the check itself met)
            self.faults.append(f"{label} {answer.status_code}: {str(error)[:600]}")
        if answer.status_code >= 400 and not _is_problem(answer):
            self.faults.append(f"{label} {answer.status_code} is no problem document: {answer.text[:200]}")


def asked_everything(sender: str, world: World, examples: int, mode: GenerationMode) -> Asked:
    """Every operation, by this sender."""
    names = {**world.names, "format": "csv", "feed_file": "text.txt", "profile": "suivi", "profile_file": "suivi.txt"}
    names |= {"folder": "dossier", "folder_file": "manifest.json", "archive_file": "PC.zip", "archive_form": "jsonl"}
    found = Asked(headers_of(sender, world), names)
    for one in operations():
        found.operation(one, examples, mode)
    told = ", ".join(f"{count} × {status}" for status, count in sorted(found.answers.items()))
    print(f"\n{sender}, {mode.name.lower()}: {found.requests} requests ({told})")
    return found


_CREDENTIALS = {"authorization", "x-misp-auth", "cookie"}
_OURS = _CREDENTIALS | {"content-length", "content-type", "host"}


def _is_problem(answer: Any) -> bool:
    kind = answer.headers.get("content-type", "")
    return bool(kind.startswith("application/problem+json")) and answer.json()["status"] == answer.status_code


def test_what_the_description_allows_is_answered_as_it_says(world: World) -> None:
    found = asked_everything("every scope", world, FEW, GenerationMode.POSITIVE)
    assert not found.faults, "\n".join(found.faults)
    assert sum(count for status, count in found.answers.items() if status < 400) > 10, "something is answered"


def test_there_is_something_to_ask() -> None:
    assert len(list(operations())) >= 10


@pytest.mark.real
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("sender", SENDERS)
def test_many_requests_good_and_bad_break_nothing(world: World, sender: str, mode: GenerationMode) -> None:
    found = asked_everything(sender, world, MANY if sender == "every scope" else SOME, mode)
    assert not found.faults, "\n".join(found.faults)
