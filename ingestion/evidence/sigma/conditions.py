"""From the condition of a rule, as pySigma parses it, to a function over events.

What cannot be evaluated in linear time, or is none of an event's, is refused with its reason: a rule is evaluated as it
is written, or not at all.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any, Final

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaString,
    SpecialChars,
)

from ingestion.evidence.sigma.events import Event
from ingestion.evidence.sigma.strings import MANY, ONE, Test, matcher

Condition = Callable[[Event], bool]
DEEPEST = 40
"""Levels of a condition."""
_WILD: Final = {SpecialChars.WILDCARD_MULTI: MANY, SpecialChars.WILDCARD_SINGLE: ONE}
_COMPARED: Final[dict[str, Callable[[float, float], bool]]] = {
    "LT": operator.lt, "LTE": operator.le, "GT": operator.gt, "GTE": operator.ge,
}  # fmt: skip


class UnsupportedError(Exception):
    """A rule that is not evaluated here; its text says why."""


def compiled(node: Any, depth: int = 0) -> Condition:
    """The condition as a function. Raises UnsupportedError."""
    if depth > DEEPEST:
        raise UnsupportedError("the condition is nested too deeply")
    if isinstance(node, ConditionAND | ConditionOR):
        parts = [compiled(each, depth + 1) for each in node.args]
        every = all if isinstance(node, ConditionAND) else any
        return lambda event: every(part(event) for part in parts)
    if isinstance(node, ConditionNOT):
        (part,) = (compiled(each, depth + 1) for each in node.args)
        return lambda event: not part(event)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _field(node.field, node.value)
    if isinstance(node, ConditionValueExpression):
        test = _word(node.value)
        return lambda event: test(event.whole)
    raise UnsupportedError(f"{type(node).__name__} is not evaluated")


def _field(name: str, value: Any) -> Condition:
    if isinstance(value, SigmaExpansion):
        parts = [_field(name, each) for each in value.values]
        return lambda event: any(part(event) for part in parts)
    if isinstance(value, SigmaNull):
        return lambda event: not any(event.values(name))
    if isinstance(value, SigmaExists):
        return lambda event: any(True for _said in event.values(name)) == value.exists
    if isinstance(value, SigmaFieldReference):
        return _reference(name, value)
    test = _test(value)
    return lambda event: any(map(test, event.values(name)))


def _reference(name: str, value: SigmaFieldReference) -> Condition:
    if value.starts_with or value.ends_with:
        raise UnsupportedError("parts of another field are not compared")
    return lambda event: (
        {each.lower() for each in event.values(name)} & {each.lower() for each in event.values(value.field)} != set()
    )


def _test(value: Any) -> Test:
    if isinstance(value, SigmaString):
        return matcher(_parts(value), cased=isinstance(value, SigmaCasedString))
    if isinstance(value, SigmaNumber):
        return lambda said: _number(said) == value.number
    if isinstance(value, SigmaBool):
        return lambda said: said.lower() == str(value).lower()
    if isinstance(value, SigmaCIDRExpression):
        return lambda said: _within(said, value.network)
    if isinstance(value, SigmaCompareExpression) and value.op.name in _COMPARED:
        compare, limit = _COMPARED[value.op.name], float(value.number.number)
        return lambda said: (number := _number(said)) is not None and compare(number, limit)
    raise UnsupportedError(f"{type(value).__name__} is not evaluated")


def _word(value: Any) -> Test:
    """A value without a field stands anywhere in the event."""
    if isinstance(value, SigmaString):
        return matcher([MANY, *_parts(value), MANY], cased=isinstance(value, SigmaCasedString))
    if isinstance(value, SigmaNumber):
        return matcher([MANY, str(value.number), MANY])
    raise UnsupportedError(f"{type(value).__name__} without a field is not evaluated")


def _parts(value: SigmaString) -> Sequence[object]:
    parts = [_WILD.get(part, part) if isinstance(part, SpecialChars) else part for part in value.s]
    if any(not isinstance(part, str) and part not in (MANY, ONE) for part in parts):
        raise UnsupportedError("a placeholder has no value here")
    return parts


def _number(said: str) -> float | None:
    try:
        return int(said, 16) if said[:2].lower() == "0x" else float(said)
    except ValueError:
        return None


def _within(said: str, network: Any) -> bool:
    try:
        address = ip_address(said.removeprefix("::ffff:"))
    except ValueError:
        return False
    return address.version == network.version and address in network
