"""The IOC types: one file per family. A new type is a new file here; see example.py and docs/types.md."""

from iocmarket.indicators.types.base import Canonical, IocType, Trait, ioc_types

__all__ = ["Canonical", "IocType", "Trait", "ioc_types"]
