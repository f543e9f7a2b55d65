"""`/api/v1/assets`: what the own institution declares. Thin: assets.py decides and writes. Others' answer 404."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts import assets
from iocmarket.accounts.asset_values import LONGEST, NAMES
from iocmarket.accounts.models import Asset, Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.shapes import Shape, read_shape
from iocmarket.audit.services import Actor
from iocmarket.kernel.clock import stamp

KINDS = list(Asset.Kind.values)
STATES = ["declared", "verified", "refused"]


class ProofSchema(serializers.Serializer[None]):
    """The record that proves a name."""

    name = serializers.CharField()
    type = serializers.ChoiceField(["TXT"])
    text = serializers.CharField()


class AssetSchema(serializers.Serializer[None]):
    """Something that your institution declares."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(KINDS)
    value = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    declared = serializers.DateTimeField()
    verified = serializers.DateTimeField(allow_null=True)
    proof = serializers.ChoiceField(Asset.Proof.values, allow_null=True)
    checked = serializers.DateTimeField(allow_null=True, help_text="When its record was last looked for.")
    failures = serializers.IntegerField(help_text="How often in a row the record was missing; three are too many.")
    refusal = serializers.CharField(help_text="Why an administrator said no.")
    record = ProofSchema(allow_null=True)


class AssetsSchema(serializers.Serializer[None]):
    """All of them."""

    assets = AssetSchema(many=True)


class AssetBody(Shape):
    """A declaration."""

    kind = serializers.ChoiceField(KINDS)
    value = serializers.CharField(max_length=LONGEST)


class AssetView(ScopedView):
    """What the views of assets have in common. Confirming what one owns must stay possible when one may only read."""

    open_when_read_only: ClassVar[bool] = True

    def own(self, request: Request) -> Institution:
        """The institution that asks."""
        return Institution.objects.get(pk=self.viewer(request).institution_id)

    def asset(self, request: Request, public_id: UUID) -> Asset:
        """One of its own. Raises Http404."""
        return get_object_or_404(Asset, institution_id=self.viewer(request).institution_id, public_id=public_id)

    def actor(self, request: Request) -> Actor:
        """Who acts."""
        return Actor.of(self.viewer(request))


class Assets(AssetView):
    """The own assets."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN, "POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="assets_list", responses=AssetsSchema)
    def get(self, request: Request) -> Response:
        """By kind and value."""
        found = self.own(request).assets.order_by("kind", "value")
        return Response({"assets": [asset_document(asset) for asset in found]})

    @extend_schema(operation_id="assets_declare", request=AssetBody, responses={201: AssetSchema})
    def post(self, request: Request) -> Response:
        """Declare one: it guards nothing until it is verified."""
        told = read_shape(AssetBody, request)
        made = assets.declare_asset(self.own(request), **told, actor=self.actor(request))
        return Response(asset_document(made), status=201)


class AssetDetail(AssetView):
    """One asset."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN, "DELETE": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="assets_read", responses=AssetSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """With the record that proves it."""
        return Response(asset_document(self.asset(request, public_id)))

    @extend_schema(operation_id="assets_remove", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Declare it no longer. 422 `asset_refused` for one that an administrator refused."""
        assets.remove_asset(self.asset(request, public_id), actor=self.actor(request))
        return Response(status=204)


class AssetCheck(AssetView):
    """The look for a record."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="assets_check", request=None, responses={202: AssetSchema})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Have the record looked for; read the asset again for what was found."""
        asset = self.asset(request, public_id)
        with transaction.atomic():
            asked = assets.ask_for_check(asset, actor=self.actor(request))
            transaction.on_commit(assets.hint, robust=True)
        return Response(asset_document(asked), status=202)


def asset_document(asset: Asset) -> dict[str, Any]:
    """An asset as its institution reads it."""
    proven = asset.kind in NAMES and asset.challenge
    return {
        "id": str(asset.public_id),
        "kind": asset.kind,
        "value": asset.value,
        "state": "verified" if asset.verified_at else "refused" if asset.refusal else "declared",
        "declared": stamp(asset.declared_at),
        "verified": stamp(asset.verified_at) if asset.verified_at else None,
        "proof": asset.proof or None,
        "checked": stamp(asset.checked_at) if asset.checked_at else None,
        "failures": asset.failures,
        "refusal": asset.refusal,
        "record": {"name": f"{assets.RECORD}.{asset.value}", "type": "TXT", "text": asset.challenge}
        if proven
        else None,
    }
