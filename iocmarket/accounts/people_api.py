"""`/api/v1/institutions`: the directory, the own people, invitations, the confirmation. Thin: services decide.

Managers' sessions and tokens have the scope `institution:admin`. All of it stays open to an institution that may only
read: it makes the institution safer, or confirms it.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts import invitations, people, recertifying
from iocmarket.accounts import people_schemas as schemas
from iocmarket.accounts.hands import Hand, hand_of
from iocmarket.accounts.models import Institution, Invitation, Member
from iocmarket.accounts.people_pages import listed
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.shapes import read_shape
from iocmarket.web.throttles import hold


class ManagedView(ScopedView):
    """What a manager, or a token in a manager's place, does with the own institution."""

    open_when_read_only: ClassVar = True

    def own(self, request: Request) -> tuple[Institution, Hand]:
        """The institution of whoever asks, and the hand. Raises Http404 for a partner, which has no people here."""
        viewer = self.viewer(request)
        institution = get_object_or_404(Institution, pk=viewer.institution_id, kind=Institution.Kind.MEMBER)
        return institution, hand_of(viewer, institution.name)


class Institutions(ManagedView):
    """Who is in the community."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="institutions_list", responses=schemas.InstitutionsSchema)
    def get(self, request: Request) -> Response:
        """The approved member institutions, by name."""
        self.own(request)
        return Response(schemas.InstitutionsSchema({"institutions": listed(everybody=False)}).data)


class OwnInstitution(ManagedView):
    """The own institution."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="institutions_self", responses=schemas.OwnInstitutionSchema)
    def get(self, request: Request) -> Response:
        """Its state, and what it has to confirm until when."""
        return Response(_own_document(self.own(request)[0]))


class Confirmation(ManagedView):
    """Saying that contacts and assets are right."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(
        operation_id="institutions_self_confirm",
        request=schemas.ConfirmationBody,
        responses=schemas.OwnInstitutionSchema,
    )
    def post(self, request: Request) -> Response:
        """Confirm; an institution that could only read writes again."""
        institution, hand = self.own(request)
        told = read_shape(schemas.ConfirmationBody, request)
        return Response(_own_document(recertifying.confirm(institution, by=hand, **told)))


class People(ManagedView):
    """The own people."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="members_list", responses=schemas.PeopleSchema)
    def get(self, request: Request) -> Response:
        """Who is in, managers first."""
        institution, _hand = self.own(request)
        return Response(schemas.PeopleSchema({"members": people.people_of(institution)}).data)


class Person(ManagedView):
    """One of them."""

    scopes: ClassVar = {"PATCH": Scope.INSTITUTION_ADMIN, "DELETE": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="members_update", request=schemas.RoleBody, responses=schemas.PersonSchema)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Give another role. 422 for the last manager, 404 for another institution's people, as for nobody."""
        institution, hand = self.own(request)
        told = read_shape(schemas.RoleBody, request)
        changed = people.change_role(_person(institution, public_id), role=Role(told["role"]), by=hand)
        return Response(schemas.PersonSchema(changed).data)

    @extend_schema(operation_id="members_remove", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Take out: sessions and the tokens that the person made end at once, what was shared stays."""
        institution, hand = self.own(request)
        people.remove_member(_person(institution, public_id), by=hand)
        return Response(status=204)


class PersonSessions(ManagedView):
    """The places where somebody is logged in."""

    scopes: ClassVar = {"DELETE": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="members_end_sessions", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Log the person out everywhere."""
        institution, hand = self.own(request)
        people.end_sessions(_person(institution, public_id), by=hand)
        return Response(status=204)


class Invitations(ManagedView):
    """Open invitations."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN, "POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="invitations_list", responses=schemas.InvitationsSchema)
    def get(self, request: Request) -> Response:
        """The newest first."""
        institution, _hand = self.own(request)
        return Response(schemas.InvitationsSchema({"invitations": invitations.open_invitations(institution)}).data)

    @extend_schema(
        operation_id="invitations_create", request=schemas.InvitationBody, responses={201: schemas.InvitationSchema}
    )
    def post(self, request: Request) -> Response:
        """Send one. The answer is the same whether or not the address belongs to a member already."""
        institution, hand = self.own(request)
        told = read_shape(schemas.InvitationBody, request)
        hold("mail", f"institution:{institution.pk}")
        made = invitations.invite(
            institution, email=told["email"], role=Role(told["role"]), by=hand, language=told.get("language", "")
        )
        return Response(schemas.InvitationSchema(made).data, status=201)


class InvitationDetail(ManagedView):
    """One of them."""

    scopes: ClassVar = {"DELETE": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="invitations_revoke", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Take it back: its link opens nothing any more."""
        institution, hand = self.own(request)
        invitations.revoke(_invitation(institution, public_id), by=hand)
        return Response(status=204)


class InvitationLetter(ManagedView):
    """Its letter."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}

    @extend_schema(operation_id="invitations_resend", request=None, responses=schemas.InvitationSchema)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Send it again, with a new link and seven new days."""
        institution, hand = self.own(request)
        invitation = _invitation(institution, public_id)
        hold("mail", f"institution:{institution.pk}")
        return Response(schemas.InvitationSchema(invitations.resend(invitation, by=hand)).data)


def _person(institution: Institution, public_id: UUID) -> Member:
    """Raises Http404 for another institution's, as for nobody."""
    return get_object_or_404(people.people_of(institution), public_id=public_id)


def _invitation(institution: Institution, public_id: UUID) -> Invitation:
    """Raises Http404 for another institution's, as for none, and for one that is over."""
    return get_object_or_404(invitations.open_invitations(institution), public_id=public_id)


def _own_document(institution: Institution) -> dict[str, object]:
    due = {
        "confirm_by": recertifying.due_at(institution),
        "suspended_by": recertifying.suspended_at(institution),
    }
    for name, moment in due.items():
        setattr(institution, name, moment)
    return dict(schemas.OwnInstitutionSchema(institution).data)
