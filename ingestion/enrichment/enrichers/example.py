"""Template of an enricher: copy this file, change the four declarations and `enrich`, give it examples.

A new file is all it takes: the registry finds it, tests/contract/test_enrichers.py runs its examples. This one is not
registered by itself (the registry leaves `example` out); the contract test registers it and takes it out again.
"""

from __future__ import annotations

from typing import Any

from ingestion.enrichment.enrichers.base import Enricher
from ingestion.enrichment.policy import PapClass
from iocmarket.indicators.types.base import Trait


class NameShape(Enricher):
    """How a name looks: how many labels, how many digits. Nothing is asked of anybody."""

    # Stable and unique: results are stored under it.
    name = "example-name-shape"
    # LOCAL: may run under every marking. PASSIVE and ACTIVE ones run only where policy.py permits.
    pap_class = PapClass.LOCAL
    # What it accepts; the types are those that carry one of these traits.
    traits = frozenset({Trait.NAME})
    examples = (("domain", "cas2.valbrune.top", {"labels": 3, "digits": 1}),)

    def dataset_version(self) -> str:
        """Change it when the answers change: stored results are then renewed."""
        return "1"

    def enrich(self, value: str, type_name: str) -> dict[str, Any] | None:
        """A small JSON object, or None when there is nothing to say."""
        del type_name
        return {"labels": value.count(".") + 1, "digits": sum(letter.isdigit() for letter in value)}
