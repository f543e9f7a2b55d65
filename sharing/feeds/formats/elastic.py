"""Elastic Common Schema, as the body of a bulk request to Elasticsearch or OpenSearch.

Each document has the identifier of its value, so that sending the feed again writes over what is there. `event.*` and
`threat.indicator.*` are the fields that indicator match rules compare (ECS 8, threat fields). ECS has no field for a
network: `threat.indicator.ip` refuses a prefix. `@timestamp` is when the value last changed; rules look over a window
of time, which is why the recipe lets an ingest pipeline set it to the time of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, Tally, fetch, formats
from sharing.feeds.items import Item
from sharing.feeds.spelling import compact, moment

PROVIDER = "IOC market"
_DIGESTS = frozenset({"md5", "sha1", "sha256", "sha512", "ssdeep", "tlsh"})

_PIPELINE = """\
PUT _ingest/pipeline/iocmarket
{ "processors": [ { "set": { "field": "@timestamp", "value": "{{{_ingest.timestamp}}}" } } ] }
PUT _index_template/iocmarket
{ "index_patterns": ["iocmarket-indicators*"], "composed_of": ["ecs@mappings"], "priority": 500 }
"""
_SEND = (
    'split -l 10000 --filter=\'curl -fsS -H "Content-Type: application/x-ndjson" -H @elastic.header'
    ' --data-binary @- "https://ELASTIC:9200/iocmarket-indicators/_bulk?pipeline=iocmarket&filter_path=errors"\''
    " {name}\n"
)


class Elastic(LineFormat):
    """Two lines a value: the action with its identifier, and the document."""

    name = "elastic"
    label = "Elastic (ECS)"
    media_type = "application/x-ndjson"
    extension = "ndjson"
    mode = Mode.DETECT
    accepts = frozenset({Trait.ADDRESS, Trait.NAME, Trait.URL, Trait.MAIL, Trait.AUTONOMOUS_SYSTEM})
    also = _DIGESTS | {"mac", "mutex", "regkey"}
    farewells = True
    farewells_last = True
    recipes = (
        fetch("Elasticsearch"),
        Recipe("Elasticsearch", "text", _PIPELINE, _("once, in the console: an ordinary index, no data stream")),
        Recipe("Elasticsearch", "sh", _SEND, _("then, the header file with an API key of yours")),
        Recipe(
            "Elastic Security",
            "text",
            "indicator index patterns: iocmarket-indicators*\nindicator index query: @timestamp >= \"now-1d/d\"\n"
            "source: {url}\n",
            _("indicator match rule"),
        ),
    )  # fmt: skip

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """Action and document."""
        del options
        return f'{{"index":{{"_id":"{item.public_id}"}}}}\n{compact(document_of(item))}\n'

    def farewell(self, item: Item, options: Mapping[str, str]) -> str:
        """The action that deletes its document: of one that is not there it changes nothing."""
        del options
        return f'{{"delete":{{"_id":"{item.public_id}"}}}}\n'

    def in_stretches(self, options: Mapping[str, str]) -> bool:
        """No document knows of another."""
        del options
        return True

    def written(self, items: Iterable[Item], options: Mapping[str, str], tally: Tally) -> Iterator[bytes]:
        """Documents first, so that whoever cuts the feed at an even number of lines parts no action from its own."""
        gone: list[Item] = []
        return super().written(chain(_here(items, gone), _those(gone)), options, tally)


def _here(items: Iterable[Item], gone: list[Item]) -> Iterator[Item]:
    """Those that have not left; the others are put aside."""
    for item in items:
        if item.gone:
            gone.append(item)
        else:
            yield item


def _those(gone: list[Item]) -> Iterator[Item]:
    """What was put aside until then."""
    yield from gone


def document_of(item: Item) -> dict[str, Any]:
    """One value as a document of ECS."""
    indicator = {
        **_observable(item),
        "name": item.value,
        "id": [str(item.public_id)],
        "provider": PROVIDER,
        "description": " ".join(item.threat_types),
        "first_seen": moment(item.first_seen),
        "last_seen": moment(item.last_seen),
        "modified_at": moment(item.changed),
        "sightings": item.institutions,
        "confidence": confidence_of(item.score),
        "marking": {"tlp": item.marking.tlp.label, "tlp_version": "2.0"},
    }
    return {
        "@timestamp": moment(item.changed),
        "ecs": {"version": "8.11.0"},
        "event": {"kind": "enrichment", "category": ["threat"], "type": ["indicator"], "module": "iocmarket"},
        "threat": {"feed": {"name": PROVIDER}, "indicator": indicator},
        "tags": [*item.threat_types, f"tlp:{item.marking.tlp.slug}", f"pap:{item.marking.pap.slug}"],
    }


def confidence_of(score: float) -> str:
    """The word for a score (STIX 2.1, appendix A, None / Low / Med / High)."""
    return "High" if score >= 70 else "Medium" if score >= 30 else "Low" if score >= 1 else "None"


def _observable(item: Item) -> dict[str, Any]:
    """The kind of the value and the field that rules compare; `mac` and `mutex` have none, but for the name."""
    if item.type in _DIGESTS:
        return {"type": "file", "file": {"hash": {item.type: item.value}}}
    if Trait.AUTONOMOUS_SYSTEM in item.traits:
        return {"type": "autonomous-system", "as": {"number": int(item.value.removeprefix("AS"))}}
    if item.type == "regkey":
        hive, _bar, key = item.value.partition("\\")
        return {"type": "windows-registry-key", "registry": {"hive": hive, "key": key, "path": item.value}}
    return _simple(item)


def _simple(item: Item) -> dict[str, Any]:
    value = item.value
    if Trait.ADDRESS in item.traits:
        return {"type": "ipv6-addr" if ":" in value else "ipv4-addr", "ip": value}
    if Trait.NAME in item.traits:
        return {"type": "domain-name", "url": {"domain": value}}
    if Trait.URL in item.traits:
        return {"type": "url", "url": {"full": value}}
    if Trait.MAIL in item.traits:
        return {"type": "email-addr", "email": {"address": value}}
    return {"type": "mac-addr" if item.type == "mac" else item.type}


formats.register(Elastic())
