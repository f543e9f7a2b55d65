"""The IOC types: one file per family. A new type is a new file here; see example.py and docs/types.md."""

from iocmarket.indicators.types.base import MAX_LENGTH, Canonical, IocType, Trait, cleaned, ioc_types, quoted

__all__ = ["MAX_LENGTH", "Canonical", "IocType", "Trait", "cleaned", "ioc_types", "quoted"]
