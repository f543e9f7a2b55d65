"""The endpoints of TAXII 2.1 (sections 4 and 5). Machines only: a person's session opens none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from iocmarket.accounts.authentication import TokenAuthentication
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.problems import Problem
from iocmarket.api.renderers import OrjsonRenderer
from sharing.taxii import depositing, statuses
from sharing.taxii.answers import answer, compress, exception_handler, sent
from sharing.taxii.bodies import MAX_CONTENT_LENGTH, read_body
from sharing.taxii.dialects import manifest_for, objects_for
from sharing.taxii.envelopes import read_envelope
from sharing.taxii.filters import read_filters, read_id
from sharing.taxii.finding import document_of, find, find_readable, find_writable, listed
from sharing.taxii.media import TAXII, TaxiiNegotiation
from sharing.taxii.pages import Asked, page, versions_of
from sharing.taxii.permissions import ReadsOrWrites
from sharing.taxii.sources import Source, source_of

API_ROOT = "/taxii2/api/"
_SERVED = ["get", "head", "post", "delete"]


class TaxiiView(ScopedView):
    """What all endpoints share: tokens, one media type, TAXII's error messages, compression."""

    authentication_classes = (TokenAuthentication,)
    content_negotiation_class = TaxiiNegotiation
    renderer_classes = (OrjsonRenderer,)
    permission_classes = (ReadsOrWrites,)
    http_method_names = _SERVED
    polled = True
    schema = None

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], HttpResponse | None]:
        """TAXII's own shape of errors instead of problem JSON."""
        return exception_handler

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Compress what goes out."""
        found = super().finalize_response(request, response, *args, **kwargs)
        compress(request, found)
        return found


class Discovery(TaxiiView):
    """Section 4.1."""

    def get(self, request: Request) -> HttpResponse:
        """The one API root; a path, since only the client knows under which name it reached us."""
        del request
        return answer({"title": settings.COMMUNITY_NAME, "default": API_ROOT, "api_roots": [API_ROOT]})


class ApiRoot(TaxiiView):
    """Section 4.2."""

    def get(self, request: Request) -> HttpResponse:
        """What this root speaks."""
        del request
        return answer(
            {
                "title": settings.COMMUNITY_NAME,
                "description": _("Indicators of compromise, one collection for each audience that you belong to."),
                "versions": [TAXII],
                "max_content_length": MAX_CONTENT_LENGTH,
            },
        )


class Status(TaxiiView):
    """Section 4.3."""

    def get(self, request: Request, status_id: str) -> HttpResponse:
        """What became of a POST of the own institution, for a day."""
        return sent(statuses.status_of(self.viewer(request), status_id))


class Collections(TaxiiView):
    """Section 5.1."""

    def get(self, request: Request) -> HttpResponse:
        """What the token may read or write."""
        return answer({"collections": listed(self.viewer(request))})


class Collection(TaxiiView):
    """Section 5.2."""

    def get(self, request: Request, collection_id: str) -> HttpResponse:
        """One collection, as the list has it."""
        viewer = self.viewer(request)
        return answer(document_of(find(viewer, collection_id), viewer))


class CollectionContent(TaxiiView):
    """What the endpoints below a collection share."""

    def readable(self, request: Request, collection_id: str) -> Source:
        """What the viewer may read in it, oldest first. Raises NotFound or PermissionDenied."""
        viewer = self.viewer(request)
        return source_of(find_readable(viewer, collection_id), viewer)

    def told(self, request: Request, source: Source) -> HttpResponse:
        """One page of objects, in the form that the token's tool needs."""
        asked = Asked.of(request.query_params, source.collection)
        return page(source, asked, objects_for(self.viewer(request).tool, source, asked.limit))


class Objects(CollectionContent):
    """Sections 5.4 and 5.5."""

    def get(self, request: Request, collection_id: str) -> HttpResponse:
        """One page of objects."""
        return self.told(request, self.readable(request, collection_id))

    def post(self, request: Request, collection_id: str) -> HttpResponse:
        """Store and share what is sent: 202 with the status, which is complete. Views take nothing: 403."""
        viewer = self.viewer(request)
        depot = find_writable(viewer, collection_id)
        return sent(depositing.post(depot, read_envelope(read_body(request)), viewer=viewer), status=202)


class Manifest(CollectionContent):
    """Section 5.3."""

    def get(self, request: Request, collection_id: str) -> HttpResponse:
        """One page of the manifest; `next` beside `more`, as in an envelope (ADR 0012)."""
        source = self.readable(request, collection_id)
        asked = Asked.of(request.query_params, source.collection)
        return page(source, asked, manifest_for(self.viewer(request).tool, source, asked.limit))


class OneObject(CollectionContent):
    """Sections 5.6 and 5.7."""

    def get(self, request: Request, collection_id: str, object_id: str) -> HttpResponse:
        """The newest version, or those that are asked for: empty when a filter excludes it, 404 when it is absent."""
        return self.told(request, _named(self.readable(request, collection_id), object_id))

    def delete(self, request: Request, collection_id: str, object_id: str) -> HttpResponse:
        """Delete all its versions, or those that are asked for. Raises NotFound when none is meant.

        In a view and without the right to write it is a 403, whether the object exists or not (section 5.7).
        """
        viewer = self.viewer(request)
        depot = find_writable(viewer, collection_id)
        source = _named(self.readable(request, collection_id), object_id).with_every_version()
        meant = read_filters(request.query_params).applied(source.rows, source.rule)
        if not depositing.delete(depot, meant.values_list("pk", flat=True), viewer=viewer):
            raise NotFound
        return answer({})


class Versions(CollectionContent):
    """Section 5.8."""

    def get(self, request: Request, collection_id: str, object_id: str) -> HttpResponse:
        """The versions of one object, in the order in which they came."""
        source = _named(self.readable(request, collection_id), object_id).with_every_version()
        return page(source, Asked.of(request.query_params, source.collection), versions_of(source))


class Nothing(TaxiiView):
    """Everything else below /taxii2/."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """404 for those who have shown a token. Raises NotFound."""
        super().initial(request, *args, **kwargs)
        raise NotFound


def _named(source: Source, object_id: str) -> Source:
    """What the collection has of one object. Raises NotFound."""
    try:
        kind, number = read_id(object_id)
    except Problem as malformed:
        raise NotFound from malformed
    named = source.of(source.rows.filter(stix_type=kind, stix_id=number))
    if not named.rows.exists():
        raise NotFound
    return named
