"""The filters of a request (TAXII 2.1 section 3.4): read strictly, applied as conditions on what a collection holds.

A malformed filter is a 400 that names it; a filter that we do not know is refused too, since ignoring it would hand
over more than was asked for. Fields are ANDed, the comma-separated values of one field are ORed (section 3.4.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from sharing.taxii.answers import bad_request

_Read = TypeVar("_Read")
_Row = TypeVar("_Row", bound=Model)
SPEC_VERSION = "2.1"
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_TYPE = re.compile(r"[a-z0-9][a-z0-9-]{1,248}[a-z0-9]", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_SPEC = re.compile(r"\d\.\d", re.ASCII)
_KEYWORDS = frozenset({"first", "last", "all"})
_STATIC_TYPES_ONLY = ~Q(stix_type="indicator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is asked for. Empty tuples and None mean "not filtered by this".

    `after` is a `date_added`, exclusive: the client's `added_after`, then the place where the page before ended.
    """

    after: datetime | None = None
    ids: tuple[tuple[str, UUID], ...] = ()
    types: tuple[str, ...] = ()
    spec_versions: tuple[str, ...] = ()
    versions: tuple[datetime, ...] = ()
    keywords: tuple[str, ...] = ()
    """`first`, `last`, `all`, beside the versions that are named by their moment."""

    @property
    def match_nothing(self) -> bool:
        """Whether no object can match: everything here is STIX 2.1."""
        return bool(self.spec_versions) and SPEC_VERSION not in self.spec_versions

    def applied(self, rows: QuerySet[_Row], rule: VersionRule) -> QuerySet[_Row]:
        """The rows that match, in the order they came in; which versions count is the collection's rule."""
        if self.match_nothing:
            return rows.none()
        if self.after is not None:
            rows = rows.filter(date_added__gt=self.after)
        if self.ids:
            rows = rows.filter(_any(Q(stix_type=kind, stix_id=uuid) for kind, uuid in self.ids))
        if self.types:
            rows = rows.filter(_of_types(self.types))
        return rows.filter(rule(self))


VersionRule = Callable[[Filters], Q]


def one_version(filters: Filters) -> Q:
    """Views hold one version of each object, its current one: `first`, `last` and `all` all mean it."""
    if filters.keywords or not filters.versions:
        return Q()
    # The version of an indicator is its `date_added`: said so, the index finds it.
    versions = list(filters.versions)
    return Q(date_added__in=versions) | (_STATIC_TYPES_ONLY & Q(version__in=versions))


def newest_unless_asked(filters: Filters) -> Q:
    """Dépôt holds every version; without a wish the newest is meant (section 3.4.1)."""
    return _wished(filters) if filters.keywords or filters.versions else Q(is_last=True)


def every_unless_asked(filters: Filters) -> Q:
    """The versions of one object, and those that a DELETE means: all of them without a wish (5.7, 5.8)."""
    return _wished(filters) if filters.keywords or filters.versions else Q()


def _wished(filters: Filters) -> Q:
    if "all" in filters.keywords:
        return Q()
    found = Q(version__in=list(filters.versions))
    if "last" in filters.keywords:
        found |= Q(is_last=True)
    if "first" in filters.keywords:
        found |= Q(is_first=True)
    return found


def read_filters(query: QueryDict) -> Filters:
    """The filters of a request. Raises Problem 400 naming the malformed one."""
    match: dict[str, list[str]] = {}
    for name in query:
        if name.startswith("match["):
            match[name] = _values(query, name)
    keywords = _keywords(match)
    filters = Filters(
        after=read_timestamp("added_after", _single(query, "added_after")) if "added_after" in query else None,
        ids=_each(match, "match[id]", read_id),
        types=_each(match, "match[type]", _read_type),
        spec_versions=_each(match, "match[spec_version]", _read_spec),
        versions=_each(match, "match[version]", _read_version),
        keywords=keywords,
    )
    if match:
        raise bad_request("unknown_filter", f"{min(match)[:60]} is not a filter that this server knows")
    return filters


def read_limit(query: QueryDict, *, default: int, maximum: int) -> int:
    """The page size. More than the maximum is served with fewer objects (section 3.4). Raises Problem 400."""
    if "limit" not in query:
        return default
    text = _single(query, "limit")
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) == 0:
        raise bad_request("bad_limit", "limit must be a whole number above zero")
    return min(int(text), maximum)


def read_timestamp(name: str, text: str) -> datetime:
    """An instant, in any precision that RFC 3339 writes (clients send seconds). Raises Problem 400."""
    problem = bad_request("bad_timestamp", f"{name} must be a timestamp such as 2026-01-31T08:00:00.000000Z")
    if not _TIMESTAMP.fullmatch(text):
        raise problem
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise problem from error


def read_id(text: str) -> tuple[str, UUID]:
    """A STIX identifier, `type--UUID` (STIX 2.1 section 2.9). Raises Problem 400."""
    kind, separator, number = text.partition("--")
    if not (separator and _TYPE.fullmatch(kind) and _UUID.fullmatch(number)):
        raise bad_request("bad_id", "match[id] takes STIX identifiers, type--UUID")
    return kind, UUID(number)


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID as identifiers write it."""
    return _UUID.fullmatch(text) is not None


def _single(query: QueryDict, name: str) -> str:
    values = query.getlist(name)
    if len(values) != 1:
        raise bad_request("repeated_parameter", f"{name[:60]} may be given once; separate several values with commas")
    return values[0]


def _values(query: QueryDict, name: str) -> list[str]:
    return _single(query, name).split(",")


def _each(match: dict[str, list[str]], name: str, read: Callable[[str], _Read]) -> tuple[_Read, ...]:
    return tuple(dict.fromkeys(read(value) for value in match.pop(name, [])))


def _read_type(text: str) -> str:
    if not _TYPE.fullmatch(text):
        raise bad_request("bad_type", "match[type] takes STIX object types")
    return text


def _read_spec(text: str) -> str:
    if not _SPEC.fullmatch(text):
        raise bad_request("bad_spec_version", "match[spec_version] takes versions such as 2.1")
    return text


def _keywords(match: dict[str, list[str]]) -> tuple[str, ...]:
    """Take the keywords out of `match[version]`; the moments stay."""
    values = match.pop("match[version]", [])
    if moments := [value for value in values if value not in _KEYWORDS]:
        match["match[version]"] = moments
    return tuple(dict.fromkeys(value for value in values if value in _KEYWORDS))


def _read_version(text: str) -> datetime:
    return read_timestamp("match[version]", text)


def _of_types(types: tuple[str, ...]) -> Q:
    if "indicator" in types:
        return Q(stix_type__in=types)
    # A few rows among a million: the condition is spelt as the partial index that holds them has it.
    return Q(stix_type__in=types) & _STATIC_TYPES_ONLY


def _any(conditions: Iterable[Q]) -> Q:
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found
