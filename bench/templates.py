"""A large community by repetition: what is said of the first ten thousand values is said again of the others.

The publisher's own function costs half a millisecond for each entry, so that a million would take ten minutes. Here
its results are kept as lines of COPY and written again under other values, ids and moments. `filling.verify` compares
a sample of all with what the publisher computes.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import models

from bench.values import value_of
from ingestion.submissions.values import reversed_name
from iocmarket.copying import cell, copy_text
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.ids import digest_of, public_id_of
from iocmarket.publication.models import Entry, View

COUNT = 10_000
"""A multiple of the number of slots of bench/values.py: the value `n` has the type of the value `n % COUNT`."""
_ID, _STAMP = "0" * 36, "0" * 27
_HEAD = f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{_ID}","created":"{_STAMP}","modified":"{_STAMP}",'


@dataclass(slots=True)
class _Told:
    """One entry: its cells, and its body and the content that its digest is of, both with the first value."""

    view_id: int
    cells: list[str]
    body: bytes
    """What follows the head."""


@dataclass(slots=True)
class _Template:
    value: bytes
    statements: list[list[str]] = field(default_factory=list)
    entries: list[_Told] = field(default_factory=list)


def _columns(model: type[models.Model], *, key: bool) -> list[tuple[str, str]]:
    """Names of attributes and of columns."""
    meta = model._meta  # noqa: SLF001 (Django's documented model _meta API)
    return [(c.attname, str(c.column)) for c in meta.concrete_fields if key or not c.primary_key]


_INDICATORS = _columns(Indicator, key=True)
_STATEMENTS = _columns(Contribution, key=True)
_ENTRIES = _columns(Entry, key=False)


class Templates:
    """Kept while the first values are filled; then they fill the others."""

    def __init__(self) -> None:
        self._kept: list[_Template] = []
        self._place = {name: number for number, (name, _column) in enumerate(_ENTRIES)}
        self._said = {name: number for number, (name, _column) in enumerate(_STATEMENTS)}

    def forget(self) -> None:
        """Begin anew: another community has other institutions."""
        self._kept.clear()

    @property
    def complete(self) -> bool:
        """Whether there is one for every number."""
        return len(self._kept) == COUNT

    def keep(self, indicators: Sequence[Indicator], said: Sequence[Contribution], entries: Iterable[Entry]) -> None:
        """What was just filled, in the order of the numbers."""
        if self.complete:
            return
        by_id: dict[int, _Template] = {}
        for indicator in indicators[: COUNT - len(self._kept)]:
            by_id[indicator.pk] = _Template(indicator.value.encode())
            self._kept.append(by_id[indicator.pk])
        for one in said:
            if one.indicator_id in by_id:
                by_id[one.indicator_id].statements.append([cell(one.__dict__[name]) for name, _ in _STATEMENTS])
        for entry in entries:
            if entry.indicator_id in by_id:
                by_id[entry.indicator_id].entries.append(_told(entry))

    def fill(
        self, numbers: range, ids: Sequence[int], statement_ids: Sequence[int], views: dict[int, datetime]
    ) -> None:
        """Write these values. `views`: the head of each view; they move."""
        texts: dict[str, list[str]] = defaultdict(list)
        following = iter(statement_ids)
        for number, pk in zip(numbers, ids, strict=True):
            template, (kind, value) = self._kept[number % COUNT], value_of(number)
            texts["indicators"].append(_indicator_line(pk, kind, value))
            for cells in template.statements:
                texts["statements"].append(self._statement_line(cells, next(following), pk))
            for told in template.entries:
                added = views[told.view_id] = max(views[told.view_id] + clock.MICROSECOND, _START)
                texts["entries"].append(self._entry_line(told, template.value, value.encode(), pk, added))
        _copy(Indicator, _INDICATORS, texts["indicators"])
        _copy(Contribution, _STATEMENTS, texts["statements"])
        _copy(Entry, _ENTRIES, texts["entries"])

    def statements(self, numbers: range) -> int:
        """How many statements these values have."""
        return sum(len(self._kept[number % COUNT].statements) for number in numbers)

    def _statement_line(self, cells: list[str], pk: int, indicator_id: int) -> str:
        own = cells.copy()
        own[self._said["id"]], own[self._said["indicator_id"]] = str(pk), str(indicator_id)
        own[self._said["public_id"]] = _new_id()
        return "\t".join(own)

    def _entry_line(self, told: _Told, old: bytes, new: bytes, indicator_id: int, added: datetime) -> str:
        own, stix_id, moment = told.cells.copy(), _new_id(), clock.stamp(added)
        head = (
            f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{stix_id}",'
            f'"created":"{moment}","modified":"{moment}",'
        )
        tail = told.body.replace(old, new)
        body, digest = head.encode() + tail, hashlib.blake2b(b"{" + tail, digest_size=16)
        place = self._place
        own[place["indicator_id"]], own[place["stix_id"]] = str(indicator_id), stix_id
        own[place["date_added"]] = own[place["version"]] = own[place["first_added"]] = moment
        own[place["body"]], own[place["digest"]] = "\\\\x" + body.hex(), "\\\\x" + digest.hexdigest()
        return "\t".join(own)


_START = clock.now()


def _told(entry: Entry) -> _Told:
    body = bytes(entry.body)
    return _Told(entry.view_id, [cell(entry.__dict__[name]) for name, _ in _ENTRIES], body[len(_HEAD) :])


def _indicator_line(pk: int, name: str, value: str) -> str:
    """As merging makes it."""
    kind = ioc_types[name]
    host = kind.dns_name(value)
    made: dict[str, object] = {
        "id": pk,
        "digest": digest_of(name, value),
        "public_id": public_id_of(name, value, key=settings.INDICATOR_ID_KEY.encode()),
        "type": name,
        "value": value,
        "network": kind.network(value),
        "reversed_name": reversed_name(host) if host else None,
        "created_at": _START,
    }
    return "\t".join([cell(made[attribute]) for attribute, _ in _INDICATORS])


def _new_id() -> str:
    return str(UUID(bytes=os.urandom(16), version=4))


def _copy(model: type[models.Model], columns: list[tuple[str, str]], lines: list[str]) -> None:
    if lines:
        table = model._meta.db_table  # noqa: SLF001 (Django's documented model _meta API)
        copy_text(table, [column for _, column in columns], "\n".join(lines) + "\n")


def heads() -> dict[int, datetime]:
    """Where each view ends."""
    return {pk: head or _START for pk, head in View.objects.values_list("pk", "head")}


def move(views: dict[int, datetime]) -> None:
    """Say where each view ends now."""
    for pk, head in views.items():
        View.objects.filter(pk=pk).update(head=head)
