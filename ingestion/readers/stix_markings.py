"""Which TLP and PAP a STIX object carries: by reference, by the definition referred to, or by label. Pure.

What carries a marking keeps it; what cannot be understood, or says two things, is refused with the reason and never
replaced by a default (domain.md, Marking).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.standard_objects import PAP_IDS, TLP_IDS

PREFIX = "marking-definition--"
# STIX 2.1 section 7.2.1.4: the four definitions of TLP 1.0, which are as old as STIX 2.0. TLP 2.0 has levels for all.
TLP_1_IDS = {
    TLP.CLEAR: "613f2e26-407d-48c7-9eca-b8e91df99dc9",
    TLP.GREEN: "34098fce-860f-48ae-8e50-ebd3cc5e41da",
    TLP.AMBER: "f88d31f6-486f-44da-b317-01333bde0b82",
    TLP.RED: "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
_PAP_WHITE = "a3bea94c-b469-41dc-9cfe-d6e7daba7730"  # OASIS's definition of the level that is called CLEAR now
_OPENCTI_AMBER_STRICT = "826578e1-40ad-459f-bc73-ede076f81f37"  # OpenCTI's own, older than TLP 2.0's
_KNOWN_TLP = {
    **{PREFIX + number: level for level, number in TLP_IDS.items()},
    **{PREFIX + number: level for level, number in TLP_1_IDS.items()},
    PREFIX + _OPENCTI_AMBER_STRICT: TLP.AMBER_STRICT,
}
_KNOWN_PAP = {**{PREFIX + number: level for level, number in PAP_IDS.items()}, PREFIX + _PAP_WHITE: PAP.CLEAR}


@dataclass(frozen=True, slots=True)
class Carried:
    """The marking that an object states; None for what it does not state."""

    tlp: TLP | None = None
    pap: PAP | None = None


@dataclass(slots=True)
class _Found:
    tlp: set[TLP]
    pap: set[PAP]


def references(document: Mapping[str, Any]) -> list[str]:
    """The marking definitions that an object refers to, as a whole (section 7.2.2) or in parts (section 7.2.3)."""
    found = list(_texts(document.get("object_marking_refs")))
    found += _texts([part.get("marking_ref") for part in _dicts(document.get("granular_markings"))])
    return list(dict.fromkeys(found))


def is_known(reference: str) -> bool:
    """Whether a reference is understood without its definition."""
    return reference in _KNOWN_TLP or reference in _KNOWN_PAP


def carried_by(document: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> Carried:
    """The marking of an object; `definitions` are the definitions at hand, by id.

    A part that is marked (section 7.2.3) marks the whole: what a value is cannot be shared without its parts.
    Raises Refusal: `unknown_marking`, `conflicting_markings`, `unknown_tlp`, `unknown_pap`.
    """
    levels = _levels_of(document, definitions)
    for name, found in (("TLP", levels.tlp), ("PAP", levels.pap)):
        if len(found) > 1:
            said = ", ".join(sorted(level.label for level in found))
            raise Refusal("conflicting_markings", f"the object states more than one {name}: {said}")
    return Carried(tlp=next(iter(levels.tlp), None), pap=next(iter(levels.pap), None))


def mentions_red(document: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether anything in the object says TLP:RED, however little the rest is understood."""
    for reference in references(document):
        found = _Found(set(), set())
        try:
            _read_reference(reference, definitions, found)
        except Refusal:
            continue
        if TLP.RED in found.tlp:
            return True
    return any(label.strip().upper().replace(" ", "") == "TLP:RED" for label in _texts(document.get("labels")))


def is_marking_label(label: str) -> bool:
    """Whether a label is a marking (`PAP:GREEN`, `tlp:amber`) and not a tag."""
    return label.strip().upper().startswith(("TLP:", "PAP:"))


def _levels_of(document: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> _Found:
    found = _Found(set(), set())
    for reference in references(document):
        _read_reference(reference, definitions, found)
    for label in _texts(document.get("labels")):
        if is_marking_label(label):
            _read_label(label, found)
    return found


def _read_label(label: str, found: _Found) -> None:
    if label.strip().upper().startswith("TLP:"):
        found.tlp.add(TLP.parse(label))
    else:
        found.pap.add(PAP.parse(label))


def _read_reference(reference: str, definitions: Mapping[str, Mapping[str, Any]], found: _Found) -> None:
    if reference in _KNOWN_TLP:
        found.tlp.add(_KNOWN_TLP[reference])
    elif reference in _KNOWN_PAP:
        found.pap.add(_KNOWN_PAP[reference])
    elif reference in definitions:
        _read_definition(definitions[reference], found)
    else:
        detail = f"{reference[:80]!r} is a marking that is neither known here nor defined in the collection"
        raise Refusal("unknown_marking", detail)


def _read_definition(definition: Mapping[str, Any], found: _Found) -> None:
    """A definition of another platform: its extension, its `definition`, or its name says the level."""
    if (labels := _labels_in(definition)) is None:
        return
    for label in labels:
        _read_label(label, found)
    if not labels:
        raise Refusal("unknown_marking", f"the marking {str(definition.get('name'))[:80]!r} is no TLP and no PAP")


def _labels_in(definition: Mapping[str, Any]) -> list[str] | None:
    """`TLP:…` and `PAP:…` as the definition says them; None for a statement, which limits nobody's reading."""
    kind = definition.get("definition_type")
    if kind == "statement":
        return None
    found = []
    for extension in _dicts(_values(definition.get("extensions"))):
        found += [f"TLP:{text}" for text in _texts([extension.get("tlp_2_0")])]
        found += [f"PAP:{text}" for text in _texts([extension.get("pap")])]
    content = definition.get("definition")
    if not found and isinstance(kind, str) and isinstance(content, dict) and kind.upper() in {"TLP", "PAP"}:
        # STIX 2.0's form; OpenCTI writes `{"pap": "pap:green"}` in it.
        texts = _texts([content.get(kind), content.get(kind.lower())])
        found += [text if is_marking_label(text) else f"{kind.upper()}:{text}" for text in dict.fromkeys(texts)]
    name = definition.get("name")
    if not found and isinstance(name, str) and is_marking_label(name):
        found.append(name)
    return found


def _texts(value: Any) -> Iterable[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []
