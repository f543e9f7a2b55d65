"""The description of the API as a page: read from the same OpenAPI document that `/api/v1/schema` serves.

The document is English; around it the page speaks the reader's language. No script of others draws it: the content
security policy allows none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")
_REF = "#/components/schemas/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A parameter or a property."""

    name: str
    kind: str
    text: str
    required: bool = False
    links_to: str = ""
    """The schema that describes it, if one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: its status, and what it holds."""

    status: int
    phrase: str
    holds: str
    links_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path."""

    name: str
    method: str
    path: str
    text: str
    parameters: list[Field]
    bodies: list[Field]
    answers: list[Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One named object of the document."""

    name: str
    text: str
    fields: list[Field]
    values: list[str]

    @property
    def is_told(self) -> bool:
        """Whether any of its fields is explained."""
        return any(field.text for field in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDocs:
    """The whole page."""

    version: str
    operations: list[Operation]
    shapes: list[Shape]


@cache
def api_docs() -> ApiDocs:
    """Built once in each process: the document follows from the code alone."""
    with translation.override("en"):
        document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return read_document(document)


def read_document(document: Mapping[str, Any]) -> ApiDocs:
    """The parts of an OpenAPI 3.1 document that a reader needs, in the order of the paths."""
    operations = [
        _operation(path, method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
    shapes = [_shape(name, schema) for name, schema in document.get("components", {}).get("schemas", {}).items()]
    return ApiDocs(version=str(document["info"]["version"]), operations=operations, shapes=shapes)


def _operation(path: str, method: str, told: Mapping[str, Any]) -> Operation:
    parameters = [
        _field(each["name"], each.get("schema", {}), text=each.get("description", ""), required=each.get("required"))
        for each in told.get("parameters", [])
    ]
    body = told.get("requestBody", {})
    return Operation(
        name=told["operationId"],
        method=method.upper(),
        path=path,
        text=told.get("description", ""),
        parameters=_gathered(parameters),
        bodies=[_field(media, each.get("schema", {})) for media, each in body.get("content", {}).items()],
        answers=[_answer(status, each) for status, each in told["responses"].items()],
    )


def _gathered(fields: Iterable[Field]) -> list[Field]:
    """Parameters of which the same is said stand on one line."""
    found: dict[tuple[str, str, bool], list[Field]] = {}
    for field in fields:
        found.setdefault((field.kind, field.text, field.required), []).append(field)
    return [
        Field(name=", ".join(each.name for each in same), kind=kind, text=text, required=required)
        for (kind, text, required), same in found.items()
    ]


def _answer(status: str, told: Mapping[str, Any]) -> Answer:
    contents: Mapping[str, Any] = told.get("content", {})
    media = next(iter(contents), "")
    link = _linked(contents[media].get("schema", {})) if media else ""
    return Answer(status=int(status), phrase=HTTPStatus(int(status)).phrase, holds=link or media, links_to=link)


def _shape(name: str, schema: Mapping[str, Any]) -> Shape:
    required = set(schema.get("required", []))
    fields = [
        _field(key, each, text=each.get("description", ""), required=key in required)
        for key, each in schema.get("properties", {}).items()
    ]
    return Shape(
        name=name,
        text=schema.get("description", "") if fields else "",
        fields=fields,
        values=[str(value) for value in schema.get("enum", [])],
    )


def _field(name: str, schema: Mapping[str, Any], *, text: str = "", required: bool | None = False) -> Field:
    link = _linked(schema)
    return Field(name=name, kind=_kind(schema), text=text, required=bool(required), links_to=link)


def _kind(schema: Mapping[str, Any]) -> str:
    if link := _linked(schema):
        return f"{link}[]" if schema.get("type") == "array" else link
    kind = schema.get("type", "any")
    names = [kind] if isinstance(kind, str) else list(kind)
    if "array" in names:
        names[names.index("array")] = f"{_kind(schema.get('items', {}))}[]"
    if (form := schema.get("format")) and "string" in names:
        names[names.index("string")] = str(form)
    return " | ".join(names)


def _linked(schema: Mapping[str, Any]) -> str:
    """The name of the schema that this one points to, also as the item of an array or one of several choices."""
    choices = [schema, schema.get("items", {}), *schema.get("allOf", []), *schema.get("oneOf", [])]
    refs = [each["$ref"].removeprefix(_REF) for each in choices if isinstance(each, Mapping) and "$ref" in each]
    return str(refs[0]) if refs else ""
