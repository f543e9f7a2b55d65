"""What an object must be so that it can be stored, found and named: little, since it is kept as it came. Pure.

Everything else that STIX 2.1 asks of its types is between the author of an object and its readers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard
from uuid import UUID

from ingestion.readers.stix import timestamp
from iocmarket.kernel.decision import Refusal

DEEPEST = 64
"""Levels of nesting in one object; readers of others recurse into them."""
LONGEST_STAMP = 40
"""Characters of a timestamp: microseconds need 27."""
_ID = re.compile(r"([a-z0-9][a-z0-9-]{1,248}[a-z0-9])--([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})", re.ASCII)
# STIX 2.1 section 6: objects of observation have neither author nor time, hence no versions.
_OBSERVABLES = frozenset(
    [
        "artifact",
        "autonomous-system",
        "directory",
        "domain-name",
        "email-addr",
        "email-message",
        "file",
        "ipv4-addr",
        "ipv6-addr",
        "mac-addr",
        "mutex",
        "network-traffic",
        "process",
        "software",
        "url",
        "user-account",
        "windows-registry-key",
        "x509-certificate",
    ]
)
# Sections 4, 5 and 7: these have `created` and `modified`, the marking definition has `created` alone.
_VERSIONED = frozenset(
    [
        "attack-pattern",
        "campaign",
        "course-of-action",
        "grouping",
        "identity",
        "incident",
        "indicator",
        "infrastructure",
        "intrusion-set",
        "location",
        "malware",
        "malware-analysis",
        "note",
        "observed-data",
        "opinion",
        "report",
        "threat-actor",
        "tool",
        "vulnerability",
        "relationship",
        "sighting",
        "language-content",
        "extension-definition",
    ]
)
# What the types that are read here cannot do without.
_REQUIRED = {
    "indicator": ("pattern", "pattern_type", "valid_from"),
    "sighting": ("sighting_of_ref",),
    "relationship": ("relationship_type", "source_ref", "target_ref"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """The name and the version of an object. Without a version (`moment` None) there is one of it."""

    stix_type: str
    stix_id: UUID
    moment: datetime | None
    stamp: str

    @property
    def id(self) -> str:
        """As STIX writes it."""
        return f"{self.stix_type}--{self.stix_id}"


def is_named(document: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a status can name it: an object with an id of the right form (section 2.9)."""
    return isinstance(document, dict) and isinstance(found := document.get("id"), str) and bool(_ID.fullmatch(found))


def check(document: Mapping[str, Any]) -> Named:
    """The name and version of an object that `is_named`. Raises Refusal for one that cannot be stored."""
    match = _ID.fullmatch(document["id"])
    if match is None:
        raise Refusal("no_id", "the object has no id of the form type--UUID")
    stix_type, number = match.groups()
    if document.get("type") != stix_type:
        raise Refusal("bad_type", f"the id begins with {stix_type!r}, but the type is another one")
    if stix_type == "bundle":
        raise Refusal("bad_type", "a bundle is no object of a collection: send what is in it")
    if is_nested_too_deeply(document):
        raise Refusal("too_deep", f"the object is nested deeper than {DEEPEST} levels")
    if stix_type == "user-account" and document.get("credential"):
        raise Refusal("credential", "an account with its password: passwords are not stored here, send it without")
    _check_spec_version(stix_type, document)
    for name in _REQUIRED.get(stix_type, ()):
        if not isinstance(document.get(name), str) or not document[name]:
            raise Refusal("property_missing", f"a {stix_type} has the property {name}, a text")
    moment, stamp = _version(stix_type, document)
    return Named(stix_type, UUID(number), moment, stamp)


def version_said(document: Mapping[str, Any]) -> str:
    """What an object that is refused says of its version; empty when that is no timestamp."""
    said = document.get("modified", document.get("created"))
    return str(said) if isinstance(said, str) and len(said) <= LONGEST_STAMP and timestamp(said) else ""


def is_nested_too_deeply(document: Mapping[str, Any]) -> bool:
    """Whether an object has more than DEEPEST levels."""
    level: list[Any] = [document]
    for _depth in range(DEEPEST):
        level = [
            item
            for node in level
            for item in (node.values() if isinstance(node, dict) else node)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return False
    return True


def _check_spec_version(stix_type: str, document: Mapping[str, Any]) -> None:
    said = document.get("spec_version")
    optional = stix_type not in _VERSIONED and stix_type != "marking-definition"
    if said != "2.1" and not (said is None and optional):
        raise Refusal("spec_version", "this collection takes STIX 2.1: spec_version is 2.1")


def _version(stix_type: str, document: Mapping[str, Any]) -> tuple[datetime | None, str]:
    """TAXII 2.1 section 3.4.1: `modified`, else `created`, else none (the moment of arrival)."""
    if stix_type in _OBSERVABLES:
        return None, ""
    created = _moment(document, "created", needed=stix_type in _VERSIONED or stix_type == "marking-definition")
    modified = _moment(document, "modified", needed=stix_type in _VERSIONED)
    if created is not None and modified is not None and modified < created:
        raise Refusal("dates_out_of_order", "modified lies before created")
    if modified is not None:
        return modified, str(document["modified"])
    return created, str(document["created"]) if created else ""


def _moment(document: Mapping[str, Any], name: str, *, needed: bool) -> datetime | None:
    text = document.get(name)
    if text is None and not needed:
        return None
    moment = timestamp(text) if isinstance(text, str) and len(text) <= LONGEST_STAMP else None
    if moment is None:
        raise Refusal("bad_timestamp", f"{name} is a timestamp such as 2026-01-31T08:00:00.000Z")
    return moment
