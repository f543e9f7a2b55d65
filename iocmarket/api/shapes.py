"""Small JSON bodies, read by the same declaration that describes them in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.pointer import pointer


class Shape(serializers.Serializer[None]):
    """A body in which a name that nobody knows is refused: what is sent does something, or is told that it does not."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """As always, and nothing that is not declared. Raises ValidationError."""
        known = {name for name, field in self.fields.items() if not field.read_only}
        if isinstance(data, dict) and (unknown := sorted(set(data) - known)):
            raise serializers.ValidationError({unknown[0][:40]: ["there is no such field"]}, code="unknown_field")
        found: dict[str, Any] = super().to_internal_value(data)
        return found


def read_shape(shape: type[Shape], request: Request) -> dict[str, Any]:
    """The body of a request. Raises Problem 422 with every fault and its place."""
    body = shape(data=request.data)
    if not body.is_valid():
        raise Problem.of_all(list(_faults(body.errors, ())))
    found: dict[str, Any] = body.validated_data
    return found


def _faults(errors: Any, where: tuple[str | int, ...]) -> Iterator[Refusal]:
    """Faults stand in lists, at the end of a path of names and numbers."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from _faults(inner, where if name == "non_field_errors" else (*where, name))
    elif isinstance(errors, list) and any(isinstance(inner, dict | list) for inner in errors):
        for number, inner in enumerate(errors):
            yield from _faults(inner, (*where, number))
    else:
        for said in errors if isinstance(errors, list) else [errors]:
            yield Refusal(getattr(said, "code", "invalid"), str(said), where=pointer(*where))
