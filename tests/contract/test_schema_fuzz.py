"""The API as its own description says: requests drawn from the OpenAPI document, by every sort of sender.

No answer of 500 and more, and none that the description does not promise. One request of each operation in the fast
suite; many more, of every sender, and malformed ones too, with `-m real`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
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
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from tests.factories import contribute, make_institution, make_token, publish

load_all_checks()
FEW, MANY = 1, 40
SENDERS = ("every scope", "nobody", *Scope)


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
def home(db: None) -> Institution:
    """An institution that sees something."""
    made, other = make_institution("Ici"), make_institution("Ailleurs")
    contribute(other, "45.5.5.5", tags=["a"], comment="b")
    contribute(made, "45.5.5.6", audience="own")
    publish()
    return made


def headers_of(sender: str, home: Institution) -> dict[str, str]:
    """Of a token with one scope, with all, or of nobody."""
    if sender == "nobody":
        return {}
    scopes = list(Scope) if sender == "every scope" else [Scope(sender)]
    return {"Authorization": f"Bearer {make_token(home, scopes=scopes)}"}


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


def faults(operation: Any, headers: dict[str, str], examples: int, mode: GenerationMode) -> list[str]:
    """What the answers to some requests had that they must not have."""
    found: list[str] = []

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.headers = {name: text for name, text in case.headers.items() if name.lower() not in _CREDENTIALS}
        case.cookies = {}
        with transaction.atomic():
            answer = answered(case, headers)
            transaction.set_rollback(True)
        checks: list[Any] = [not_a_server_error]
        if answer.status_code < 400:
            checks += [content_type_conformance, response_schema_conformance]
        try:
            case.validate_response(answer, checks=checks)
        except Exception as error:  # noqa: BLE001 (a group of failures, or what the check itself met)
            found.append(f"{operation.label} {answer.status_code}: {str(error)[:600]}")
        if answer.status_code >= 400 and not _is_problem(answer):
            found.append(f"{operation.label} {answer.status_code} is no problem document: {answer.text[:200]}")

    try:
        ask()
    except Unsatisfiable:
        return found  # an operation without anything that could be wrong
    return found


_CREDENTIALS = {"authorization", "x-misp-auth", "cookie"}
_OURS = _CREDENTIALS | {"content-length", "content-type", "host"}


def _is_problem(answer: Any) -> bool:
    kind = answer.headers.get("content-type", "")
    return bool(kind.startswith("application/problem+json")) and answer.json()["status"] == answer.status_code


def test_what_the_description_allows_is_answered_as_it_says(home: Institution) -> None:
    headers = headers_of("every scope", home)
    found = [fault for one in operations() for fault in faults(one, headers, FEW, GenerationMode.POSITIVE)]
    assert not found, "\n".join(found)


def test_there_is_something_to_ask() -> None:
    assert len(list(operations())) >= 10


@pytest.mark.real
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("sender", SENDERS)
def test_many_requests_good_and_bad_break_nothing(home: Institution, sender: str, mode: GenerationMode) -> None:
    headers = headers_of(sender, home)
    found = [fault for one in operations() for fault in faults(one, headers, MANY, mode)]
    assert not found, "\n".join(found)
