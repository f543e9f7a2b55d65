"""Two other doors to the feeds: by a key in the address, and, while the community has it open, for anybody.

Both answer 404 for everything that they do not open: a closed door looks like a wall.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import AnonymousUser
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from iocmarket.accounts.authentication import feed_key_for, note_use, refuse_guess
from iocmarket.accounts.opening import the_public
from iocmarket.accounts.viewer import Viewer, viewer_of_public, viewer_of_token
from iocmarket.web.client import client_address, client_name
from iocmarket.web.throttles import Counted
from sharing.feeds.api import PARAMETERS, FeedView, feed_in
from sharing.feeds.schemas import feed_answers

SHARED_FOR = 60
"""Seconds for which caches may serve the public feed to others: it changes no faster than it is asked for."""
_ANSWERS = {**feed_answers(), 404: OpenApiTypes.OBJECT}


class ByFeedKey(BaseAuthentication):
    """The key in the address; whatever stands in a header is not looked at."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Viewer]:
        """The viewer of the key. Raises NotFound for a key that does not open this feed, Throttled for too many."""
        given = request.parser_context["kwargs"]
        address = client_address(request)
        token = feed_key_for(given["key"], self.opened(given), address)
        if token is None:
            refuse_guess(address)
            raise NotFound
        note_use(token, address, client_name(request))
        return AnonymousUser(), viewer_of_token(token)

    def opened(self, given: Mapping[str, str]) -> str:
        """The name that keys bear for what this path (its parts by name) leads to."""
        return feed_in(given["file"])


class AsThePublic(BaseAuthentication):
    """Anybody, while the public feed is open."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Viewer]:
        """The viewer of the public. Raises NotFound while it is closed."""
        del request
        if (public := the_public()) is None:
            raise NotFound
        return AnonymousUser(), viewer_of_public(public)


class PublicLimit(Counted):
    """By address."""

    def counted(self, request: Request) -> tuple[str, str]:
        """The client's address."""
        return "public_feed", client_address(request)


class KeyLimit(Counted):
    """By key, from wherever it is used."""

    def counted(self, request: Request) -> tuple[str, str]:
        """The key, which was looked up before."""
        viewer = request.auth
        return "feed_key", str(viewer.token_id) if isinstance(viewer, Viewer) else client_address(request)


class KeyedFeed(FeedView):
    """`/feeds/k/<key>/<name>.<ext>`: one feed for a consumer that can send no header."""

    authentication_classes = (ByFeedKey,)
    throttle_classes = (KeyLimit,)

    @extend_schema(operation_id="feeds_read_by_key", auth=[], parameters=PARAMETERS, responses=_ANSWERS)
    def get(self, request: Request, key: str, file: str) -> HttpResponseBase:  # type: ignore[override]
        """The feed that the key was made for. Keys are off unless the community has switched them on."""
        del key
        return self.told(request, feed_in(file))


class PublicFeed(FeedView):
    """`/public/<format>`, or `<format>.<ext>`: what is told to everybody, TLP:CLEAR."""

    authentication_classes = (AsThePublic,)
    throttle_classes = (PublicLimit,)

    @extend_schema(operation_id="feeds_read_in_public", auth=[], parameters=PARAMETERS, responses=_ANSWERS)
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """The feed of what the community tells in TLP:CLEAR; 404 while the community keeps it closed."""
        answer = self.told(request, feed_in(name) or name)
        if answer.status_code in {200, 304}:
            answer["Cache-Control"] = f"public, max-age={SHARED_FOR}"
            answer["Vary"] = "Accept-Encoding"
        return answer
