"""The STIX 2.1 body of an entry, rendered once, at publication. Pure: facts in, bytes out.

Nothing in a body changes with time alone: `confidence` is undecayed, decay is expressed by `valid_until`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from iocmarket.indicators.threats import VOCABULARY
from iocmarket.indicators.types import IocType, ioc_types
from iocmarket.kernel.clock import MICROSECOND, stamp
from iocmarket.kernel.marking import PAP, Marking
from iocmarket.publication.facts import Facts
from iocmarket.publication.standard_objects import marking_refs

LABEL_EXPIRED = "iocmarket:expired"
LABEL_WITHDRAWN = "iocmarket:withdrawn"
LABEL_ERASED = "iocmarket:erased"
LABEL_CONTESTED = "iocmarket:contested"
LABEL_SUBTREE = "iocmarket:subtree"
STATEMENTS_SHOWN = 10


def indicator_content(facts: Facts, *, creator: str) -> dict[str, Any]:
    """The indicator without what the entry adds (`body_of`): what decides whether there is a new version."""
    kind = ioc_types[facts.type]
    return {
        "created_by_ref": creator,
        "name": kind.title(facts.value),
        "description": _description(facts),
        "indicator_types": _indicator_types(facts.threat_types),
        "pattern": kind.pattern(facts.value, subtree=facts.subtree),
        **language(kind.pattern_type),
        "valid_from": _stamp(facts.first_seen),
        "valid_until": _stamp(facts.valid_until),
        "confidence": facts.confidence,
        "labels": _labels(facts),
        "object_marking_refs": _marking_refs(facts.marking),
    }


class Mould(NamedTuple):
    """A written content (`indicator_content`) but for its value.

    What is submitted together says the same of many values: that is worked out and written once.
    """

    kind: IocType
    subtree: bool
    before: bytes
    between: bytes
    after: bytes

    @classmethod
    def of(cls, facts: Facts, *, creator: str) -> Mould:
        """The mould from which every value of which these facts hold is cast."""
        content = indicator_content(facts, creator=creator)
        parts: list[dict[str, Any]] = [{}]
        for name, said in content.items():
            if name in _OF_THE_VALUE:
                parts.append({})
            else:
                parts[-1][name] = said
        before, between, after = [written(part)[1:-1] for part in parts]
        return cls(
            ioc_types[facts.type], facts.subtree,
            b"{" + before + b',"name":', b"," + between + b',"pattern":', b"," + after + b"}",
        )  # fmt: skip

    def cast(self, value: str) -> bytes:
        """The written content for a value."""
        pattern = self.kind.pattern(value, subtree=self.subtree)
        named = orjson.dumps(self.kind.title(value))
        return b"".join((self.before, named, self.between, orjson.dumps(pattern), self.after))


_OF_THE_VALUE = ("name", "pattern")


def language(pattern_type: str) -> dict[str, str]:
    """What an indicator says of the language of its pattern; only STIX's own has a version (section 4.7)."""
    return {"pattern_type": pattern_type} | ({"pattern_version": "2.1"} if pattern_type == "stix" else {})


def withdrawn_content(
    *, pattern: str, pattern_type: str = "stix", valid_from: datetime, at: datetime, marking: Marking, creator: str
) -> dict[str, Any]:
    """The last version of a withdrawn entry: what tells a consumer to drop it, and nothing that was said of it."""
    return {
        "created_by_ref": creator,
        "name": "withdrawn",
        "description": "Withdrawn by those who shared it.",
        "indicator_types": ["unknown"],
        "pattern": pattern,
        **language(pattern_type),
        "valid_from": stamp(valid_from),
        "valid_until": stamp(max(at, valid_from + MICROSECOND)),
        "labels": [LABEL_WITHDRAWN],
        "object_marking_refs": marking_refs(marking),
    }


def written(content: Mapping[str, Any]) -> bytes:
    """A content as JSON. Its keys have one order each time, so equal contents are equal bytes."""
    return orjson.dumps(content)


def digest_of(text: bytes) -> bytes:
    """Sixteen bytes that are equal for equal written contents."""
    return hashlib.blake2b(text, digest_size=16).digest()


def body_of(kind: str, text: bytes, *, stix_id: UUID | str, created: datetime, modified: datetime) -> bytes:
    """The object as it is served: what the entry adds, then the written content without its opening brace."""
    first = stamp(created)
    last = first if modified is created else stamp(modified)
    head = f'{{"type":"{kind}","spec_version":"2.1","id":"{kind}--{stix_id}","created":"{first}","modified":"{last}",'
    return head.encode() + text[1:]


# Few combinations exist, and what was submitted together was seen together. Callers do not change what they get.
_marking_refs = cache(marking_refs)
_stamp = lru_cache(maxsize=4096)(stamp)


@lru_cache(maxsize=4096)
def _indicator_types(threat_types: tuple[str, ...]) -> list[str]:
    return sorted({VOCABULARY[threat].stix for threat in threat_types})


@lru_cache(maxsize=4096)
def _threat_labels(threat_types: tuple[str, ...], pap: PAP) -> tuple[str, ...]:
    taxonomy = sorted({VOCABULARY[threat].rsit for threat in threat_types})
    return (*threat_types, *taxonomy, f"PAP:{pap.label}")


def _labels(facts: Facts) -> list[str]:
    labels = list(_threat_labels(facts.threat_types, facts.marking.pap))
    labels += [tag for tag in facts.tags if tag not in labels]
    if facts.subtree:
        labels.append(LABEL_SUBTREE)
    if facts.contesting:
        labels.append(LABEL_CONTESTED)
    if facts.expired:
        labels.append(LABEL_EXPIRED)
    return labels


def _description(facts: Facts) -> str:
    lines = [
        f"{said.who}: {said.threat_type}, confidence {said.confidence}" + (f". {said.comment}" if said.comment else "")
        for said in facts.statements[:STATEMENTS_SHOWN]
    ]
    if (rest := len(facts.statements) - STATEMENTS_SHOWN) > 0:
        lines.append(f"and {rest} more")
    # Reports enter the score, and a score that changed must be a new version: so they are told, by their number.
    if facts.contesting:
        lines.append(f"reported as a false positive by {_institutions(facts.contesting)}")
    if facts.gone:
        lines.append(f"reported as no longer active by {_institutions(facts.gone)}")
    return "\n".join(lines)


def _institutions(count: int) -> str:
    return "1 institution" if count == 1 else f"{count} institutions"
