"""`returnFormat` of sensors and resolvers: the lines of our own feeds, for the values that a search found.

They are the feeds' formats as they are: what these cannot write is left out, PAP decides by their mode, and a value
keeps the rule number that it has in the feed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from uuid import uuid4

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from ingestion.submissions.values import reversed_name
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.publication.gathering import among
from iocmarket.publication.models import Entry
from sharing.feeds import numbers
from sharing.feeds.formats.base import LineFormat, Mode, Tally, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.models import RuleNumber
from sharing.misp.exports import EXPORTS, Export
from sharing.misp.frame import JSON
from sharing.misp.query import Query
from sharing.misp.reach import Reach
from sharing.misp.shapes import Statement, strictest

FEEDS = {"suricata": "suricata", "rpz": "rpz", "snort": "snort3", "bro": "zeek", "zeek": "zeek", "yara": "yara"}
"""MISP's names of formats, and ours."""
_CHUNK = 1000


class OfFeed(Export):
    """One of the feeds' formats of lines."""

    def __init__(self, fmt: LineFormat) -> None:
        self._fmt = fmt
        self.content_type = fmt.media_type if "charset" in fmt.media_type else f"{fmt.media_type}; charset=utf-8"
        self.carries_labels = True  # what may be in it is decided here

    def lines(self, reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[str]:
        """The whole of it: its head tells of what follows."""
        del reach, query
        fmt, tally, moment = self._fmt, Tally(), clock.now()
        wanted = {kind.name for kind in fmt.types()}
        kept = [
            said
            for said in statements
            if said.type in wanted and (said.blockable if fmt.mode is Mode.BLOCK else said.detected)
        ]
        items = sorted(_items(kept, numbered=fmt.numbered), key=_nested if fmt.nested else _plain)
        body = b"".join(fmt.written(items, fmt.filled({}), tally))
        meta = Meta(
            name=settings.COMMUNITY_NAME, public_url=settings.PUBLIC_URL, serial=int(moment.timestamp()),
            changed=max((item.changed for item in items), default=moment), count=tally.count,
            strictest=tally.strictest, options=fmt.filled({}),
        )  # fmt: skip
        yield fmt.document(body, meta).decode()


def _plain(item: Item) -> tuple[str, str, str]:
    return item.type, "", item.value


def _nested(item: Item) -> tuple[str, str, str]:
    """A name before those under it, as such formats want their lines."""
    name = ioc_types[item.type].dns_name(item.value)
    return item.type, reversed_name(name) if name else "", item.value


def _items(statements: list[Statement], *, numbered: bool) -> Iterator[Item]:
    """One for each value, over all that was found of it."""
    together: dict[int, list[Statement]] = {}
    for said in statements:
        together.setdefault(said.indicator_id, []).append(said)
    sids = _sids(set(together)) if numbered else {}
    for pk, found in together.items():
        first = found[0]
        seen = [moment for said in found for moment in (said.first_seen, said.last_seen) if moment is not None]
        yield Item(
            public_id=first.uuid, type=first.type, value=first.value, traits=ioc_types[first.type].traits,
            marking=strictest(said.marking for said in found), score=first.score,
            threat_types=tuple(sorted({said.threat_type for said in found})), subtree=first.subtree,
            first_seen=min(seen), last_seen=max(seen), valid_until=max(seen), institutions=len(found),
            changed=datetime.fromtimestamp(first.timestamp, UTC), sid=sids.get(pk),
        )  # fmt: skip


def _sids(ids: set[int]) -> dict[int, int]:
    held = dict(RuleNumber.objects.filter(indicator__in=ids).values_list("indicator_id", "sid"))
    return held | numbers.allocate(ids - set(held))


class Stix(Export):
    """The objects of these values as the viewer's collections hold them, each once; expired ones among them."""

    content_type = JSON
    carries_labels = True

    def answer(
        self, reach: Reach, query: Query, statements: Iterator[Statement], headers: Mapping[str, str]
    ) -> HttpResponseBase:
        """A bundle."""
        return HttpResponse("".join(self.lines(reach, query, statements)), content_type=JSON, headers=dict(headers))

    def lines(self, reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[str]:
        """With the markings and the identity that they name."""
        del query
        ids = list(dict.fromkeys(said.indicator_id for said in statements if not said.gone))
        views = list(reach.by_pk)
        objects: dict[tuple[str, str], str] = {}
        static = Entry.objects.filter(view__in=views, state=Entry.State.STATIC).order_by("pk")
        for kind, number, body in static.values_list("stix_type", "stix_id", "body"):
            objects[kind, str(number)] = bytes(body).decode()
        for start in range(0, len(ids), _CHUNK):
            said = Entry.objects.filter(among(Entry, "indicator", ids[start : start + _CHUNK]), view__in=views)
            live = said.exclude(state=Entry.State.WITHDRAWN).order_by("date_added")
            for kind, number, body in live.values_list("stix_type", "stix_id", "body"):
                objects[kind, str(number)] = bytes(body).decode()
        yield f'{{"type":"bundle","id":"bundle--{uuid4()}","objects":[{",".join(objects.values())}]}}'


def register() -> None:
    """Called once, when the app is ready."""
    for name, ours in FEEDS.items():
        fmt = formats.get(ours)
        if isinstance(fmt, LineFormat):
            EXPORTS[name] = OfFeed(fmt)
    EXPORTS["stix2"] = Stix()
