"""What an enricher declares. Enrichers are pure: a value in, facts out; no models, no request, no clock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from ingestion.enrichment.policy import PapClass
from iocmarket.indicators.types.base import Trait, ioc_types
from iocmarket.kernel.registry import Registry

Facts = dict[str, Any]


class Enricher(ABC):
    """One source of facts. Subclasses are stateless; one instance is registered."""

    name: ClassVar[str]
    """Stable; the key of its stored results."""
    pap_class: ClassVar[PapClass]
    """What it does with the value: the policy compares it with the value's PAP and TLP before every run."""
    processor: ClassVar[bool] = False
    """Whether the third party is bound by contract as the community's processor; meaningless for local ones."""
    traits: ClassVar[frozenset[Trait]]
    """The values it accepts, by trait, so that a new type reaches it by itself."""
    examples: ClassVar[tuple[tuple[str, str, Facts | None], ...]]
    """(type, canonical value, facts or None) that the contract test runs; at least one."""

    @abstractmethod
    def dataset_version(self) -> str:
        """Names the data behind the answers (at most 200 characters); results of another version are renewed."""

    @abstractmethod
    def enrich(self, value: str, type_name: str) -> Facts | None:
        """The facts of a canonical value as JSON, or None when nothing is known of it."""

    @classmethod
    def accepts(cls, type_name: str) -> bool:
        """Whether values of that type are for this enricher; False for a type that is not registered."""
        found = ioc_types.get(type_name)
        return found is not None and bool(found.traits & cls.traits)


enrichers: Registry[Enricher] = Registry("ingestion.enrichment.enrichers")
