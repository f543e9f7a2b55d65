"""`/api/v1/circles`: the acts of the pages, for managers and for tokens with `institution:admin`. Thin.

Circles of others answer 404, whatever is asked of them; a member of a circle that does not manage it is told so (403).
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts import circle_invitations as invitations
from iocmarket.accounts import circle_schemas as schemas
from iocmarket.accounts import circles
from iocmarket.accounts.models import Circle, Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.problems import Problem
from iocmarket.api.shapes import read_shape
from iocmarket.audit.services import Actor
from iocmarket.indicators import joining, leaving
from iocmarket.kernel.decision import Refusal

_STATUS = {"not_circle_manager": 403, "institution_read_only": 403, "not_in_circle": 404}


class CircleView(ScopedView):
    """What the views of circles have in common."""

    def own(self, request: Request) -> Institution:
        """The institution that asks."""
        return Institution.objects.get(pk=self.viewer(request).institution_id)

    def circle(self, request: Request, public_id: UUID) -> Circle:
        """A circle that it is in. Raises Http404 for any other, as for none."""
        return get_object_or_404(circles.circles_of(self.own(request)), public_id=public_id)

    def actor(self, request: Request) -> Actor:
        """Who acts."""
        return Actor.of(self.viewer(request))

    def shown(self, request: Request, circle: Circle, status: int = 200) -> Response:
        """The circle as it is now."""
        return Response(schemas.circle_document(circle, self.own(request)), status=status)

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal has the status that fits it."""
        if isinstance(exc, Refusal):
            exc = Problem.of(exc, status=_STATUS.get(exc.code, 422))
        return super().handle_exception(exc)


class Circles(CircleView):
    """The own circles."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN, "POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="circles_list", responses=schemas.CirclesSchema)
    def get(self, request: Request) -> Response:
        """By name; and the circles that your institution is asked into."""
        own = self.own(request)
        return Response(
            {
                "circles": [schemas.circle_document(circle, own) for circle in circles.circles_of(own)],
                "invitations": [schemas.invitation_document(asked) for asked in invitations.invitations_to(own)],
            }
        )

    @extend_schema(operation_id="circles_create", request=schemas.CircleBody, responses={201: schemas.CircleSchema})
    def post(self, request: Request) -> Response:
        """Found a circle. 422 `circle_exists` when your institution is in one of that name already."""
        name = read_shape(schemas.CircleBody, request)["name"]
        made = circles.create_circle(name=name, founder=self.own(request), actor=self.actor(request))
        return self.shown(request, made, 201)


class CircleDetail(CircleView):
    """One circle."""

    scopes: ClassVar = dict.fromkeys(("GET", "PATCH", "DELETE"), Scope.INSTITUTION_ADMIN)

    @extend_schema(operation_id="circles_read", responses=schemas.CircleSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Who is in it and who is asked."""
        return self.shown(request, self.circle(request, public_id))

    @extend_schema(operation_id="circles_rename", request=schemas.CircleBody, responses=schemas.CircleSchema)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Give it another name, as long as nobody else is in it or invited."""
        circle = self.circle(request, public_id)
        name = read_shape(schemas.CircleBody, request)["name"]
        told = circles.rename_circle(circle, name, institution=self.own(request), actor=self.actor(request))
        return self.shown(request, told)

    @extend_schema(operation_id="circles_dissolve", responses={200: schemas.TakenBackSchema})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Let everybody leave; what was said there is taken back."""
        circle = self.circle(request, public_id)
        count = leaving.dissolve_circle(circle, institution=self.own(request), actor=self.actor(request))
        return Response({"taken_back": count})


class CircleLeave(CircleView):
    """The way out."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}
    open_when_read_only: ClassVar[bool] = True

    @extend_schema(operation_id="circles_leave", request=None, responses=schemas.TakenBackSchema)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Leave it; what your institution said there is taken back."""
        circle = self.circle(request, public_id)
        return Response({"taken_back": leaving.leave_circle(circle, self.own(request), actor=self.actor(request))})


class CircleInvitations(CircleView):
    """Who is asked into a circle."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="circles_invite", request=schemas.InviteBody, responses={201: schemas.CircleSchema})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Ask an institution; its managers decide."""
        circle = self.circle(request, public_id)
        invited = _institution(read_shape(schemas.InviteBody, request)["institution"])
        invitations.invite(circle, invited, institution=self.own(request), actor=self.actor(request))
        return self.shown(request, circle, 201)


class CircleInvitationDetail(CircleView):
    """One question of a circle that is managed."""

    scopes: ClassVar = {"DELETE": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="circles_withdraw_invitation", responses={204: None})
    def delete(self, request: Request, public_id: UUID, invitation_id: UUID) -> Response:
        """Take it back."""
        circle = self.circle(request, public_id)
        asked = get_object_or_404(invitations.invitations_into(circle), public_id=invitation_id)
        invitations.withdraw_invitation(asked, institution=self.own(request), actor=self.actor(request))
        return Response(status=204)


class InvitationAnswer(CircleView):
    """A question to the own institution."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(
        operation_id="circles_answer_invitation",
        request=schemas.AnswerBody,
        responses={200: schemas.CircleSchema, 204: None},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Join (the circle is the answer) or decline (204)."""
        asked = get_object_or_404(invitations.invitations_to(self.own(request)), public_id=public_id)
        if not read_shape(schemas.AnswerBody, request)["accept"]:
            invitations.decline_invitation(asked, actor=self.actor(request))
            return Response(status=204)
        membership = joining.accept_invitation(asked, actor=self.actor(request))
        return self.shown(request, membership.circle)


class CircleMember(CircleView):
    """One institution of a circle."""

    scopes: ClassVar = {"PATCH": Scope.INSTITUTION_ADMIN, "DELETE": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="circles_manage_member", request=schemas.ManagesBody, responses=schemas.CircleSchema)
    def patch(self, request: Request, public_id: UUID, institution_id: UUID) -> Response:
        """Let another institution manage the circle too; or, for your own, manage it no longer."""
        circle, own = self.circle(request, public_id), self.own(request)
        other = _member(circle, institution_id)
        if read_shape(schemas.ManagesBody, request)["manages"]:
            circles.appoint(circle, other, institution=own, actor=self.actor(request))
        elif other.pk == own.pk:
            circles.step_down(circle, institution=own, actor=self.actor(request))
        else:
            raise Problem(403, "manages_too", "an institution steps down by itself")
        return self.shown(request, circle)

    @extend_schema(operation_id="circles_remove_member", responses={200: schemas.TakenBackSchema})
    def delete(self, request: Request, public_id: UUID, institution_id: UUID) -> Response:
        """Remove another institution; what it said there is taken back. The own one leaves (`leave`)."""
        circle = self.circle(request, public_id)
        other = _member(circle, institution_id)
        count = leaving.remove_member(circle, other, institution=self.own(request), actor=self.actor(request))
        return Response({"taken_back": count})


def _member(circle: Circle, public_id: UUID) -> Institution:
    return get_object_or_404(Institution, circles=circle, public_id=public_id)


def _institution(told: str) -> Institution:
    """An approved institution by name or id. Raises Refusal(`unknown_recipient`), the same for one that is hidden."""
    try:
        found = Institution.objects.filter(public_id=UUID(told)).first()
    except ValueError:
        found = Institution.objects.filter(name__iexact=" ".join(told.split())).first()
    if found is None or not found.is_approved:
        raise Refusal("unknown_recipient", "this is not a member institution", where="/institution")
    return found
