"""Paths of people, invitations, and the life of institutions."""

from django.urls import path

from iocmarket.accounts import confirmation_pages, institution_pages, invitation_pages, people_api, people_pages

urlpatterns = [
    path("members", people_pages.members, name="members"),
    path("members/invite", invitation_pages.invite, name="invite"),
    path("members/invitations/<uuid:public_id>/resend", invitation_pages.resend, name="invitation-resend"),
    path("members/invitations/<uuid:public_id>/revoke", invitation_pages.revoke, name="invitation-revoke"),
    path("members/people/<uuid:public_id>/role", people_pages.role, name="member-role"),
    path("members/people/<uuid:public_id>/sessions", people_pages.sessions, name="member-sessions"),
    path("members/people/<uuid:public_id>/remove", people_pages.remove, name="member-remove"),
    path("members/confirmation", confirmation_pages.confirmation, name="confirmation"),
    path("members/departure", institution_pages.departure, name="departure"),
    path("members/institutions/<uuid:public_id>", institution_pages.institution, name="institution"),
    path("members/institutions/<uuid:public_id>/suspend", institution_pages.suspend, name="institution-suspend"),
    path("members/institutions/<uuid:public_id>/reinstate", institution_pages.reinstate, name="institution-reinstate"),
    path("members/institutions/<uuid:public_id>/leave", institution_pages.leave, name="institution-leave"),
    path("members/institutions/<uuid:public_id>/merge", institution_pages.merge, name="institution-merge"),
    path("invitation", invitation_pages.invitation, name="invitation"),
    path("api/v1/institutions", people_api.Institutions.as_view(), name="api-institutions"),
    path("api/v1/institutions/self", people_api.OwnInstitution.as_view(), name="api-institution"),
    path("api/v1/institutions/self/confirmation", people_api.Confirmation.as_view(), name="api-confirmation"),
    path("api/v1/institutions/self/members", people_api.People.as_view(), name="api-members"),
    path("api/v1/institutions/self/members/<uuid:public_id>", people_api.Person.as_view(), name="api-member"),
    path(
        "api/v1/institutions/self/members/<uuid:public_id>/sessions",
        people_api.PersonSessions.as_view(),
        name="api-member-sessions",
    ),
    path("api/v1/institutions/self/invitations", people_api.Invitations.as_view(), name="api-invitations"),
    path(
        "api/v1/institutions/self/invitations/<uuid:public_id>",
        people_api.InvitationDetail.as_view(),
        name="api-invitation",
    ),
    path(
        "api/v1/institutions/self/invitations/<uuid:public_id>/letter",
        people_api.InvitationLetter.as_view(),
        name="api-invitation-letter",
    ),
]
