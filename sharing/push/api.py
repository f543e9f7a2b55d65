"""`/api/v1/webhooks`: the institution's hooks. Thin: services.py writes.

A hook is made and led elsewhere by a person: one that a stolen token made would go on after that token was revoked.
With the scope `institution:admin` a token lists, pauses, resumes and removes hooks.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.problems import Problem
from iocmarket.api.shapes import read_shape
from iocmarket.audit.services import Actor
from sharing.push import documents, services
from sharing.push.models import Delivery, Hook

SHOWN = 100
"""Deliveries of one answer: the newest."""


class HookView(ScopedView):
    """What the views of hooks have in common. Nothing here writes for the institution: it reads elsewhere."""

    open_when_read_only = True

    def hook(self, request: Request, public_id: UUID) -> Hook:
        """One of the own institution. Raises Http404 for any other, as for none."""
        return get_object_or_404(Hook, public_id=public_id, institution_id=self.viewer(request).institution_id)

    def actor(self, request: Request) -> Actor:
        """Who acts."""
        return Actor.of(self.viewer(request))


class WebHooks(HookView):
    """The own hooks."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN, "POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="webhooks_list", responses=documents.HooksSchema)
    def get(self, request: Request) -> Response:
        """By name."""
        own = Hook.objects.filter(institution_id=self.viewer(request).institution_id).order_by("name", "pk")
        return Response({"webhooks": [documents.hook_document(hook) for hook in own]})

    @extend_schema(
        operation_id="webhooks_make", request=documents.HookRequestSchema, responses={201: documents.NewHookSchema}
    )
    def post(self, request: Request) -> Response:
        """Make one: by a person alone. The secret that signs is in this answer and nowhere else."""
        _require_person(request)
        given = read_shape(documents.HookRequestSchema, request)
        own = Institution.objects.get(pk=self.viewer(request).institution_id)
        return _told(services.create_hook(own, documents.told_of(given), actor=self.actor(request)), 201)


class OneWebHook(HookView):
    """One of them."""

    scopes: ClassVar = dict.fromkeys(("GET", "PATCH", "DELETE"), Scope.INSTITUTION_ADMIN)

    @extend_schema(operation_id="webhooks_read", responses=documents.HookSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """What it is and how it goes. 404 for another institution's, as for none."""
        return Response(documents.hook_document(self.hook(request, public_id)))

    @extend_schema(operation_id="webhooks_change", request=documents.HookChangeSchema, responses=documents.HookSchema)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what is named; anything but `state` by a person alone."""
        hook = self.hook(request, public_id)
        given = read_shape(documents.HookChangeSchema, request)
        state = given.pop("state", None)
        if given:
            _require_person(request)
            hook = services.amend_hook(hook, documents.told_of(given, hook), actor=self.actor(request))
        if state is not None:
            act = services.pause_hook if state == Hook.State.PAUSED else services.resume_hook
            act(hook, actor=self.actor(request))
        hook.refresh_from_db()
        return Response(documents.hook_document(hook))

    @extend_schema(operation_id="webhooks_remove", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Remove it: nothing more is sent there."""
        services.remove_hook(self.hook(request, public_id), actor=self.actor(request))
        return Response(status=204)


class WebHookSecret(HookView):
    """The secret that signs."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="webhooks_renew_secret", request=None, responses=documents.NewHookSchema)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make another one, by a person alone; for a day both sign."""
        _require_person(request)
        return _told(services.renew_secret(self.hook(request, public_id), actor=self.actor(request)), 200)


class WebHookDeliveries(HookView):
    """What was sent."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN}

    @extend_schema(
        operation_id="webhooks_deliveries",
        parameters=[OpenApiParameter("state", OpenApiTypes.STR, enum=Delivery.State.values, description="Only those.")],
        responses=documents.DeliveriesSchema,
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """The newest hundred, in figures."""
        found = self.hook(request, public_id).deliveries.order_by("-pk")
        if unknown := sorted(set(request.query_params) - {"state"}):
            raise Problem(400, "unknown_filter", f"there is no parameter {unknown[0][:40]!r}", where=unknown[0][:40])
        if (state := request.query_params.get("state")) is not None:
            if state not in Delivery.State.values:
                raise Problem(400, "bad_filter", f"one of {', '.join(Delivery.State.values)}", where="state")
            found = found.filter(state=state)
        return Response({"deliveries": [documents.delivery_document(delivery) for delivery in found[:SHOWN]]})


class WebHookResend(HookView):
    """One delivery that was given up."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="webhooks_resend", request=None, responses={202: documents.DeliverySchema})
    def post(self, request: Request, public_id: UUID, delivery_id: UUID) -> Response:
        """Have it sent again, before all that came later: what may be told of its values now."""
        delivery = get_object_or_404(self.hook(request, public_id).deliveries, public_id=delivery_id)
        services.resend(delivery, actor=self.actor(request))
        delivery.refresh_from_db()
        return Response(documents.delivery_document(delivery), status=202)


def _require_person(request: Request) -> None:
    if not isinstance(request.user, Member):
        raise PermissionDenied("a person does this, in a session", code="person_required")


def _told(made: services.NewHook, status: int) -> Response:
    answer = Response({**documents.hook_document(made.hook), "secret": made.secret}, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
