"""What an operator may say of the federation, and what is refused at the start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from iocmarket.audit.models import Event
from iocmarket.sso.choice import found_among
from iocmarket.sso.config import read_federation, read_provider
from iocmarket.sso.models import FederationProvider
from iocmarket.sso.providers import institution_for, providers
from tests.factories import make_institution
from tests.iocmarket.sso.conftest import configure, oidc_provider

RIGHT = oidc_provider("a", "https://idp.a.example", "a.example", "Université A")


def test_nothing_said_is_no_federation() -> None:
    assert read_federation("").providers == ()


def test_a_provider_is_read() -> None:
    found = read_provider(RIGHT)
    assert (found.slug, found.issuer, dict(found.scopes)) == (
        "a", "https://idp.a.example", {"a.example": "Université A"},
    )  # fmt: skip
    assert "secret" not in repr(found), "a secret is not printed"


@pytest.mark.parametrize(
    "changes",
    [
        {"slug": "A b"}, {"slug": ""}, {"name": 7}, {"protocol": "cas"}, {"issuer": ""}, {"issuer": "idp"},
        {"issuer": "https://" + "x" * 200}, {"scopes": {}}, {"scopes": {"a b": "A"}}, {"scopes": {"a.example": ""}},
        {"scopes": ["a.example"]}, {"client_id": ""}, {"enabled": "yes"}, {"typing_mistake": 1},
        {"mail_domains": ["@a.example"]}, {"attributes": {"mail": ["x"]}}, {"attributes": {"email": "x"}},
        {"ask_scopes": ["email"]}, {"protocol": "saml"}, {"client_secret_file": "/nowhere"}, {"subject": "email"},
    ],
    ids=str,
)  # fmt: skip
def test_a_mistake_stops_the_start(changes: dict[str, Any]) -> None:
    with pytest.raises(ImproperlyConfigured):
        read_provider({**RIGHT, **changes})


@pytest.mark.parametrize("text", ["{", "[]", '{"provider": []}', '{"providers": {}}', '{"service": {"key": "x"}}'])
def test_a_federation_with_a_mistake_is_not_read(text: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        read_federation(text)


def test_two_providers_do_not_share_a_name_or_an_issuer() -> None:
    for again in ({**RIGHT, "slug": "b"}, {**RIGHT, "issuer": "https://other.example"}):
        with pytest.raises(ImproperlyConfigured):
            read_federation(json.dumps({"providers": [RIGHT, again]}))


@pytest.mark.parametrize(
    ("address", "may"),
    [("x@a.example", True), ("x@etu.a.example", True), ("x@A.EXAMPLE", True), ("x@evila.example", False),
     ("x@a.example.evil", False), ("x@b.example", False), ('"x@a.example"@evil.example', False), ("", False)],
)  # fmt: skip
def test_the_domains_of_a_provider(address: str, may: bool) -> None:
    assert read_provider(RIGHT).may_vouch_for(address) is may


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with one provider."""
    made = tmp_path / "a.json"
    made.write_text(json.dumps(RIGHT))
    return made


def test_the_database_keeps_providers(db: None, file: Path) -> None:
    make_institution("Université A")
    call_command("federation", "load", str(file))
    (found,) = providers()
    assert found.client_secret == RIGHT["client_secret"]
    call_command("federation", "disable", "a")
    assert providers() == []
    assert Client().post("/accounts/sso/to/a").status_code == 404
    call_command("federation", "enable", "a")
    assert len(providers()) == 1
    kept = Event.objects.filter(action__startswith="federation.")
    assert kept.count() == 3
    assert "secret" not in str([event.details for event in kept])


def test_a_provider_never_becomes_another_one(db: None, file: Path) -> None:
    """People are known by (issuer, subject): a new issuer under an old name would inherit them."""
    make_institution("Université A")
    call_command("federation", "load", str(file))
    file.write_text(json.dumps({**RIGHT, "issuer": "https://evil.example"}))
    with pytest.raises(CommandError, match="issuer"):
        call_command("federation", "load", str(file))
    assert FederationProvider.objects.get().issuer == RIGHT["issuer"]


def test_an_institution_that_is_not_there_is_refused(db: None, file: Path) -> None:
    with pytest.raises(CommandError, match="Université A"):
        call_command("federation", "load", str(file))
    assert not FederationProvider.objects.exists()


def test_the_environment_counts_before_the_database(db: None, file: Path, settings: Settings) -> None:
    make_institution("Université A")
    call_command("federation", "load", str(file))
    configure(settings, [{**RIGHT, "name": "Of the environment"}])
    (found,) = providers()
    assert found.name == "Of the environment"
    configure(settings, [{**RIGHT, "enabled": False}])
    assert providers() == [], "closed by the environment is closed"


def test_an_institution_that_was_merged_is_the_one_that_took_it_in(db: None) -> None:
    old, new = make_institution("Université A"), make_institution("Université AB")
    old.merged_into = new
    old.save()
    assert institution_for(read_provider(RIGHT), ["a.example"]) == (new, "a.example")


def many(settings: Settings, count: int) -> None:
    configure(
        settings,
        [oidc_provider(f"p{n}", f"https://idp{n}.example", f"u{n}.example", "Université A", name=f"École numéro {n}")
         for n in range(count)],
    )  # fmt: skip


def test_the_log_in_page_has_a_button_for_each_of_a_few(db: None, settings: Settings) -> None:
    many(settings, 8)
    page = Client().get("/accounts/login/?next=/search").content.decode()
    assert page.count("/accounts/sso/to/p") == 8
    assert 'name="next" value="/search"' in page


def test_the_log_in_page_searches_among_many(db: None, settings: Settings) -> None:
    many(settings, 9)
    page = Client().get("/accounts/login/").content.decode()
    assert "/accounts/sso/to/p" not in page
    assert 'type="search"' in page
    found = Client().get("/accounts/sso/?q=ecole numero 3").content.decode()
    assert found.count("/accounts/sso/to/p") == 1


def test_without_a_federation_the_log_in_page_says_nothing_of_it(db: None) -> None:
    page = Client().get("/accounts/login/").content.decode()
    assert "/accounts/sso/" not in page


def test_search_knows_names_and_domains() -> None:
    one = read_provider({**RIGHT, "name": "École d’Été"})
    for asked in ("ecole", "ÉTÉ ecole", "a.example", ""):
        assert found_among([one], asked) == [one]
    assert found_among([one], "hiver") == []
