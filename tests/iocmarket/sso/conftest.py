"""Two real OpenID Connect providers and two real SAML ones, and a federation that knows them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from iocmarket.accounts.models import Institution
from tests.factories import make_institution
from tests.iocmarket.sso import saml_idp
from tests.iocmarket.sso.saml_idp import IdP, Person

SCOPED = "eduPersonScopedAffiliation"
MFA = "https://refeds.org/profile/mfa"
"""What a provider says when it asked for a second factor (REFEDS MFA Profile)."""


@dataclass(frozen=True)
class World:
    """Two institutions, the providers' slugs `a` and `b` speak for one each."""

    a: Institution
    b: Institution


@pytest.fixture
def world(db: None) -> World:
    """Both institutions are in the community."""
    cache.clear()
    return World(make_institution("Université A"), make_institution("Université B"))


@pytest.fixture(scope="session")
def oidc_servers() -> Iterator[tuple[str, str]]:
    """The issuers of two providers, each a process of its own; `ada` and the others log in at either."""
    with _oidc_process("a.example") as first, _oidc_process("b.example") as second:
        yield first, second


@contextmanager
def _oidc_process(domain: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    people = [part for person in _people(domain) for part in ("--user-claims", json.dumps(person))]
    words = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *people]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        issuer = f"http://127.0.0.1:{port}"
        _wait_for(f"{issuer}/.well-known/openid-configuration", process)
        yield issuer
        process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with suppress(requests.ConnectionError):
            requests.get(url, timeout=10).raise_for_status()
            return
        time.sleep(0.1)
    raise RuntimeError("the OpenID Connect provider does not start")


def _people(domain: str) -> list[dict[str, object]]:
    scoped = {"eduperson_scoped_affiliation": [f"employee@{domain}", f"member@{domain}"]}
    mfa = {"acr": MFA}
    return [
        {"sub": "ada", "email": f"ada@{domain}", "name": "Ada Exemple", **scoped},
        {"sub": "bob", "email": f"bob@{domain}", "name": "Bob", **scoped},
        {"sub": "victim", "email": "ada@a.example", "email_verified": True, "name": "Ada", **scoped},
        {"sub": "strong", "email": f"strong@{domain}", "name": "Strong", **scoped, **mfa},
        {"sub": "listed", "email": f"listed@{domain}", "name": "Listed", **scoped, "amr": ["pwd", "mfa"]},
        {"sub": "weak", "email": f"weak@{domain}", "name": "Weak", **scoped, "acr": "0"},
        {"sub": "foreign", "email": "x@elsewhere.example", "name": "X", **scoped},
        {"sub": "nowhere", "email": f"n@{domain}", "eduperson_scoped_affiliation": "member@nowhere.example"},
        {"sub": "scopeless", "email": f"s@{domain}", "name": "S"},
        {"sub": "silent", "name": "S", **scoped},
        {"sub": "unverified", "email": f"u@{domain}", "email_verified": False, **scoped},
    ]


def says(issuer: str, sub: str, at: float | str | None) -> None:
    """From now on the provider says that it asked this person at that moment; None: it says nothing of it."""
    claims = {
        "email": f"{sub}@a.example", "name": "Ada Exemple", "eduperson_scoped_affiliation": ["member@a.example"],
        "auth_time": int(at) if isinstance(at, float | int) else at,
    }  # fmt: skip
    requests.put(f"{issuer}/users/{sub}", json=claims, timeout=10).raise_for_status()


@pytest.fixture
def oidc(world: World, oidc_servers: tuple[str, str], settings: Settings) -> tuple[str, str]:
    """Both OpenID Connect providers configured by the environment, under the slugs `a` and `b`."""
    configure(
        settings,
        [oidc_provider("a", oidc_servers[0], "a.example", "Université A"),
         oidc_provider("b", oidc_servers[1], "b.example", "Université B")],
    )  # fmt: skip
    settings.OUTBOUND_ALLOWED = tuple(issuer.removeprefix("http://") for issuer in oidc_servers)
    return oidc_servers


def oidc_provider(slug: str, issuer: str, scope: str, institution: str, **more: Any) -> dict[str, Any]:
    """The words of a provider."""
    return {
        "slug": slug, "name": f"Fournisseur {slug}", "protocol": "oidc", "issuer": issuer, "client_id": "iocmarket",
        "client_secret": "secret of the test", "scopes": {scope: institution}, **more,
    }  # fmt: skip


def saml_provider(slug: str, idp: IdP, scope: str, institution: str, **more: Any) -> dict[str, Any]:
    """The words of a provider."""
    return {
        "slug": slug, "name": f"Fournisseur {slug}", "protocol": "saml", "issuer": idp.entity_id,
        "sso_url": idp.sso_url, "certificates": [idp.certificate], "scopes": {scope: institution}, **more,
    }  # fmt: skip


def configure(settings: Settings, providers: list[dict[str, Any]], **more: Any) -> None:
    """As the variable FEDERATION does."""
    settings.FEDERATION = json.dumps({"providers": providers, **more})


@pytest.fixture(scope="session")
def idps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[IdP, IdP]]:
    """Two SAML providers, which know us by the metadata that we publish."""
    folder: Path = tmp_path_factory.mktemp("idp")
    answer = Client().get("/accounts/sso/saml/metadata")
    assert answer.status_code == 200
    ours = answer.content.decode()
    with (
        saml_idp.running(folder, name="idp-a", our_metadata=ours) as first,
        saml_idp.running(folder, name="idp-b", our_metadata=ours) as second,
    ):
        yield first, second


@pytest.fixture
def saml(world: World, idps: tuple[IdP, IdP], settings: Settings) -> tuple[IdP, IdP]:
    """Both SAML providers, under the slugs `a` and `b`; Ada sits before the first, somebody else before the second."""
    first, second = idps
    first.person, second.person = ada("a.example"), ada("b.example")
    configure(
        settings,
        [saml_provider("a", first, "a.example", "Université A"),
         saml_provider("b", second, "b.example", "Université B")],
    )  # fmt: skip
    return idps


def ada(domain: str, **more: Any) -> Person:
    """A person of that domain."""
    said = {
        "subject-id": [f"ada@{domain}"], SCOPED: [f"employee@{domain}"], "mail": [f"ada@{domain}"],
        "displayName": ["Ada Exemple"], **more,
    }  # fmt: skip
    return Person({name: value for name, value in said.items() if value})
