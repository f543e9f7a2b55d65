"""STIX 2.1 bundle: every object of the viewer's collections, as published, with markings and identity.

Expired and withdrawn objects stay in it: they are what tells a consumer to drop what it has.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Mode, ObjectFormat, fetch, formats
from sharing.feeds.items import Meta


class Stix(ObjectFormat):
    """`{"type": "bundle", "id": …, "objects": […]}` (STIX 2.1 section 8)."""

    name = "stix"
    label = "STIX 2.1"
    media_type = "application/stix+json;version=2.1"
    extension = "json"
    mode = Mode.DETECT
    accepts = frozenset(Trait)
    separator = b",\n"
    recipes = (fetch("curl"),)

    def header(self, meta: Meta) -> bytes:
        """The bundle up to its objects; `objects` is left out of an empty one, as the standard asks."""
        number = UUID(bytes=hashlib.sha256(meta.content).digest()[:16], version=4)
        head = f'{{"type":"bundle","id":"bundle--{number}"'.encode()
        return head + b',"objects":[' if meta.count else head

    def footer(self, meta: Meta) -> bytes:
        """Its end."""
        return b"]}" if meta.count else b"}"


formats.register(Stix())
