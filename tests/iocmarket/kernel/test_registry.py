"""Registries: a folder is an extension point, a file is an extension."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from iocmarket.kernel.registry import Registry


@dataclass(frozen=True)
class Thing:
    """Anything with a name."""

    name: str


MODULE = """
from tests_registry_package import registry, Thing
registry.register(Thing("{name}"))
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[Thing]]:
    """The registry of a package with two extensions, a template and a base."""
    package = tmp_path / "tests_registry_package"
    package.mkdir()
    head = "from tests.iocmarket.kernel.test_registry import Thing\nfrom iocmarket.kernel.registry import Registry\n"
    (package / "__init__.py").write_text(head + "registry = Registry(__name__)\n")
    for name in ("second", "first", "example", "base"):
        (package / f"{name}.py").write_text(MODULE.format(name=name))
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("tests_registry_package").registry
    for name in [name for name in sys.modules if name.startswith("tests_registry_package")]:
        del sys.modules[name]


def test_a_file_in_the_folder_is_all_that_an_extension_needs(registry: Registry[Thing]) -> None:
    assert [thing.name for thing in registry] == ["first", "second"]
    assert len(registry) == 2


def test_the_template_stays_out(registry: Registry[Thing]) -> None:
    assert "example" not in registry
    assert registry.get("example") is None


def test_what_a_test_registers_can_be_taken_out_again(registry: Registry[Thing]) -> None:
    registry.register(Thing("visitor"))
    assert registry["visitor"] == Thing("visitor")
    registry.unregister("visitor")
    assert "visitor" not in registry


def test_a_name_is_registered_once(registry: Registry[Thing]) -> None:
    assert "first" in registry
    with pytest.raises(ValueError, match="registered twice"):
        registry.register(Thing("first"))


def test_an_unknown_name_is_a_key_error(registry: Registry[Thing]) -> None:
    with pytest.raises(KeyError):
        registry["nothing"]


def test_nothing_is_imported_before_somebody_asks(registry: Registry[Thing]) -> None:
    assert "tests_registry_package.first" not in sys.modules
    assert registry.get("first") == Thing("first")
    assert "tests_registry_package.first" in sys.modules


def test_a_missing_package_is_told() -> None:
    with pytest.raises(ModuleNotFoundError):
        list(Registry[Thing]("no.such.package"))


def test_who_asks_while_it_is_being_read_waits_for_all_of_it(tmp_path: Path, registry: Registry[Thing]) -> None:
    package = tmp_path / "tests_registry_package"
    (package / "aslow.py").write_text("import time\ntime.sleep(0.3)\n" + MODULE.format(name="slow"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _number: [thing.name for thing in registry], range(4)))
    assert answers == [["first", "second", "slow"]] * 4
