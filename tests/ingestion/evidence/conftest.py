"""A storage and keys of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from ingestion.evidence import keys
from ingestion.evidence.keys import Private
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.settings.env import evidence_storage_from
from tests.factories import make_institution, make_token

SCOPES = (Scope.EVIDENCE_READ, Scope.EVIDENCE_WRITE)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One pair for all tests: RSA-3072 takes its time."""
    folder = tmp_path_factory.mktemp("keys")
    keys._make(folder)
    return folder


@pytest.fixture
def place(settings: Settings, tmp_path: Path, drawn: Path) -> Path:
    """Where the files of this test lie."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_KEYS_DIR = drawn
    storage = evidence_storage_from("", settings.EVIDENCE_DIR)
    settings.STORAGES = {**settings.STORAGES, "evidence": storage}
    return tmp_path / "evidence"


@pytest.fixture
def private(db: None, place: Path) -> Private:
    """The worker has started once."""
    return keys.ensure()


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the worker was asked."""
    asked: list[int] = []
    monkeypatch.setattr("ingestion.evidence.uploads.hint", asked.append)
    return asked


@pytest.fixture
def only_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker stops before it processes: for tests of what comes before."""
    monkeypatch.setattr("ingestion.evidence.processing.process", lambda archive, private: "")


@pytest.fixture
def home(db: None) -> Institution:
    """Whose evidence it is."""
    return make_institution("Ici")


@pytest.fixture
def machine(home: Institution, private: Private) -> Client:
    """A token of it with both scopes."""
    return Client(headers={"Authorization": f"Bearer {make_token(home, scopes=SCOPES)}"})
