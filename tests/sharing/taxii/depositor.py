"""A machine that posts, and what it posts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from iocmarket.accounts.roles import Scope
from iocmarket.indicators.models import Contribution
from tests.factories import Reader, make_token, unused_address
from tests.sharing.taxii.machine import Machine

BOTH = (Scope.INDICATORS_READ, Scope.INDICATORS_WRITE)
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
AMBER_STRICT = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"


class Depositor(Machine):
    """A machine that posts into its institution's Dépôt."""

    @property
    def depot(self) -> str:
        """The path of the collection."""
        return self.collection("Dépôt")

    def post(self, *objects: Mapping[str, Any]) -> Any:
        """POST; the answer."""
        return self.send("POST", f"{self.depot}objects/", json.dumps({"objects": objects}))

    def stored(self, *objects: Mapping[str, Any]) -> Any:
        """POST; the status, of which every object is a success."""
        response = self.post(*objects)
        assert response.status_code == 202, response.content
        status = response.json()
        assert status.get("failures") is None, status
        return status

    def objects(self, **match: str) -> list[dict[str, Any]]:
        """The objects that match."""
        query = {f"match[{name}]": value for name, value in match.items()}
        found: list[dict[str, Any]] = self.get(f"{self.depot}objects/", query).json().get("objects", [])
        return found

    def said(self) -> list[str]:
        """The values of the institution's live contributions, in order."""
        rows = Contribution.unscoped.filter(institution=self.reader.institution, withdrawn_at__isnull=True)
        return sorted(rows.values_list("indicator__value", flat=True))

    def other(self, *scopes: str, **extra: Any) -> Depositor:
        """The same institution through another token."""
        secret = make_token(self.reader.institution, scopes=scopes, **extra)
        return Depositor(Reader(self.reader.institution, secret))


def stix(stix_type: str = "indicator", *, value: str = "", day: int = 1, **extra: Any) -> dict[str, Any]:
    """An object; an indicator unless it is said otherwise. `day` dates its version."""
    found = {
        "type": stix_type,
        "spec_version": "2.1",
        "id": f"{stix_type}--{uuid4()}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": f"2026-01-{day:02}T00:00:00.000Z",
    }
    if stix_type == "indicator":
        found |= {
            "pattern": f"[ipv4-addr:value = '{value or unused_address()}']",
            "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z",
        }
    return found | extra
