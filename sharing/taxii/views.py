"""The endpoints of TAXII 2.1 (sections 4 and 5), read side. Machines only: a person's session opens none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request

from iocmarket.accounts.authentication import TokenAuthentication
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.problems import Problem
from iocmarket.api.renderers import OrjsonRenderer
from iocmarket.publication.access import entries_of
from iocmarket.publication.models import Entry, View
from sharing.taxii.answers import answer, compress, exception_handler
from sharing.taxii.collections import collection_document, collection_of, collections_of
from sharing.taxii.filters import read_id
from sharing.taxii.media import TAXII, TaxiiNegotiation
from sharing.taxii.pages import MANIFEST, OBJECTS, VERSIONS, Asked, Shape, page

API_ROOT = "/taxii2/api/"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SERVED = ["get", "head", "post", "delete"]


class TaxiiView(ScopedView):
    """What all endpoints share: tokens, one scope, one media type, TAXII's error messages, compression."""

    authentication_classes = (TokenAuthentication,)
    content_negotiation_class = TaxiiNegotiation
    renderer_classes = (OrjsonRenderer,)
    # Every method, so that one which an endpoint does not have is answered with 405, not with a missing scope.
    scopes: ClassVar[dict[str, str]] = dict.fromkeys(_METHODS, Scope.INDICATORS_READ)
    http_method_names = _SERVED
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
                "max_content_length": settings.SUBMISSION_MAX_BYTES,
            },
        )


class Collections(TaxiiView):
    """Section 5.1."""

    def get(self, request: Request) -> HttpResponse:
        """The readable collections."""
        found = [collection_document(view) for view in collections_of(self.viewer(request))]
        return answer({"collections": found} if found else {})


class Collection(TaxiiView):
    """Section 5.2."""

    def get(self, request: Request, collection_id: str) -> HttpResponse:
        """One collection, as the list has it."""
        return answer(collection_document(collection_of(self.viewer(request), collection_id)))


class CollectionContent(TaxiiView):
    """What the endpoints below a collection share."""

    def readable(self, request: Request, collection_id: str) -> tuple[View, QuerySet[Entry]]:
        """The view and what the viewer may read in it, oldest first. Raises NotFound."""
        viewer = self.viewer(request)
        view = collection_of(viewer, collection_id)
        return view, entries_of(viewer, [view])


class Objects(CollectionContent):
    """Sections 5.4 and 5.5."""

    def get(self, request: Request, collection_id: str) -> HttpResponse:
        """One page of objects."""
        view, entries = self.readable(request, collection_id)
        return page(entries, Asked.of(request.query_params, view), OBJECTS)

    def post(self, request: Request, collection_id: str) -> HttpResponse:
        """Refused: views are written by the publisher alone. 404 for a collection that is not readable."""
        self.readable(request, collection_id)
        raise PermissionDenied("this collection is read-only")


class Manifest(CollectionContent):
    """Section 5.3."""

    def get(self, request: Request, collection_id: str) -> HttpResponse:
        """One page of the manifest; `next` beside `more`, as in an envelope (ADR 0012)."""
        view, entries = self.readable(request, collection_id)
        return page(entries, Asked.of(request.query_params, view), MANIFEST)


class NamedObject(CollectionContent):
    """What is told of one object: empty when a filter excludes it, 404 when it is absent or hidden."""

    shape: ClassVar[Shape]

    def get(self, request: Request, collection_id: str, object_id: str) -> HttpResponse:
        """The current version."""
        view, entries = self.readable(request, collection_id)
        return page(_named(entries, object_id), Asked.of(request.query_params, view), self.shape)


class OneObject(NamedObject):
    """Sections 5.6 and 5.7."""

    shape = OBJECTS

    def delete(self, request: Request, collection_id: str, object_id: str) -> HttpResponse:
        """Refused (section 5.7: readable, not writable is 403), whether the object exists or not."""
        del object_id
        self.readable(request, collection_id)
        raise PermissionDenied("this collection is read-only")


class Versions(NamedObject):
    """Section 5.8."""

    shape = VERSIONS


class Nothing(TaxiiView):
    """Everything else below /taxii2/, unknown status resources among it."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """404 for those who have shown a token. Raises NotFound."""
        super().initial(request, *args, **kwargs)
        raise NotFound


def _named(entries: QuerySet[Entry], object_id: str) -> QuerySet[Entry]:
    try:
        kind, number = read_id(object_id)
    except Problem as malformed:
        raise NotFound from malformed
    named = entries.filter(stix_type=kind, stix_id=number)
    if not named.exists():
        raise NotFound
    return named
