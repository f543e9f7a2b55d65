"""Small bodies are read exactly: by name, by type, all faults at once, each with its place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from rest_framework import serializers
from rest_framework.request import Request

from iocmarket.api.problems import Problem
from iocmarket.api.shapes import Shape, read_shape


class Inner(Shape):
    """A part of the body."""

    count = serializers.IntegerField()


class Body(Shape):
    """One field of each type."""

    name = serializers.CharField(max_length=5)
    sure = serializers.BooleanField(required=False)
    hours = serializers.IntegerField(required=False, allow_null=True)
    part = Inner(required=False)


def read(data: Any) -> dict[str, Any]:
    return read_shape(Body, cast("Request", SimpleNamespace(data=data)))


def faults(data: Any) -> list[tuple[str, str]]:
    """Where and which, of every fault."""
    with pytest.raises(Problem) as refused:
        read(data)
    assert refused.value.status_code == 422
    listed = cast("list[dict[str, str]]", refused.value.extra.get("errors", []))
    if listed:
        assert (listed[0]["where"], listed[0]["code"]) == (refused.value.where, refused.value.code)
    return [(fault["where"], fault["code"]) for fault in listed] or [(refused.value.where, refused.value.code)]


def test_what_is_declared_is_read() -> None:
    said = {"name": "a", "sure": False, "hours": None, "part": {"count": 3}}
    assert read(said) == said
    assert read({"name": "a"}) == {"name": "a"}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ([], [("/", "not_an_object")]),
        ("x", [("/", "not_an_object")]),
        (None, [("/", "not_an_object")]),
        ({}, [("/name", "required")]),
        ({"name": 7}, [("/name", "invalid")]),
        ({"name": True}, [("/name", "invalid")]),
        ({"name": None}, [("/name", "null")]),
        ({"name": "a", "sure": "yes"}, [("/sure", "invalid")]),
        ({"name": "a", "sure": 1}, [("/sure", "invalid")]),
        ({"name": "a", "hours": "3"}, [("/hours", "invalid")]),
        ({"name": "a", "hours": True}, [("/hours", "invalid")]),
        ({"name": "a", "hours": 1.5}, [("/hours", "invalid")]),
        ({"name": "a\x00"}, [("/name", "null_characters_not_allowed")]),
        ({"name": "a", "part": []}, [("/part", "not_an_object")]),
        ({"name": "a", "part": {"count": 1, "more": 1}}, [("/part/more", "unknown_field")]),
        ({"name": "a", "x/y": 1}, [("/x~1y", "unknown_field")]),
        ({"name": "abcdef", "role": 1, "is_staff": 1}, [
            ("/is_staff", "unknown_field"), ("/name", "max_length"), ("/role", "unknown_field"),
        ]),
    ],
)  # fmt: skip
def test_everything_else_is_refused_with_its_place(body: Any, found: list[tuple[str, str]]) -> None:
    assert sorted(faults(body)) == found
