"""The STIX objects that every collection carries beside its indicators: the community's identity and the markings.

The ids, dates and extension ids of the TLP 2.0 and PAP marking definitions are OASIS's (common objects repository):
clients recognise them by id.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

from iocmarket.kernel.clock import stamp
from iocmarket.kernel.marking import PAP, TLP, Marking

TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
PAP_EXTENSION = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"
DEFINED = datetime(2022, 10, 1, tzinfo=UTC)

TLP_IDS = {
    TLP.CLEAR: "94868c89-83c2-464b-929b-a1a8aa3c8487",
    TLP.GREEN: "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    TLP.AMBER: "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    TLP.AMBER_STRICT: "939a9414-2ddd-4d32-a0cd-375ea402b003",
    TLP.RED: "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
PAP_IDS = {
    PAP.CLEAR: "ad15a0cd-55b6-4588-a14c-a66105329b92",
    PAP.GREEN: "c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
    PAP.AMBER: "60f8932b-e51e-4458-b265-a2e8be9a80ab",
    PAP.RED: "740d36e5-7714-4c30-961a-3ae632ceee0e",
}


def marking_refs(marking: Marking) -> list[str]:
    """The `object_marking_refs` of a statement so marked."""
    return [f"marking-definition--{TLP_IDS[marking.tlp]}", f"marking-definition--{PAP_IDS[marking.pap]}"]


def tlp_definition(level: TLP) -> dict[str, Any]:
    """The OASIS marking definition of a TLP 2.0 level."""
    return _definition(TLP_IDS[level], f"TLP:{level.label}", TLP_EXTENSION, "tlp_2_0", level.label.lower())


def pap_definition(level: PAP) -> dict[str, Any]:
    """The OASIS marking definition of a PAP level."""
    return _definition(PAP_IDS[level], f"PAP:{level.label}", PAP_EXTENSION, "pap", level.label.lower())


def _definition(object_id: str, name: str, extension: str, key: str, value: str) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{object_id}",
        "created": "2022-10-01T00:00:00.000Z",
        "name": name,
        "extensions": {extension: {"extension_type": "property-extension", key: value}},
    }


def community_identity_id(public_url: str) -> uuid.UUID:
    """The community's identity: one for a platform, so that every version of every object has the same creator.

    A UUIDv4 in form, as STIX 2.1 section 2.9 asks of domain objects; its bits come from the platform's address.
    """
    return uuid.UUID(bytes=hashlib.sha256(f"{public_url}#community".encode()).digest()[:16], version=4)


def community_identity(public_url: str, name: str) -> dict[str, Any]:
    """The `identity` object that derived indicators name as their creator.

    STIX 2.1 section 3.6.2: only the creator of an object may publish a new version of it. An entry speaks for several
    institutions over its life, so its creator is the community from the first version on (ADR 0011).
    """
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{community_identity_id(public_url)}",
        "created": stamp(DEFINED),
        "modified": stamp(DEFINED),
        "name": name,
        "description": "The community whose members share these indicators; each object speaks for those it names.",
        "identity_class": "group",
    }


def standard_objects(ceiling: Marking, *, public_url: str, name: str) -> list[dict[str, Any]]:
    """What a new view holds before its first indicator: only markings that it may carry."""
    found = [community_identity(public_url, name)]
    found += [tlp_definition(level) for level in TLP if level <= ceiling.tlp]
    found += [pap_definition(level) for level in PAP if level <= ceiling.pap]
    return found
