"""Filters, consumers and bindings put together again, and the records of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.cim.carving import Carved, Remains
from ingestion.evidence.cim.repository import BINDING, FILTER, Instance
from ingestion.evidence.cim.text import unescaped
from ingestion.evidence.tables import plain
from ingestion.evidence.wmi import ACTS, subscription

_PATH: Final = re.compile(
    r'(?:[^"]*?[\\/](?P<namespace>root[^:"]*):)?(?P<kind>\w+)\.Name="(?P<name>.*)"', re.DOTALL | re.IGNORECASE
)
_PATH_MAX: Final = 2048
"""Characters."""
_ACTING: Final = frozenset(
    {"commandlineeventconsumer", "activescripteventconsumer", "logfileeventconsumer", "smtpeventconsumer"}
)
_KEY_MAX: Final = 300
"""Characters of a record's key."""
_Place = tuple[str, str, str]
"""Namespace, class and name of an object, in small letters."""


@dataclass(slots=True)
class Subscriptions:
    """The objects of one repository."""

    bindings: list[Instance] = field(default_factory=list)
    ends: dict[_Place, Instance] = field(default_factory=dict)
    """Filters and consumers."""
    odd: list[Instance] = field(default_factory=list)
    """Further ones of the same name and namespace."""

    def add(self, one: Instance) -> None:
        """One more object."""
        if one.kind == BINDING:
            self.bindings.append(one)
        elif (place := _place(one)) in self.ends:
            self.odd.append(one)
        else:
            self.ends[place] = one

    def records(self) -> Iterator[Fields]:
        """Each binding with both of its ends, then the ends by themselves."""
        bound: set[_Place] = set()
        for binding in self.bindings:
            consumer, filtering = (self._end(binding, name) for name in ("Consumer", "Filter"))
            bound |= {_place(consumer), _place(filtering)}
            yield _bound(binding, consumer, filtering)
        for end in [*self.ends.values(), *self.odd]:
            yield _filter(end) if end.kind == FILTER else _consumer(end, bound=_place(end) in bound)

    def carved(self, remains: Remains) -> Iterator[Fields]:
        """What is left besides: bindings of which the index knew nothing, and names that stand alone."""
        known = {_names(self._end(one, "Consumer"), self._end(one, "Filter")) for one in self.bindings}
        ends = {place[1:] for place in self.ends}
        for one in remains.carved:
            alone = (one.consumer_class or FILTER, one.consumer or one.filter)
            if one.consumer and one.filter:
                fresh = (one.consumer_class.lower(), one.consumer.lower(), one.filter.lower()) not in known
            else:
                fresh = (alone[0].lower(), alone[1].lower()) not in ends
            if fresh:
                yield _carved(one, remains)

    def _end(self, binding: Instance, name: str) -> Instance:
        """One end of a binding; of one that is not there, what the binding says of it."""
        found = _PATH.fullmatch(binding.values.get(name, ""))
        if found is None:
            return Instance(
                FILTER if name == "Filter" else "", binding.namespace, {"Name": binding.values.get(name, "")}
            )
        where = (found["namespace"] or "").replace("\\", "/").removeprefix("./") or binding.namespace
        said = Instance(found["kind"], where, {"Name": unescaped(found["name"])})
        return self.ends.get(_place(said), said)


def _place(one: Instance) -> _Place:
    return one.namespace.lower(), one.kind.lower(), one.values.get("Name", "").lower()


def _names(consumer: Instance, filtering: Instance) -> _Place:
    return consumer.kind.lower(), consumer.values.get("Name", "").lower(), filtering.values.get("Name", "").lower()


def _details(prefix: str, one: Instance) -> dict[str, str]:
    return {f"{prefix}{plain(name)}": value for name, value in one.values.items()}


def _command(one: Instance) -> str:
    said = _details("", one)
    return next((said[act] for act in ACTS if said.get(act)), "")


def _key(what: str, namespace: str, *names: str) -> str:
    return f"{what} {namespace}:{' '.join(names)}"[:_KEY_MAX]


def _bound(binding: Instance, consumer: Instance, filtering: Instance) -> Fields:
    names = consumer.values.get("Name", ""), filtering.values.get("Name", "")
    told = {
        "namespace": binding.namespace,
        "consumerdetailsclass": consumer.kind,
        **_details("consumerdetails", consumer),
        **_details("filterdetails", filtering),
    }
    fields = subscription(
        _key("binding", binding.namespace, consumer.kind, *names),
        told,
        consumer=names[0],
        filtering=names[1],
        command=_command(consumer),
        query=filtering.values.get("Query", ""),
        namespace=binding.namespace,
    )
    return {**fields, "user.id": _creator(binding, consumer, filtering)}


def _consumer(one: Instance, *, bound: bool) -> Fields:
    """One that nothing is bound to is looked at as a binding is: half of one that was taken away, or not yet whole."""
    name, command = one.values.get("Name", ""), _command(one)
    told = {"Name": name, "namespace": one.namespace, "consumerdetailsclass": one.kind}
    fields = subscription(
        _key("consumer", one.namespace, one.kind, name),
        told | _details("consumerdetails", one),
        consumer=name,
        filtering="",
        command=command,
        query="",
        namespace=one.namespace,
    )
    bare: dict[str, Any] = {"threat.technique.id": []} if bound else {"tags": [*fields["tags"], "unbound"]}
    return {
        **fields,
        **bare,
        "event.action": "wmi-consumer",
        "user.id": _creator(one),
        "message": f"WMI consumer in {one.namespace}: {one.kind} {name}: {command}",
    }


def _filter(one: Instance) -> Fields:
    """It starts nothing by itself."""
    name, query = one.values.get("Name", ""), one.values.get("Query", "")
    fields = subscription(
        _key("filter", one.namespace, name),
        {"namespace": one.namespace, **_details("filterdetails", one)},
        consumer="",
        filtering=name,
        command="",
        query=query,
        namespace=one.namespace,
    )
    return {
        **fields,
        "threat.technique.id": [],
        "event.action": "wmi-filter",
        "user.id": _creator(one),
        "message": f"WMI filter in {one.namespace}: {name} ({query})",
    }


def _creator(*objects: Instance) -> str:
    return next((sid for one in objects if (sid := one.values.get("CreatorSID"))), "")


def _carved(one: Carved, remains: Remains) -> Fields:
    consumer = remains.objects.get((one.consumer_class.lower(), one.consumer.lower()), [])
    filtering = remains.objects.get((FILTER.lower(), one.filter.lower()), [])
    others = [text for text in consumer if text.lower() != one.consumer.lower()]
    command = max(others, key=len, default="") if one.consumer_class.lower() in _ACTING else ""
    query = next((text for text in filtering if text.lower().startswith("select")), "")
    told = {
        "Name": one.consumer,
        "consumerdetailsclass": one.consumer_class,
        "consumerdetailstexts": "; ".join(others),
        "filterdetailsquery": query,
    }
    fields = subscription(
        _key("carved", one.consumer_class, one.consumer, one.filter),
        {name: said for name, said in told.items() if said},
        consumer=one.consumer,
        filtering=one.filter,
        command=command,
        query=query,
        namespace="",
    )
    alone: dict[str, Any] = {} if one.consumer else {"threat.technique.id": []}
    said = f"WMI subscription carved from the repository: {one.filter} → {one.consumer}: {command} ({query})"
    return {**fields, **alone, "message": said, "tags": [*fields["tags"], "carved"]}
