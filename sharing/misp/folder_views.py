"""`/feeds/p/<profile>/…`: the files of a saved MISP feed, with a token or by a feed key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from iocmarket.accounts.viewer import Viewer
from iocmarket.api.problems import Problem
from sharing.feeds.answers import wanted_coding
from sharing.feeds.api import ATTEMPTS
from sharing.feeds.doors import ByFeedKey, KeyLimit
from sharing.feeds.explain import explanation_of
from sharing.feeds.formats.base import Tally
from sharing.feeds.services import Feed
from sharing.feeds.services import Request as Wanted
from sharing.misp import feed as files
from sharing.misp.feed_format import MispFeed
from sharing.misp.feed_views import FeedFile, labelled, names_it, sent_as
from sharing.misp.folder import Folder
from sharing.misp.reach import NotReady, reach_of
from sharing.profiles.doors import profile_named, wanted_of
from sharing.profiles.models import FeedProfile
from sharing.profiles.pulls import note_pull
from sharing.profiles.services import KEYED

_ANSWERS = {(200, "application/json"): OpenApiTypes.OBJECT, (200, "text/csv"): OpenApiTypes.STR}


class FolderFile(FeedFile):
    """A file of a saved feed."""

    @extend_schema(operation_id="feeds_read_folder", responses=_ANSWERS)
    def get(self, request: Request, name: str, file: str) -> HttpResponseBase:  # type: ignore[override]
        """`manifest.json`, `hashes.csv` or `<uuid>.json`, or 304. 404 for another one, 503 while it is prepared."""
        return self.pulled(request, name, file)

    def pulled(self, request: Request, name: str, file: str) -> HttpResponseBase:
        """The same for every door; a fetch of the manifest is a pull."""
        viewer = self.viewer(request)
        profile = profile_named(name, viewer)
        if profile.format != MispFeed.name:
            raise NotFound
        wanted = wanted_of(profile, viewer)
        if file == files.MANIFEST and request.query_params.get("explain", "0") not in {"0", "false", ""}:
            return JsonResponse(explanation_of(wanted.fmt, wanted.explained() or Tally()))
        try:
            answer = self._told(request, profile, wanted, file)
        except NotReady as error:
            wait = NotReady.retry_after
            raise Problem(503, "not_ready", "the feed is being prepared; ask again in a moment", wait=wait) from error
        if file == files.MANIFEST and request.method == "GET":
            note_pull(profile.pk, viewer.token_id, answer)
        return answer

    def _told(self, request: Request, profile: FeedProfile, wanted: Wanted, file: str) -> HttpResponseBase:
        for attempt in range(ATTEMPTS):
            feed = wanted.feed()
            content, coding = _tag(wanted.viewer, profile, feed, file), wanted_coding(request)
            if names_it(request, content):
                return _counted(labelled(HttpResponse(status=304), content, coding), feed)
            try:
                folder = Folder(reach_of(wanted.viewer), profile.pk, feed, tlp_max=wanted.options.tlp_max)
                parts, media_type = _file(folder, file)
                return _counted(sent_as(parts, media_type, content, coding), feed)
            except FileNotFoundError:
                if attempt == ATTEMPTS - 1:
                    raise
        raise NotFound


class ByFolderKey(ByFeedKey):
    """The key in the address of a folder."""

    def opened(self, given: Mapping[str, str]) -> str:
        """The name that keys of that profile bear."""
        return f"{KEYED}{given['name']}"


class KeyedFolderFile(FolderFile):
    """`/feeds/k/<key>/p/<profile>/…`."""

    authentication_classes = (ByFolderKey,)
    throttle_classes = (KeyLimit,)

    @extend_schema(operation_id="feeds_read_folder_by_key", auth=[], responses=_ANSWERS)
    def get(self, request: Request, key: str, name: str, file: str) -> HttpResponseBase:  # type: ignore[override]
        """A file of the saved feed that the key was made for."""
        del key
        return self.pulled(request, name, file)


def _file(folder: Folder, name: str) -> tuple[Iterable[bytes], str]:
    """What is in a file, and its media type. Raises NotFound."""
    if name == files.MANIFEST:
        return [folder.manifest()], "application/json"
    if name == files.HASHES:
        return folder.hashes(), "text/csv; charset=utf-8"
    stem, _dot, suffix = name.partition(".")
    parts = folder.event(_uuid(stem)) if suffix == "json" else None
    if parts is None:
        raise NotFound
    return parts, "application/json"


def _uuid(text: str) -> UUID:
    """In the one spelling in which addresses have it. Raises NotFound."""
    try:
        found = UUID(text)
    except ValueError as error:
        raise NotFound from error
    if str(found) != text.lower():
        raise NotFound
    return found


def _tag(viewer: Viewer, profile: FeedProfile, feed: Feed, file: str) -> str:
    told = f"{profile.pk}:{feed.etag}:{files.tag_of(viewer, file)}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _counted(answer: HttpResponseBase, feed: Feed) -> HttpResponseBase:
    answer["X-IOC-Serial"] = str(feed.serial)
    answer["X-IOC-Count"] = str(feed.content.count)
    answer["X-IOC-Skipped"] = str(feed.content.skipped)
    return answer
