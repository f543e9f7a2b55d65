"""JSON of tools that have no reader of their own: a list of values, or of objects with fields that are known. Pure.

The list is the document itself or stands in a field of it (`data`, `indicators`, …); or the document has a field for
each kind (`{"domains": […], "ips": […]}`). Names of fields are read as headings of a table (headings.py, tables.py),
with the same care: what may limit the sharing is never passed over, in whatever depth it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ingestion.readers import credentials
from ingestion.readers.base import Row
from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, document_in, file_readers
from ingestion.readers.headings import UNKNOWN, folded, holds_values, may_limit, role_of, roles_of
from ingestion.readers.tables import MOST_COLUMNS, Layout, Line, rows
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.pointer import pointer

LISTS = frozenset(
    {
        "data", "entries", "indicateurs", "indicators", "iocs", "items", "objects", "observables", "records", "results",
        "rows",
    }
)  # fmt: skip
"""Fields of a document that hold its list, folded."""
OF_ALL = frozenset({"tlp", "pap", "marking", "audience", "recipients", "circle", "anonymous", "valid_until"})
"""What a document may say beside its list, for each object that says nothing itself."""
_LIMITS = OF_ALL - {"valid_until"}
_OURS = frozenset({"defaults", "report", "text"})
"""Fields of the API's own document, which is read elsewhere: here they would be lost."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FIRST = re.compile(r'\s*+(?:\[\s*+(?:"|\{\s*+")|\{\s*+")')
_NAMES = re.compile(r'"([^"\\]{1,60})"\s*+:\s*+(\[?)')
_NEXT_LINE = re.compile(r"\}[ \t]*+\r?\n\s*+\{")


class JsonRows(FileReader):
    """`["evil[.]fr"]`, `{"data": [{"ioc": "evil[.]fr", "tlp": "GREEN"}]}`."""

    name: ClassVar[str] = "json"
    carriers: ClassVar[tuple[str, ...]] = ("application/json",)
    size_max: ClassVar[int] = 16 * MIB

    def is_mine(self, head: bytes) -> bool:
        """A document of JSON with a list that is read here, and that no other reader knows for its own."""
        text = head.decode("utf-8-sig", "replace")
        first = _FIRST.match(text)
        if first is None or _NEXT_LINE.search(text) is not None:
            return False
        if not first[0].endswith('["') and not any(map(_is_promising, _NAMES.findall(text))):
            return False
        return not any(other.is_mine(head) for other in file_readers if other is not self)

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Raises Problem 400 for what is no JSON, Refusal with a JSON Pointer: `unknown_shape`, those of a table."""
        del context
        document = document_in(source)
        place, items, said = _list_in(document)
        objects = [(number, _object_of(item)) for number, item in enumerate(items, start=1)]
        names = list(dict.fromkeys(name for _number, found in objects if found is not None for name in found))
        if len(names) > MOST_COLUMNS:
            raise Refusal("unknown_shape", f"objects of at most {MOST_COLUMNS} fields are read", where=place or "/")
        if _is_of_accounts(names):
            return Opened([Row(number, {}, "…", credentials.refusal()) for number, _found in objects])
        for number, found in objects:
            _refuse_hidden_limits(found, "" if items == [document] else f"{place}/{number - 1}")
        said = {next((held for held in names if _role(held) == _role(name)), name): said[name] for name in said}
        names = list(dict.fromkeys([*names, *said]))
        titles = tuple(map(_title, names))
        layout = Layout(titles, roles_of(titles))
        if objects and (fault := layout.fault()) is not None:
            raise Refusal(fault.code, fault.detail, where=place or "/")
        return Opened(_rows(objects, names, said, layout))


def _is_promising(found: tuple[str, str]) -> bool:
    """Whether a field near the beginning of a file makes it one with values: a list of them, or one itself."""
    name, opening = found
    return holds_values(_role(name)) or (bool(opening) and folded(name) in LISTS)


def _list_in(document: Any) -> tuple[str, Sequence[Any], Mapping[str, Any]]:
    """Where the list stands, the list, and what the document says beside it. Raises Refusal `unknown_shape`."""
    if isinstance(document, list):
        return "", document, {}
    if not isinstance(document, dict):
        raise _unknown("a list or an object is read", "")
    if (ours := next((name for name in document if name in _OURS), None)) is not None:
        raise _unknown("this is the API's own document: send it without a format", pointer(ours))
    held = [name for name, value in document.items() if _is_list(name, value)]
    if len(held) > 1:
        raise _unknown(f"two lists, {held[0][:60]!r} and {held[1][:60]!r}: send them one by one", pointer(held[1]))
    if not held:
        return "", [document], {}
    beside = {name: value for name, value in document.items() if name != held[0] and _says(value)}
    _refuse_hidden_limits(beside, "")
    for name in beside:
        _refuse_limit(name, pointer(name))
        if holds_values(_role(name)):
            raise _unknown(f"{name[:60]!r} has values beside the list {held[0][:60]!r}", pointer(name))
    return pointer(held[0]), document[held[0]], {name: beside[name] for name in beside if _role(name) in OF_ALL}


def _is_list(name: str, value: Any) -> bool:
    """Whether a field of a document holds its list; a list of texts may also be the values of one kind."""
    if not isinstance(value, list):
        return False
    known = folded(name) in LISTS
    return known or (holds_values(_role(name)) and any(isinstance(item, dict) for item in value))


def _says(value: Any) -> bool:
    return value not in (None, "", [], {})


def _object_of(item: Any) -> Mapping[str, Any] | None:
    """One element; a text stands for its value. None for what is neither."""
    return {"value": item} if isinstance(item, str) else item if isinstance(item, dict) else None


def _title(name: str) -> str:
    """A field's name as a heading: `firstSeen` is `first_Seen`."""
    return _HUMP.sub("_", name)


def _role(name: str) -> str:
    return role_of(_title(name))


def _is_of_accounts(names: list[str]) -> bool:
    """Whether objects have an account and its password: victims, of whom nothing is kept."""
    secret = [name for name in names if credentials.may_name_password(name)]
    return any(credentials.is_account_table(f"{one};{other}") for one in secret for other in names)


def _refuse_hidden_limits(found: Mapping[str, Any] | None, place: str) -> None:
    """Raises Refusal for what is deeper than is read and may limit the sharing, and for values that are no texts."""
    for name, value in (found or {}).items():
        where = place + pointer(name)
        nested = value if isinstance(value, list) else [value]
        if not any(isinstance(item, (dict, list)) for item in nested):
            continue
        if holds_values(_role(name)) or _role(name) in OF_ALL:
            raise _unknown(f"{name[:60]!r} holds objects, of which nothing is known", where)
        _refuse_limit(name, where)
        for item in nested:
            _refuse_limits_in(item, where)


def _refuse_limits_in(value: Any, where: str) -> None:
    """The depth of a document is bounded where it is read (bodies.py)."""
    if isinstance(value, dict):
        for name, below in value.items():
            if _role(name) in _LIMITS:
                raise _unknown(f"{name[:60]!r} limits the sharing, and stands deeper than is read", where)
            _refuse_limit(name, where)
            _refuse_limits_in(below, where)
    elif isinstance(value, list):
        for below in value:
            _refuse_limits_in(below, where)


def _refuse_limit(name: str, where: str) -> None:
    if _role(name) == UNKNOWN and may_limit(_title(name)):
        raise Refusal("unknown_column", f"{name[:60]!r} is not known, and may limit the sharing", where=where)


def _rows(
    objects: list[tuple[int, Mapping[str, Any] | None]], names: list[str], said: Mapping[str, Any], layout: Layout
) -> Iterator[Row]:
    for number, found in objects:
        if found is None:
            yield Row(number, {}, "…", Refusal("not_an_object", "an element is a text or an object"))
        else:
            lines = list(_lines(number, {**said, **_said_in(found)}, names, layout.roles))
            yield from rows(lines, layout) if lines else [_without_value(number)]


def _said_in(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if _says(value)}


def _without_value(number: int) -> Row:
    return Row(number, {}, "…", Refusal("value_missing", "There is no value in this object."))


def _lines(number: int, found: Mapping[str, Any], names: list[str], roles: Iterable[str]) -> Iterator[Line]:
    """An object as lines of a table: one, and one more for each further value of a list."""
    columns = [
        (_cells(found.get(name), many=holds_values(role)), holds_values(role))
        for name, role in zip(names, roles, strict=True)
    ]
    most = max((len(cells) for cells, values in columns if values), default=0)
    for index in range(max(most, 1)):
        cells = [(texts[index] if index < len(texts) else "") if values else texts[0] for texts, values in columns]
        if any(text.strip() for text in cells):
            yield number, cells


def _cells(value: Any, *, many: bool) -> list[str]:
    """A field as the texts of a table's cells: values of a list one by one, of anything else in one cell."""
    texts = [_text(item) for item in (value if isinstance(value, list) else [value])]
    return texts if many else [", ".join(filter(None, texts))]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def _unknown(detail: str, where: str) -> Refusal:
    return Refusal("unknown_shape", detail, where=where or "/")


file_readers.register(JsonRows())
