"""`returnFormat`: attributes as text, CSV, checksums; and in the formats of feeds, written by these.

A form that cannot carry the labels of each value holds only what may be blocked (domain.md, PAP), whatever `to_ids`
says to this reader. MISP's own text exports force `to_ids` too.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from iocmarket.kernel.decision import Refusal
from sharing.feeds.spelling import FORMULA
from sharing.misp.frame import JSON, sent
from sharing.misp.query import Query
from sharing.misp.reach import Reach
from sharing.misp.shapes import Statement, event_beside, tags_of
from sharing.misp.types import category_of

JSON_FORMAT = "json"
TEXT = "text/plain; charset=utf-8"
_HASHES = {"md5", "sha1", "sha256", "sha512"}
_TOGETHER = 1000


class Export(ABC):
    """A form in which attributes are sent."""

    content_type: str = TEXT
    carries_labels: bool = False

    def answer(
        self, reach: Reach, query: Query, statements: Iterator[Statement], headers: Mapping[str, str]
    ) -> HttpResponseBase:
        """Written while it is sent, or at once where a limit is set."""
        kept = statements if self.carries_labels else (said for said in statements if said.blockable)
        lines = self.lines(reach, query, kept)
        if query.limit:
            return HttpResponse("".join(lines), content_type=self.content_type, headers=dict(headers))
        return sent(_together(lines), self.content_type, **headers)

    @abstractmethod
    def lines(self, reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[str]:
        """What is written, each piece ended as the form wants."""


def _together(lines: Iterator[str]) -> Iterator[bytes]:
    held: list[str] = []
    for line in lines:
        held.append(line)
        if len(held) == _TOGETHER:
            yield "".join(held).encode()
            held.clear()
    yield "".join(held).encode()


class Text(Export):
    """Each value once, one a line."""

    def lines(self, reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[str]:
        """Composite values stand as they are."""
        del reach, query
        seen: set[bytes] = set()
        for said in statements:
            value = said.written.value
            if "\n" in value or "\r" in value or _again(seen, value):
                continue
            yield f"{value}\n"


class Hosts(Text):
    """A hosts file: names alone."""

    def lines(self, reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[str]:
        """After two lines of comment."""
        yield "# Names that are blocked here\n# Made from shared indicators of compromise\n"
        named = (said for said in statements if said.type == "domain")
        for line in super().lines(reach, query, named):
            yield f"0.0.0.0 {line}"


class Hashes(Text):
    """Checksums of files alone."""

    def lines(self, reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[str]:
        """Of the kinds that tools compare whole files with."""
        return super().lines(reach, query, (said for said in statements if said.type in _HASHES))


class Cache(Export):
    """A checksum of each value, by which others find out whether they know it."""

    def lines(self, reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[str]:
        """With the event, where that is asked for. Raises Refusal(`bad_parameter`)."""
        del reach
        if query.hash_type not in hashlib.algorithms_guaranteed or query.hash_type.startswith("shake"):
            raise Refusal("bad_parameter", "hash_type names no checksum", where="hash_type")
        with_event = "includeEventUuid" in query.flags
        for said in statements:
            for part in said.written.value.split("|") if "|" in said.written.type else [said.written.value]:
                digest = hashlib.new(query.hash_type, part.encode(), usedforsecurity=False).hexdigest()
                yield f"{digest},{said.head.shown.uuid}\n" if with_event else f"{digest}\n"


class Csv(Export):
    """MISP's columns; each row carries its labels as tags."""

    content_type = "text/csv; charset=utf-8"
    carries_labels = True
    columns: ClassVar[tuple[str, ...]] = (
        "uuid", "event_id", "category", "type", "value", "comment", "to_ids", "timestamp", "object_relation",
        "attribute_tag", "object_uuid", "object_name", "object_meta_category",
    )  # fmt: skip
    context: ClassVar[tuple[str, ...]] = (
        "event_info", "event_member_org", "event_source_org", "event_distribution", "event_threat_level_id",
        "event_analysis", "event_date", "event_tag", "event_timestamp",
    )  # fmt: skip

    def lines(self, reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[str]:
        """A head, unless it is not wanted, and a row for each."""
        del reach
        columns = query.columns or self.columns
        if "includeContext" in query.flags:
            columns = (*columns, *self.context)
        if "headerless" not in query.flags:
            yield ",".join("date" if name == "timestamp" else name.replace("-", "_") for name in columns) + "\n"
        for said in statements:
            row = self._row(said)
            yield ",".join(_cell(row.get(name, "")) for name in columns) + "\n"

    def _row(self, said: Statement) -> dict[str, str | int]:
        beside = event_beside(said.head)
        tags = ",".join(tags_of(said))
        return {
            "uuid": str(said.shown.uuid), "event_id": said.head.shown.number,
            "category": category_of(said.written.type),
            "type": said.written.type, "value": said.written.value, "comment": said.comment,
            "to_ids": int(said.to_ids), "timestamp": said.timestamp, "attribute_tag": tags,
            "event_uuid": str(said.head.shown.uuid), "id": said.shown.number, "deleted": 0, "distribution": 5,
            "event_info": beside["info"], "event_member_org": said.head.org.name,
            "event_source_org": said.head.org.name, "event_distribution": int(said.head.distribution),
            "event_threat_level_id": 4, "event_analysis": 2 if said.head.finished else 1,
            "event_date": said.head.day.isoformat(), "event_tag": "", "event_timestamp": said.head.timestamp,
        }  # fmt: skip


def _cell(value: str | int) -> str:
    """Numbers bare; texts in quotes, never read as a formula by a spreadsheet, and on one line."""
    if isinstance(value, int):
        return str(value)
    text = value.replace("\r", " ").replace("\n", " ").replace('"', '""')
    return f'"{chr(39) if text.startswith(FORMULA) else ""}{text}"'


class Count(Export):
    """How many there are."""

    content_type = JSON
    carries_labels = True

    def lines(self, reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[str]:
        """One number."""
        del reach, query
        yield orjson.dumps({"count": sum(1 for _said in statements)}).decode()


def _again(seen: set[bytes], value: str) -> bool:
    digest = hashlib.blake2b(value.encode(), digest_size=12).digest()
    known = digest in seen
    seen.add(digest)
    return known


EXPORTS: dict[str, Export] = {
    "text": Text(),
    "csv": Csv(),
    "cache": Cache(),
    "hashes": Hashes(),
    "hosts": Hosts(),
    "count": Count(),
}
"""By `returnFormat`; `json` is the views' own."""
