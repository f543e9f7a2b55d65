"""Small JSON bodies, read by the same declaration that describes them in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.pointer import pointer

_TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], type, str], ...] = (
    (serializers.BooleanField, bool, "true or false"),
    (serializers.CharField, str, "a text"),
    (serializers.IntegerField, int, "a whole number"),
)
"""What JSON tells apart and REST framework does not: it reads 7 as "7", and "yes" as true (docs/adr/0020)."""
NAME_SHOWN = 40


class Shape(serializers.Serializer[None]):
    """A body that is read strictly: what is sent does something, or is told that it does not (docs/adr/0020).

    Names that are not declared and values of another type are refused.
    """

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Raises ValidationError with all that is wrong, by name."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("an object is expected", code="not_an_object")
        faults = self._strict(data)
        try:
            found: dict[str, Any] = super().to_internal_value(data)
        except serializers.ValidationError as error:
            faults = {**error.detail, **faults} if isinstance(error.detail, dict) else faults
        if faults:
            raise serializers.ValidationError(faults)
        return found

    def _strict(self, data: Mapping[str, Any]) -> dict[str, Any]:
        faults: dict[str, Any] = {}
        for name, value in data.items():
            field = self.fields.get(name)
            if field is None or field.read_only:
                faults[str(name)[:NAME_SHOWN]] = [ErrorDetail("there is no such field", code="unknown_field")]
                continue
            kind, word = next(((kind, word) for of, kind, word in _TYPES if isinstance(field, of)), (object, ""))
            if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
                faults[name] = [ErrorDetail(f"{word} is expected", code="invalid")]
        return faults


def read_shape(shape: type[Shape], request: Request) -> dict[str, Any]:
    """The body of a request. Raises Problem 422 with every fault and its place; `/` is the whole body."""
    body = shape(data=request.data)
    if not isinstance(request.data, Mapping):
        raise Problem(422, "not_an_object", "the body is a JSON object", where="/")
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
