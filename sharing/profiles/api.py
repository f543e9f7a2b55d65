"""`/api/v1/feeds` and `/api/v1/feed-policy`: saved feeds, and what an institution wants of all of them. Thin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.shapes import read_shape
from iocmarket.audit.services import Actor
from iocmarket.kernel.clock import stamp
from sharing.feeds.formats.base import Mode, format_named
from sharing.feeds.policies import policy_of, set_policy
from sharing.feeds.policy import Policy
from sharing.profiles.doors import profile_named
from sharing.profiles.models import FeedProfile, FeedPull
from sharing.profiles.pulls import pulls_of
from sharing.profiles.schemas import NewProfile, PolicySchema, ProfileChange, ProfileSchema, ProfilesSchema
from sharing.profiles.services import address_of, change_profile, create_profile, delete_profile


class Profiles(ScopedView):
    """The saved feeds of the own institution."""

    scopes: ClassVar = {"GET": Scope.FEEDS_READ, "POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="feeds_list", responses=ProfilesSchema)
    def get(self, request: Request) -> Response:
        """By name, each with its last pulls."""
        found = FeedProfile.objects.filter(institution_id=self.viewer(request).institution_id).order_by("name")
        pulls = pulls_of([profile.pk for profile in found])
        return Response({"feeds": [document_of(profile, pulls) for profile in found]})

    @extend_schema(operation_id="feeds_make", request=NewProfile, responses={201: ProfileSchema})
    def post(self, request: Request) -> Response:
        """Save a feed under a name."""
        viewer = self.viewer(request)
        own = Institution.objects.get(pk=viewer.institution_id)
        made = create_profile(own, **read_shape(NewProfile, request), actor=Actor.of(viewer))
        return Response(document_of(made, []), status=201)


class OneProfile(ScopedView):
    """One of them."""

    scopes: ClassVar = {
        "GET": Scope.FEEDS_READ,
        "PATCH": Scope.INSTITUTION_ADMIN,
        "DELETE": Scope.INSTITUTION_ADMIN,
    }

    @extend_schema(operation_id="feeds_tell", responses=ProfileSchema)
    def get(self, request: Request, name: str) -> Response:
        """What it is. 404 for another institution's, as for none."""
        return self._told(profile_named(name, self.viewer(request)))

    @extend_schema(operation_id="feeds_change", request=ProfileChange, responses=ProfileSchema)
    def patch(self, request: Request, name: str) -> Response:
        """Ask for something else under the same name: its consumers follow at their next pull."""
        viewer = self.viewer(request)
        profile = profile_named(name, viewer)
        change_profile(profile, **read_shape(ProfileChange, request), actor=Actor.of(viewer))
        return self._told(profile)

    @extend_schema(operation_id="feeds_delete", responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Take it away, and the feed keys that open it."""
        viewer = self.viewer(request)
        delete_profile(profile_named(name, viewer), actor=Actor.of(viewer))
        return Response(status=204)

    @staticmethod
    def _told(profile: FeedProfile) -> Response:
        return Response(document_of(profile, pulls_of([profile.pk])))


class FeedPolicyView(ScopedView):
    """The feed policy of the own institution."""

    scopes: ClassVar = {"GET": Scope.FEEDS_READ, "PUT": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="feed_policy_read", responses=PolicySchema)
    def get(self, request: Request) -> Response:
        """As it is."""
        return Response(policy_of(self.viewer(request).institution_id).document())

    @extend_schema(operation_id="feed_policy_put", request=PolicySchema, responses=PolicySchema)
    def put(self, request: Request) -> Response:
        """Put a policy in place of the one before. 422 `bad_policy` for what is not understood, with its place."""
        viewer = self.viewer(request)
        policy = Policy.read(read_shape(PolicySchema, request))
        set_policy(Institution.objects.get(pk=viewer.institution_id), policy, actor=Actor.of(viewer))
        return Response(policy.document())


def document_of(profile: FeedProfile, pulls: Iterable[FeedPull]) -> dict[str, Any]:
    """A profile as the API tells it."""
    fmt = format_named(profile.format)
    return {
        "name": profile.name,
        "format": profile.format,
        "mode": str(fmt.mode if fmt else Mode.BLOCK),
        "options": profile.options,
        "tool": profile.tool,
        "note": profile.note,
        "url": address_of(profile),
        "created": stamp(profile.created_at),
        "changed": stamp(profile.changed_at),
        "pulls": [_pull(pull) for pull in pulls if pull.profile_id == profile.pk],
    }


def _pull(pull: FeedPull) -> dict[str, Any]:
    return {
        "token": pull.token.name,
        "at": stamp(pull.at),
        "status": pull.status,
        "sent": stamp(pull.sent_at) if pull.sent_at else None,
        "serial": pull.serial,
        "count": pull.count,
        "skipped": pull.skipped,
        "bytes": pull.size,
    }
