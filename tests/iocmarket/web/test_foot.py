"""The pages at the foot: for whom they are, and that they say what is true."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from iocmarket.api import health
from iocmarket.web.apidocs import api_docs, read_document
from iocmarket.web.countries import country_name
from tests.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client: Client) -> Client:
    client.force_login(make_member())
    return client


@pytest.mark.parametrize("path", ["/help", "/accessibility", "/api/docs"])
def test_everybody_may_read_help_accessibility_and_the_api(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "site-nav" not in answer.content.decode()


def test_members_read_them_inside_their_shell(member: Client) -> None:
    assert 'class="side"' in member.get("/help").content.decode()


def test_the_status_is_for_members(client: Client) -> None:
    answer = client.get("/status")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(("holds", "said"), [(True, "Everything works"), (False, "Something does not work")])
def test_the_status_says_what_is_so(member: Client, monkeypatch: pytest.MonkeyPatch, holds: bool, said: str) -> None:
    monkeypatch.setattr(health, "CHECKS", {"database": lambda: True, "worker": lambda: holds})
    member.cookies["language"] = "en"
    page = member.get("/status").content.decode()
    assert said in page
    assert page.count('data-state="bad"') == (0 if holds else 1)


def test_the_page_of_the_api_has_every_operation(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    names = [operation.name for operation in api_docs().operations]
    assert {"submissions_create", "lookup", "indicators_list", "feeds_read"} <= set(names)
    assert all(f'id="{name}"' in page for name in names)
    assert 'href="#LookupSchema"' in page


def test_a_document_is_read_into_its_parts() -> None:
    thing_ref = {"$ref": "#/components/schemas/Thing"}
    same = [{"name": name, "schema": {"type": "string"}, "description": "Same."} for name in "ab"]
    answers = {"200": {"content": {"application/json": {"schema": thing_ref}}}, "204": {}}
    described = {
        "description": "A thing.",
        "required": ["n"],
        "properties": {"n": {"type": ["integer", "null"]}, "all": {"type": "array", "items": thing_ref}},
    }
    document = {
        "info": {"version": "1"},
        "paths": {"/x": {"get": {"operationId": "x", "parameters": same, "responses": answers}}},
        "components": {"schemas": {"Thing": described, "Word": {"type": "string", "enum": ["one", "two"]}}},
    }
    found = read_document(document)
    operation, (thing, word) = found.operations[0], found.shapes
    assert [field.name for field in operation.parameters] == ["a, b"]
    assert [(answer.status, answer.links_to) for answer in operation.answers] == [(200, "Thing"), (204, "")]
    assert [(field.kind, field.links_to, field.required) for field in thing.fields] == [
        ("integer | null", "", True),
        ("Thing[]", "Thing", False),
    ]
    assert word.values == ["one", "two"]


def test_countries_have_names_in_both_languages() -> None:
    with translation.override("fr"):
        assert [country_name(code) for code in ("DE", "fr", "XK")] == ["Allemagne", "France", "XK"]
    with translation.override("en"):
        assert country_name("DE") == "Germany"
