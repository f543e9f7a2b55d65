"""Registries: a folder is an extension point, a file is an extension.

A registry imports every module of its package once, on first use; each module registers what it brings. A module
named `example` is a template for the next author and stays out unless a test asks for it by importing it.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """Anything with a stable name: the key under which it is registered."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class Registry(Generic[T]):
    """The registered things of one package, by name, in the order of their names. Raises KeyError for unknown ones."""

    def __init__(self, package: str, *, templates: frozenset[str] = frozenset({"base", "example"})) -> None:
        self._package = package
        self._templates = templates
        self._items: dict[str, T] = {}
        self._ordered: tuple[T, ...] | None = None
        self._discovered = False
        self._discovering = threading.RLock()

    def register(self, item: T) -> T:
        """Add one item. A name is registered once: a second item of that name is a programming error (ValueError)."""
        if item.name in self._items:
            raise ValueError(f"{self._package}: {item.name!r} is registered twice")
        self._items[item.name] = item
        self._ordered = None
        return item

    def unregister(self, name: str) -> None:
        """Take one item out again: for the contract test that registers the example."""
        del self._items[name]
        self._ordered = None

    def __getitem__(self, name: str) -> T:
        self._discover()
        return self._items[name]

    def get(self, name: str) -> T | None:
        """The item of that name, or None."""
        self._discover()
        return self._items.get(name)

    def __contains__(self, name: object) -> bool:
        self._discover()
        return name in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self.ordered())

    def ordered(self) -> tuple[T, ...]:
        """All of them, the same tuple until something is registered or taken out: what follows from it may be kept."""
        self._discover()
        found = self._ordered
        if found is None:
            found = self._ordered = tuple(self._items[name] for name in sorted(self._items))
        return found

    def __len__(self) -> int:
        self._discover()
        return len(self._items)

    def _discover(self) -> None:
        """Import everything, once. A thread that comes meanwhile waits: half a registry would tell it lies."""
        if self._discovered:
            return
        with self._discovering:
            package = importlib.import_module(self._package)
            for module in pkgutil.iter_modules(package.__path__):
                if module.name not in self._templates:
                    importlib.import_module(f"{self._package}.{module.name}")
            self._discovered = True
