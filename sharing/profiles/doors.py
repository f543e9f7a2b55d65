"""`/feeds/p/<profile>.<ext>`: saved feeds, with a token or by a feed key, and what changed in them since."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from sharing.feeds import services as feeds
from sharing.feeds.answers import settled
from sharing.feeds.api import FeedView
from sharing.feeds.doors import ByFeedKey, KeyLimit
from sharing.feeds.formats.base import FolderFormat, LineFormat, format_named
from sharing.feeds.schemas import feed_answers
from sharing.profiles import snapshots
from sharing.profiles.models import FeedProfile
from sharing.profiles.pulls import note_pull
from sharing.profiles.schemas import LinesChangedSchema
from sharing.profiles.services import KEYED, file_of, options_of

_EXPLAIN = OpenApiParameter("explain", OpenApiTypes.BOOL, description="Answer with what was left out and why, as JSON.")
_AFTER = OpenApiParameter(
    "after", OpenApiTypes.INT, required=True, description="`X-IOC-Serial` of the content that you have."
)
_ANSWERS = {**feed_answers(), 404: OpenApiTypes.OBJECT}
_SERIAL = re.compile(r"\d{1,18}", re.ASCII)


class ByProfileKey(ByFeedKey):
    """The key in the address of a saved feed."""

    def opened(self, given: Mapping[str, str]) -> str:
        """The name that keys of that profile bear; whether its extension is right is asked afterwards."""
        return f"{KEYED}{given['file'].rpartition('.')[0]}"


class ProfileFeed(FeedView):
    """One saved feed of the institution that asks."""

    _profile: FeedProfile

    @extend_schema(operation_id="feeds_read_profile", parameters=[_EXPLAIN], responses=_ANSWERS)
    def get(self, request: Request, file: str) -> HttpResponseBase:
        """The feed as the profile says, or 304. An address of a profile takes no options: the profile holds them."""
        return self.pulled(request, file)

    def pulled(self, request: Request, file: str) -> HttpResponseBase:
        """The same for every door, with its note."""
        answer = self.told(request, file)
        if request.method == "GET" and answer.has_header("X-IOC-Serial"):
            note_pull(self._profile.pk, self.viewer(request).token_id, answer)
        return answer

    def met(self, feed: feeds.Feed) -> None:
        """A content that is compared with later ones."""
        snapshots.keep(self._profile.pk, feed)

    def _wanted(self, request: Request, name: str) -> feeds.Request:
        viewer = self.viewer(request)
        self._profile = profile_in(name, viewer)
        if others := sorted(set(request.query_params) - {"explain"}):
            detail = f"{others[0][:40]!r}: a saved feed takes no options, it holds its own"
            raise Problem(400, "unknown_option", detail, where=others[0][:40])
        return wanted_of(self._profile, viewer)


class KeyedProfile(ProfileFeed):
    """`/feeds/k/<key>/p/<profile>.<ext>`."""

    authentication_classes = (ByProfileKey,)
    throttle_classes = (KeyLimit,)

    @extend_schema(operation_id="feeds_read_profile_by_key", auth=[], parameters=[_EXPLAIN], responses=_ANSWERS)
    def get(self, request: Request, key: str, file: str) -> HttpResponseBase:  # type: ignore[override]
        """The saved feed that the key was made for. Keys are off unless the community has switched them on."""
        del key
        return self.pulled(request, file)


class ProfileChanges(ProfileFeed):
    """`/feeds/p/<profile>/changes?after=`."""

    scopes: ClassVar = {"GET": Scope.FEEDS_READ}

    @extend_schema(operation_id="feeds_profile_changes", parameters=[_AFTER], responses={200: LinesChangedSchema})
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """The lines that came and went since: take them in this order, removed first.

        410 `reset` when that content is not kept any more, when other views were read then, or when so much changed
        that the whole is shorter: pull the feed, and go on from its `X-IOC-Serial`.
        """
        viewer, after = self.viewer(request), _serial(request)
        self._profile = profile = profile_named(name, viewer)
        fmt = format_named(profile.format)
        if not isinstance(fmt, LineFormat) or isinstance(fmt, FolderFormat):
            raise Problem(404, "no_lines", "this format has no lines to compare; TAXII tells what changed")
        feed = wanted_of(profile, viewer).feed()
        self.met(feed)
        try:
            found = snapshots.since(profile.pk, feed, after)
        except snapshots.TooMuch as error:
            raise Problem(410, "reset", "so much changed that the whole feed is shorter: pull it") from error
        if found is None:
            raise Problem(410, "reset", "what that serial stood for is not kept: pull the whole feed")
        told = {"profile": profile.name, "format": profile.format, "after": after, "serial": feed.serial}
        return settled(JsonResponse({**told, "removed": found.removed, "added": found.added}))


def profile_named(name: str, viewer: Viewer) -> FeedProfile:
    """A profile of the institution that asks. Raises NotFound, for others' as for none."""
    found = FeedProfile.objects.filter(institution_id=viewer.institution_id, name=name).first()
    if found is None:
        raise NotFound
    return found


def profile_in(file: str, viewer: Viewer) -> FeedProfile:
    """The same by the name of its file: another extension is another address. Raises NotFound."""
    found = profile_named(file.rpartition(".")[0], viewer)
    if file != file_of(found):
        raise NotFound
    return found


def wanted_of(profile: FeedProfile, viewer: Viewer) -> feeds.Request:
    """The request that stands for a profile. Raises Problem: 409 for one that its format no longer understands, 503."""
    fmt = format_named(profile.format)
    if fmt is None:
        raise NotFound
    try:
        return feeds.Request(viewer, fmt, options_of(profile))
    except Refusal as refusal:
        raise Problem.of(refusal, status=409) from refusal
    except feeds.NotReady as error:
        wait = feeds.NotReady.retry_after
        raise Problem(503, "not_ready", "the feed is being prepared; ask again in a moment", wait=wait) from error


def _serial(request: Request) -> int:
    given = request.query_params.getlist("after")
    if set(request.query_params) != {"after"} or len(given) != 1 or not _SERIAL.fullmatch(given[0]):
        raise Problem(400, "bad_option", "after is the X-IOC-Serial of the content that you have", where="after")
    return int(given[0])
