"""`/feeds/atom` and `/feeds/rss`: by token, and, since feed readers send no header, by feed key. Thin."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from django.utils.http import http_date, parse_etags
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.negotiation import AnyAccept
from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from sharing.feeds.doors import ByFeedKey, KeyLimit
from sharing.news.papers import PAPERS, Paper
from sharing.news.stories import stories_of
from sharing.search.filters import Filters, read_filters

NAMES = ("type", "threat_type", "tlp", "score_min", "tag", "state")
PARAMETERS = [
    OpenApiParameter("language", OpenApiTypes.STR, enum=["fr", "en"], description="Of the words around."),
    *(OpenApiParameter(name, OpenApiTypes.STR, description="As `GET indicators`; then no reports.") for name in NAMES),
]
_ATOM = {(200, "application/atom+xml"): OpenApiTypes.STR}
_RSS = {(200, "application/rss+xml"): OpenApiTypes.STR}


class NewsView(ScopedView):
    """What is new, for people."""

    scopes: ClassVar = {"GET": Scope.FEEDS_READ, "HEAD": Scope.FEEDS_READ}
    content_negotiation_class = AnyAccept
    paper: ClassVar[str]
    """A key of PAPERS."""

    @extend_schema(parameters=PARAMETERS)
    def get(self, request: Request, **kwargs: str) -> HttpResponse:
        """The fifty newest reports and the fifty newest values, defanged, each with its marking; or 304."""
        del kwargs
        filters, language = _asked(request)
        write, media_type = PAPERS[self.paper]
        with translation.override(language):
            paper = paper_of(self.viewer(request), filters, language)
            body = write(paper)
        tag = hashlib.sha256(body).hexdigest()[:32]
        known = {found.removeprefix("W/").strip('"') for found in parse_etags(request.headers.get("If-None-Match", ""))}
        if known & {tag, "*"}:
            answer = HttpResponse(status=304)
            del answer["Content-Type"]
        else:
            answer = HttpResponse(body, content_type=media_type)
            answer["X-Content-Type-Options"] = "nosniff"
        answer["ETag"], answer["Last-Modified"] = f'"{tag}"', http_date(paper.updated.timestamp())
        answer["Cache-Control"] = "private, no-cache"
        return answer


@extend_schema_view(get=extend_schema(operation_id="news_atom", responses=_ATOM))
class Atom(NewsView):
    """Atom 1.0."""

    paper = "atom"


@extend_schema_view(get=extend_schema(operation_id="news_rss", responses=_RSS))
class Rss(NewsView):
    """RSS 2.0."""

    paper = "rss"


class ByNewsKey(ByFeedKey):
    """The key of one of the papers in the address."""

    def opened(self, given: Mapping[str, str]) -> str:
        """Its name under which keys name it."""
        return given["file"].removesuffix(".xml")


class _Keyed(NewsView):
    """The same by a key in the address. Keys are off unless the community has switched them on."""

    authentication_classes = (ByNewsKey,)
    throttle_classes = (KeyLimit,)


@extend_schema_view(get=extend_schema(operation_id="news_atom_by_key", auth=[], responses=_ATOM))
class KeyedAtom(_Keyed):
    """Atom 1.0."""

    paper = "atom"


@extend_schema_view(get=extend_schema(operation_id="news_rss_by_key", auth=[], responses=_RSS))
class KeyedRss(_Keyed):
    """RSS 2.0."""

    paper = "rss"


def paper_of(viewer: Viewer, filters: Filters, language: str) -> Paper:
    """What a viewer reads, in the language of the moment."""
    reader = Institution.objects.get(pk=viewer.institution_id)
    return Paper(
        number=f"urn:uuid:{reader.public_id}",
        title=settings.COMMUNITY_NAME,
        subtitle=_("New reports and values, for %(institution)s alone: obey the marking of each.")
        % {"institution": reader.name},
        url=f"{settings.PUBLIC_URL}/",
        author=settings.COMMUNITY_NAME,
        language=language,
        stories=stories_of(viewer, filters),
    )


def _asked(request: Request) -> tuple[Filters, str]:
    query = request.query_params
    if unknown := sorted(set(query) - {"language", *NAMES}):
        raise Problem(400, "unknown_filter", f"there is no parameter {unknown[0][:40]!r}", where=unknown[0][:40])
    language = query.get("language", settings.LANGUAGE_CODE)
    if language not in dict(settings.LANGUAGES):
        raise Problem(400, "bad_filter", "language is fr or en", where="language")
    try:
        return read_filters(query, beside=("language",)), language
    except Refusal as refusal:
        raise Problem.of(refusal, status=400) from refusal
