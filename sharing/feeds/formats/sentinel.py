"""Microsoft Sentinel: bodies for its upload API, one a line, each of a hundred STIX objects at most (ADR 0056).

The service belongs to a third party, so PAP:RED stays out. Types and hashes are those that its tables compare: no
SHA-512, no file name, and one simple comparison a pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait, ioc_types
from iocmarket.kernel.marking import PAP
from iocmarket.publication.standard_objects import marking_refs
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, Tally, fetch, formats
from sharing.feeds.items import Item, Unwritable
from sharing.feeds.spelling import compact, moment

A_REQUEST = 100
"""Objects that one request may hold."""
SOURCE = "IOC market"

_UPLOAD = (
    "while IFS= read -r body; do\n"
    "  printf '%s' \"$body\" | curl -fsS -H 'Content-Type: application/json' -H @sentinel.header --data-binary @- \\\n"
    '    "https://api.ti.sentinel.azure.com/workspaces/$WORKSPACE/threat-intelligence-stix-objects:upload'
    '?api-version=2024-02-01-preview"\n'
    "  sleep 1\n"
    "done < {name}\n"
)


class Sentinel(LineFormat):
    """`{"sourcesystem": …, "stixobjects": […]}` a line."""

    name = "sentinel"
    label = "Microsoft Sentinel"
    media_type = "application/x-ndjson"
    extension = "ndjson"
    mode = Mode.DETECT
    accepts = frozenset({Trait.ADDRESS, Trait.NETWORK, Trait.NAME, Trait.URL})
    also = frozenset({"email", "md5", "sha1", "sha256"})
    farewells = True
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"removals": ("no", "yes")}
    recipes = (
        fetch("Microsoft Sentinel"),
        Recipe(
            "Microsoft Sentinel",
            "sh",
            _UPLOAD,
            _("then, one request a line; with removals=yes it also revokes what has left"),
        ),
    )

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """A request with one object. Raises Unwritable: `third_party`."""
        del options
        return _request([_indicator(item)])

    def farewell(self, item: Item, options: Mapping[str, str]) -> str:
        """A request that revokes its object, if asked for. Raises Unwritable: `third_party`."""
        return _request([_indicator(item)]) if options["removals"] == "yes" else ""

    def written(self, items: Iterable[Item], options: Mapping[str, str], tally: Tally) -> Iterator[bytes]:
        """Full requests, and one with the rest."""
        wanted = items if options["removals"] == "yes" else (item for item in items if not item.gone)
        made = _permitted(wanted, tally)
        while some := list(islice(made, A_REQUEST)):
            yield _request(some).encode()


def _permitted(items: Iterable[Item], tally: Tally) -> Iterator[dict[str, Any]]:
    for item in items:
        try:
            made = _indicator(item)
        except Unwritable as refused:
            if not item.gone:
                tally.leave(item, refused.reason)
            continue
        tally.mark(item) if item.gone else tally.take(item)
        yield made


def _request(objects: Iterable[dict[str, Any]]) -> str:
    return compact({"sourcesystem": SOURCE, "stixobjects": list(objects)}) + "\n"


def _indicator(item: Item) -> dict[str, Any]:
    """STIX 2.1 section 4.7, with nothing in it that the service does not read."""
    if item.marking.pap is PAP.RED:
        raise Unwritable("third_party")
    first = item.first_seen
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{item.public_id}",
        "created": moment(first)[:-1] + ".000Z",
        "modified": moment(max(first, item.changed))[:-1] + ".000Z",
        "name": item.value,
        "description": " ".join(item.threat_types),
        "indicator_types": ["malicious-activity"],
        "pattern": ioc_types[item.type].pattern(item.value, subtree=item.subtree),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": moment(first),
        "valid_until": moment(max(item.valid_until, first + timedelta(seconds=1))),
        "confidence": round(item.score),
        "labels": [*item.threat_types, f"tlp:{item.marking.tlp.slug}", f"pap:{item.marking.pap.slug}"],
        "object_marking_refs": marking_refs(item.marking)[:1],
        **({"revoked": True} if item.gone else {}),
    }


formats.register(Sentinel())
