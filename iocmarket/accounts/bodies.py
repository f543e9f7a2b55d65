"""Small bodies of the API: named fields, no other, of one type each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from iocmarket.api.problems import Problem

T = TypeVar("T", str, bool)
TEXT_MAX = 2000


def one_field(data: object, name: str, kind: type[T]) -> T:
    """The field of a body that has just this one. Raises Problem (422): `bad_body`, `nul_character`, `too_long`."""
    return fields(data, {name: kind})[name]


def fields(data: object, wanted: Mapping[str, type[T]]) -> dict[str, T]:
    """The fields of a body that has all of these and no other, so that nothing is assigned that nobody reads."""
    if not isinstance(data, Mapping):
        raise Problem(422, "bad_body", "the body is an object", where="")
    for name in data:
        if name not in wanted:
            raise Problem(422, "unknown_field", f"there is no field {str(name)[:40]!r}", where=f"/{str(name)[:40]}")
    return {name: _read(data.get(name), name, kind) for name, kind in wanted.items()}


def _read(value: object, name: str, kind: type[T]) -> T:
    if not isinstance(value, kind):
        word = "a text" if kind is str else "true or false"
        raise Problem(422, "bad_body", f"{name} is {word}", where=f"/{name}")
    if isinstance(value, str):
        if "\x00" in value:
            raise Problem(422, "nul_character", "the text contains a NUL character", where=f"/{name}")
        if len(value) > TEXT_MAX:
            raise Problem(422, "too_long", f"{name} has at most {TEXT_MAX} characters", where=f"/{name}")
    return value
