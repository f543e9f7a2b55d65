"""`attributes/…`: search, one attribute, what types there are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.assets import guarding
from iocmarket.web.client import client_address, client_name
from sharing.misp.exports import EXPORTS, JSON_FORMAT
from sharing.misp.extras import Page
from sharing.misp.finding import attribute_named
from sharing.misp.frame import JSON, MispView, Params, answer, sent
from sharing.misp.query import Query, read_query
from sharing.misp.reach import Reach, reach_of
from sharing.misp.search import CHUNK, Walker
from sharing.misp.shapes import Statement
from sharing.misp.types import describe_types


class DescribeTypes(MispView):
    """The table of types."""

    def get(self, request: Request) -> HttpResponse:
        """All that we read or write."""
        del request
        return answer({"result": describe_types()})


class AttributeSearch(MispView):
    """The search that nearly every client uses."""

    def get(self, request: Request) -> HttpResponseBase:
        """With parameters in the path or the query. MISP refuses a GET without any."""
        return self._found(request)

    def post(self, request: Request) -> HttpResponseBase:
        """With parameters in the body."""
        return self._found(request)

    def _found(self, request: Request) -> HttpResponseBase:
        params = self.params(request)
        query = read_query(params, formats={JSON_FORMAT, *EXPORTS})
        walker = walker_of(request, self.viewer(request), query, params)
        statements = iter(walker.page()) if query.limit else (said for said, _place in walker.statements())
        headers = {"X-Export-Module-Used": query.wanted, "X-Response-Format": query.wanted}
        if query.wanted != JSON_FORMAT:
            return EXPORTS[query.wanted].answer(walker.reach, query, statements, headers)
        if query.limit:
            page = Page(walker.reach, list(statements), query.flags)
            listed = page.attributes()
            return answer({"response": {"Attribute": listed}}, headers={**headers, "X-Result-Count": str(len(listed))})
        return sent(_streamed(walker.reach, query, statements), JSON, **headers)


def walker_of(request: Request, viewer: Viewer, query: Query, params: Params) -> Walker:
    """Who walks: the same question of the same client goes on where it ended. Raises NotReady."""
    client = f"{viewer.institution_id}:{viewer.token_id}:{client_address(request)}:{client_name(request)}"
    who = hashlib.sha256(f"{request.path_info}:{client}:{query.digest(params)}".encode()).hexdigest()
    lists = guarding().lists if "enforceWarninglist" in query.flags else None
    return Walker(reach_of(viewer), query, who, lists)


def _streamed(reach: Reach, query: Query, statements: Iterator[Statement]) -> Iterator[bytes]:
    """The attributes as they are read, so that a million of them are never in memory."""
    yield b'{"response":{"Attribute":['
    first = True
    while some := list(islice(statements, CHUNK)):
        text = b",".join(orjson.dumps(one) for one in Page(reach, some, query.flags).attributes())
        yield text if first else b"," + text
        first = False
    yield b"]}}"


class AttributeView(MispView):
    """One attribute."""

    def get(self, request: Request, name: str) -> HttpResponse:
        """By number or uuid. Raises NotFound for what is hidden as for what is absent."""
        reach = reach_of(self.viewer(request))
        said = attribute_named(reach, name)
        if said is None:
            raise NotFound
        return answer({"Attribute": Page(reach, [said], frozenset({"includeEventUuid"})).attributes()[0]})
