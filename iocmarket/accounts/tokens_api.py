"""`/api/v1/tokens`: the institution's tokens for machines that manage them. Secrets are in one answer and no other.

A token is made by a person, in a session that was confirmed of late: a token that could make others would outlive its
own revocation. With the scope `institution:admin` a token lists and revokes those of its institution, and rotates
itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.feed_keys import feeds
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.rotating import OVERLAP_MAX, rotate_token
from iocmarket.accounts.scoped import ScopedView
from iocmarket.accounts.services import NewToken, create_token, revoke_token
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.shapes import Shape, read_shape
from iocmarket.audit.services import Actor
from iocmarket.kernel.clock import stamp
from iocmarket.kernel.marking import TLP

HOUR = 3600


class TokenSchema(serializers.Serializer[None]):
    """One token or feed key, without its secret."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="The first characters of the secret.")
    scopes = serializers.ListField(child=serializers.CharField())
    tlp_ceiling = serializers.CharField()
    operated_by = serializers.ChoiceField(Token.OperatedBy.choices)
    networks = serializers.ListField(child=serializers.CharField(), help_text="None: from anywhere.")
    tool = serializers.CharField(allow_blank=True)
    feed = serializers.CharField(allow_blank=True, help_text="Of a feed key: the one feed that it opens.")
    created = serializers.DateTimeField()
    made_by = serializers.UUIDField(allow_null=True, help_text="The member who made it.")
    expires = serializers.DateTimeField(allow_null=True)
    revoked = serializers.DateTimeField(allow_null=True)
    replaced_by = serializers.UUIDField(allow_null=True, help_text="The token that takes its place.")
    last_used = serializers.DateTimeField(allow_null=True)
    last_used_address = serializers.CharField(allow_null=True)
    last_used_client = serializers.CharField(allow_blank=True)


class TokensSchema(serializers.Serializer[None]):
    """The tokens of an institution, newest first."""

    tokens = TokenSchema(many=True)


class NewTokenSchema(TokenSchema):
    """A token with its secret, which no other answer has."""

    secret = serializers.CharField()
    address = serializers.CharField(allow_blank=True, help_text="Of a feed key: the address that it opens.")


class TokenRequestSchema(Shape):
    """What a new token is to be."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField([scope.value for scope in Scope]), required=False)
    tlp_ceiling = serializers.ChoiceField([level.label for level in TLP if level < TLP.RED], required=False)
    operated_by = serializers.ChoiceField(Token.OperatedBy.choices, required=False)
    networks = serializers.ListField(child=serializers.CharField(max_length=50), required=False, max_length=50)
    tool = serializers.CharField(max_length=20, required=False, allow_blank=True)
    feed = serializers.CharField(max_length=60, required=False, allow_blank=True, help_text="Makes a feed key.")
    expires = serializers.DateTimeField(required=False, allow_null=True)


class RotationRequestSchema(Shape):
    """For how long the old secret works beside the new one."""

    overlap_hours = serializers.IntegerField(
        required=False, min_value=0, max_value=int(OVERLAP_MAX.total_seconds()) // HOUR, default=0
    )


class Tokens(ScopedView):
    """The tokens of the own institution."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN, "POST": Scope.INSTITUTION_ADMIN}
    open_when_read_only = True  # what it may do then is read, and keys must be changed also then

    @extend_schema(operation_id="tokens_list", responses=TokensSchema)
    def get(self, request: Request) -> Response:
        """All of them, newest first, also those that open nothing any more."""
        return Response({"tokens": [_document(token) for token in _tokens(self.viewer(request))]})

    @extend_schema(operation_id="tokens_make", request=TokenRequestSchema, responses={201: NewTokenSchema})
    def post(self, request: Request) -> Response:
        """Make one: by a person alone. The secret is in this answer and nowhere else."""
        viewer = self.viewer(request)
        member = _person(request)
        given = read_shape(TokenRequestSchema, request)
        made = create_token(
            institution=Institution.objects.get(pk=viewer.institution_id),
            name=given["name"],
            scopes=given.get("scopes") or ([Scope.FEEDS_READ] if given.get("feed") else []),
            made_by=member,
            actor=Actor.of(viewer),
            tlp_ceiling=TLP.parse(given.get("tlp_ceiling", TLP.AMBER_STRICT.label)),
            operated_by=given.get("operated_by", Token.OperatedBy.SELF),
            expires_at=given.get("expires"),
            tool=given.get("tool", ""),
            networks=given.get("networks", []),
            feed=given.get("feed", ""),
        )
        return _told(made)


class OneToken(ScopedView):
    """One of them."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN, "DELETE": Scope.INSTITUTION_ADMIN}
    open_when_read_only = True

    @extend_schema(operation_id="tokens_read", responses=TokenSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """What it is. 404 for another institution's, as for none."""
        return Response(_document(_one(self.viewer(request), public_id)))

    @extend_schema(operation_id="tokens_revoke", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Revoke it: it opens nothing from its next request on. Once more changes nothing."""
        viewer = self.viewer(request)
        revoke_token(_one(viewer, public_id), actor=Actor.of(viewer))
        return Response(status=204)


class Rotation(ScopedView):
    """The successor of a token."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}
    open_when_read_only = True

    @extend_schema(operation_id="tokens_rotate", request=RotationRequestSchema, responses={201: NewTokenSchema})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make a successor that may do the same; the old one works for `overlap_hours` more.

        A person rotates any token of the institution, a token itself alone.
        """
        viewer = self.viewer(request)
        token = _one(viewer, public_id)
        member = None if viewer.token_id == token.pk else _person(request)
        given = read_shape(RotationRequestSchema, request)
        overlap = timedelta(hours=given["overlap_hours"])
        return _told(rotate_token(token, overlap=overlap, made_by=member or token.made_by, actor=Actor.of(viewer)))


def _tokens(viewer: Viewer) -> QuerySet[Token]:
    own = Token.objects.filter(institution_id=viewer.institution_id)
    return own.select_related("institution", "made_by", "replaced_by").order_by("-created_at", "-pk")


def _one(viewer: Viewer, public_id: UUID) -> Token:
    found = _tokens(viewer).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def _person(request: Request) -> Member:
    if not isinstance(request.user, Member):
        raise PermissionDenied("a token is made by a person, in a session", code="person_required")
    return request.user


def _told(made: NewToken) -> Response:
    feed = feeds.named(made.token.feed, made.token.institution_id) if made.token.feed else None
    secret = {"secret": made.secret, "address": feed.address(made.secret) if feed else ""}
    answer = Response({**_document(made.token), **secret}, status=201)
    answer["Cache-Control"] = "no-store"
    return answer


def _document(token: Token) -> dict[str, Any]:
    return {
        "id": str(token.public_id),
        "name": token.name,
        "hint": f"iocm{token.hint}",
        "scopes": token.scopes,
        "tlp_ceiling": token.ceiling.tlp.label,
        "operated_by": token.operated_by,
        "networks": token.networks,
        "tool": token.tool,
        "feed": token.feed,
        "created": stamp(token.created_at),
        "made_by": token.made_by and str(token.made_by.public_id),
        "expires": _stamp(token.expires_at),
        "revoked": _stamp(token.revoked_at),
        "replaced_by": token.replaced_by and str(token.replaced_by.public_id),
        "last_used": _stamp(token.last_used_at),
        "last_used_address": token.last_used_address,
        "last_used_client": token.last_used_client,
    }


def _stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None
