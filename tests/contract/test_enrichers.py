"""Every registered enricher keeps the contract, and a new one is one new file."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from ingestion.enrichment.enrichers.base import Enricher, enrichers
from ingestion.enrichment.policy import PapClass
from iocmarket.indicators.types.base import ioc_types

NETWORK_MODULES = {"socket", "ssl", "http", "urllib.request", "requests", "httpx", "dns", "asyncio", "subprocess"}


@pytest.fixture
def example() -> Iterator[Enricher]:
    """The template, registered for one test as if its file had another name."""
    template: type[Enricher] = import_module("ingestion.enrichment.enrichers.example").NameShape
    len(enrichers)  # discover what is installed first
    registered = enrichers.register(template())
    yield registered
    enrichers.unregister(registered.name)


def keeps_the_contract(enricher: Enricher) -> None:
    """What every enricher must do, whoever wrote it."""
    assert enricher.name == enricher.name.lower()
    assert len(enricher.name) <= 40
    assert isinstance(enricher.pap_class, PapClass)
    assert enricher.traits
    assert 0 < len(enricher.dataset_version()) <= 200
    assert enricher.examples
    for type_name, value, expected in enricher.examples:
        assert ioc_types[type_name].normalise(value, explicit=True).value == value
        found = enricher.enrich(value, type_name)
        assert found == expected
        assert found == enricher.enrich(value, type_name)
        assert json.loads(json.dumps(found)) == found


def test_there_is_something_to_check() -> None:
    assert "ip-context" in enrichers
    assert len(enrichers) >= 1


@pytest.mark.parametrize("name", [enricher.name for enricher in enrichers])
def test_an_enricher_keeps_the_contract(name: str) -> None:
    keeps_the_contract(enrichers[name])


@pytest.mark.parametrize("name", [enricher.name for enricher in enrichers])
def test_an_enricher_survives_every_example_of_every_type(name: str) -> None:
    for kind in ioc_types:
        for raw, canonical in kind.examples:
            del raw
            found = enrichers[name].enrich(canonical, kind.name)
            assert found is None or (isinstance(found, dict) and found)


@pytest.mark.parametrize("enricher", [e for e in enrichers if e.pap_class is PapClass.LOCAL], ids=lambda e: e.name)
def test_a_local_enricher_imports_nothing_that_could_ask_outside(enricher: Enricher) -> None:
    source = Path(inspect.getfile(type(enricher))).read_text(encoding="utf-8")
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert not {name for name in imported if name in NETWORK_MODULES or name.split(".")[0] in NETWORK_MODULES}


def test_the_template_is_not_installed() -> None:
    assert "example-name-shape" not in enrichers


def test_a_copy_of_the_template_works_at_once(example: Enricher) -> None:
    assert example.name in enrichers
    assert example.accepts("domain")
    assert not example.accepts("sha256")
    assert not example.accepts("no-such-type")
    keeps_the_contract(example)
