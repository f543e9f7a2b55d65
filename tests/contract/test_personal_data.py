"""Every model that may hold something of a person stands in the table of retention, or here with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import EmailField, Field, GenericIPAddressField, Model
from django.utils import translation

from iocmarket.accounts.models import Member
from iocmarket.privacy.retention import markdown, retention

PERSONAL = {
    "email", "why", "comment", "description", "client", "user_agent", "ip", "address", "raw", "body", "input", "reason",
    "message", "contact", "phone", "value",
}  # fmt: skip
"""Names of columns under which people write about people, or machines about them."""

EXEMPT = {
    "accounts.Asset": "what an institution owns: domains, networks; the institution deletes it",
    "accounts.Institution": "the contact address of an organisation, kept as long as it is a member",
    "sso.FederationScope": "which institution a scope of a federation stands for: names of organisations",
    "publication.Outbox": "numbers of what changed; gone within seconds",
}


def holds_something_of_a_person(model: type[Model]) -> bool:
    """By what its columns are."""
    return any(map(_is_personal, model._meta.concrete_fields))


def _is_personal(column: Field[object, object]) -> bool:
    if column.is_relation:
        return column.related_model is Member
    return isinstance(column, EmailField | GenericIPAddressField) or column.name in PERSONAL


def found() -> set[str]:
    """Labels of all such models, of every app."""
    return {model._meta.label for model in apps.get_models() if holds_something_of_a_person(model)}


def test_every_model_with_personal_data_has_a_retention_or_a_reason() -> None:
    assert found() - retention.models() - set(EXEMPT) == set()


def test_what_is_exempt_or_in_the_table_exists() -> None:
    known = {model._meta.label for model in apps.get_models()}
    assert set(EXEMPT) | retention.models() <= known
    assert not set(EXEMPT) & retention.models()


@pytest.mark.parametrize("label", ["accounts.Member", "accounts.Invitation", "audit.Event", "indicators.Contribution"])
def test_the_search_finds_what_it_must(label: str) -> None:
    assert label in found()


def test_the_document_holds_the_table_of_the_code() -> None:
    text = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()
    with translation.override("en"):
        assert markdown() in text, "docs/privacy.md: put in what `manage.py purge --table` prints"
