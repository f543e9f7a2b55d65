"""`sightings/…`: what was met of the values that a viewer reads. `objects/…`: nothing, since none are stored."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from sharing.misp.exports import JSON_FORMAT
from sharing.misp.extras import met_of, sightings_by_value
from sharing.misp.finding import attribute_named, attributes_in, event_named
from sharing.misp.frame import MispView, Params, answer
from sharing.misp.query import read_query
from sharing.misp.reach import Reach, reach_of
from sharing.misp.reading import choice, span, texts
from sharing.misp.shapes import Json, Statement, sighting
from sharing.misp.stream import Span, values_in_turn
from sharing.misp.telling import statements_at, statements_of

INDEX_MAX = 1000
"""Values of which an index tells the sightings: those that changed last in the order of clients."""


class SightingIndex(MispView):
    """`sightings/index`."""

    def get(self, request: Request, name: str = "") -> HttpResponse:
        """Of an event, or of what the viewer reads."""
        reach = reach_of(self.viewer(request))
        return answer([{"Sighting": one} for one in (_of_event(reach, name) if name else _of_all(reach))])

    def post(self, request: Request, name: str = "") -> HttpResponse:
        """The same."""
        return self.get(request, name)


class SightingList(MispView):
    """`sightings/listSightings`."""

    def post(self, request: Request, name: str = "", context: str = "") -> HttpResponse:
        """Of one event or attribute. Raises NotFound."""
        params = self.params(request)
        name, context = str(params.get("id") or name), str(params.get("context") or context or "attribute")
        reach = reach_of(self.viewer(request))
        found = _of_event(reach, name) if context == "event" else _of_attribute(reach, name)
        return answer([{"Sighting": one, "Organisation": one["Organisation"]} for one in found])

    get = post


class SightingSearch(MispView):
    """`sightings/restSearch`."""

    def get(self, request: Request, context: str = "") -> HttpResponse:
        """With parameters in the path."""
        return self._found(request, context)

    def post(self, request: Request, context: str = "") -> HttpResponse:
        """With parameters in the body."""
        return self._found(request, context)

    def _found(self, request: Request, context: str) -> HttpResponse:
        """Raises Refusal for a context that is none, NotFound for an event or attribute that is not told."""
        params = self.params(request)
        context = context or str(params.get("context") or "")
        if context not in {"", "event", "attribute"}:
            raise Refusal("bad_parameter", "the context is event or attribute", where="context")
        read_query({"returnFormat": params.get("returnFormat")}, formats={JSON_FORMAT})
        reach = reach_of(self.viewer(request))
        name = str(params.get("id") or params.get("uuid") or "")
        if name:
            found = _of_event(reach, name) if context == "event" else _of_attribute(reach, name)
        else:
            found = _of_all(reach)
        return answer({"response": [{"Sighting": one} for one in _wanted(found, params)]})


class ObjectSearch(MispView):
    """`objects/restSearch`."""

    def get(self, request: Request) -> HttpResponse:
        """Attributes stand alone here: what came as an object was taken apart into its indicators."""
        read_query(self.params(request), formats={JSON_FORMAT})
        return answer({"response": []})

    post = get


def _of_attribute(reach: Reach, name: str) -> list[Json]:
    said = attribute_named(reach, name)
    if said is None:
        raise NotFound
    return _of(reach, [said])


def _of_event(reach: Reach, name: str) -> list[Json]:
    found = event_named(reach, name)
    if found is None:
        raise NotFound
    return _of(reach, statements_at(reach, list(attributes_in(reach, found[0])[:INDEX_MAX])))


def _of_all(reach: Reach) -> list[Json]:
    return _of(reach, statements_of(reach, [pk for _spot, pk in values_in_turn(reach, Span(), count=INDEX_MAX)]))


def _of(reach: Reach, statements: list[Statement]) -> list[Json]:
    standing = [said for said in statements if not said.gone]
    met = sightings_by_value(reach, {said.indicator_id for said in standing})
    return [sighting(met_of(row, said, reach)) for said in standing for row in met.get(said.indicator_id, [])]


def _wanted(found: list[Json], params: Params) -> list[Json]:
    now = clock.now()
    since, until = span(params.get("last") or params.get("timestamp"), now)
    since, until = span(params.get("from"), now)[0] or since, span(params.get("to"), now)[0] or until
    orgs, kinds = choice(params.get("org_id")), texts(params.get("type"))
    return [
        one
        for one in found
        if (since is None or int(one["date_sighting"]) >= since.timestamp())
        and (until is None or int(one["date_sighting"]) <= until.timestamp())
        and orgs.admits([one["org_id"], one["Organisation"]["uuid"]])
        and (not kinds or one["type"] in kinds)
    ]
