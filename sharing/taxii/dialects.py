"""Answers in the form that one tool needs, for tokens that were made with its card. Everybody else gets the standard.

- `elastic`: its collector maps over `objects` and fails without them, so an empty page has an empty list, which section
  2 forbids.
- `xsoar`: its reader knows the markings of TLP 1.0 by their ids and no others, so these stand beside those of TLP 2.0,
  and their definitions beside the others. TLP 1.0 has no AMBER+STRICT: what carries that has no older id.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson

from ingestion.readers.stix_markings import PREFIX, TLP_1_IDS
from iocmarket.kernel.clock import stamp
from iocmarket.kernel.marking import TLP
from iocmarket.publication.standard_objects import TLP_IDS
from sharing.taxii.media import STIX
from sharing.taxii.pages import OBJECTS, Shape, manifest_of
from sharing.taxii.sources import Source

ELASTIC = "elastic"
XSOAR = "xsoar"
_CREATED = "2017-01-20T00:00:00.000Z"  # STIX 2.1 section 7.2.1.4
_NAMES = {TLP.CLEAR: "white", TLP.GREEN: "green", TLP.AMBER: "amber", TLP.RED: "red"}
_OLDER = {UUID(TLP_IDS[level]): PREFIX + number for level, number in TLP_1_IDS.items()}
"""The id of TLP 1.0 for each id of TLP 2.0."""
_REFS = {f"{PREFIX}{number}": older for number, older in _OLDER.items()}
_DEFINITIONS = {
    PREFIX + TLP_1_IDS[level]: orjson.dumps(
        {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": PREFIX + TLP_1_IDS[level],
            "created": _CREATED,
            "definition_type": "tlp",
            "name": f"TLP:{name.upper()}",
            "definition": {"tlp": name},
        }
    )
    for level, name in _NAMES.items()
}


def objects_for(tool: str, source: Source, limit: int) -> Shape:
    """How pages of objects are written for a token of this tool."""
    if tool == ELASTIC:
        return replace(OBJECTS, empty=True)
    if tool == XSOAR and source.rendered:
        columns = ("body", "stix_type", "stix_id")
        # On a page of one object there is no room for a second.
        return Shape("objects", columns, _with_older if limit > 1 else _marked, _weight if limit > 1 else None)
    return OBJECTS


def manifest_for(tool: str, source: Source, limit: int) -> Shape:
    """The manifest that belongs to these pages."""
    shape = manifest_of(source)
    if tool == XSOAR and source.rendered and limit > 1:
        return replace(
            shape, write=lambda row: b",".join((*_older_record(row), shape.write(row))), weigh=_weight_record
        )
    return shape


def _weight(row: tuple[Any, ...]) -> int:
    return 2 if row[3] in _OLDER else 1


def _weight_record(row: tuple[Any, ...]) -> int:
    return 2 if row[2] in _OLDER else 1


def _with_older(row: tuple[Any, ...]) -> bytes:
    older = _OLDER.get(row[3])
    return _marked(row) if older is None else _DEFINITIONS[older] + b"," + bytes(row[1])


def _marked(row: tuple[Any, ...]) -> bytes:
    """The object with the older markings beside its own."""
    document = orjson.loads(row[1])
    if refs := document.get("object_marking_refs"):
        document["object_marking_refs"] = [*refs, *(_REFS[ref] for ref in refs if ref in _REFS)]
    return orjson.dumps(document)


def _older_record(row: tuple[Any, ...]) -> tuple[bytes, ...]:
    older = _OLDER.get(row[2])
    if older is None:
        return ()
    record = {"id": older, "date_added": stamp(row[0]), "version": _CREATED, "media_type": STIX}
    return (orjson.dumps(record),)
