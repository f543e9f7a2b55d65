"""Paths of circles."""

from django.urls import path

from iocmarket.accounts import circle_api, circle_pages

urlpatterns = [
    path("circles", circle_pages.circles_page, name="circles"),
    path("circles/invitations/<uuid:public_id>", circle_pages.answer, name="circle-answer"),
    path("circles/<uuid:public_id>", circle_pages.circle_page, name="circle"),
    path("circles/<uuid:public_id>/<slug:act>", circle_pages.act, name="circle-act"),
    path("api/v1/circles", circle_api.Circles.as_view(), name="api-circles"),
    path(
        "api/v1/circles/invitations/<uuid:public_id>", circle_api.InvitationAnswer.as_view(), name="api-circle-answer"
    ),
    path("api/v1/circles/<uuid:public_id>", circle_api.CircleDetail.as_view(), name="api-circle"),
    path("api/v1/circles/<uuid:public_id>/leave", circle_api.CircleLeave.as_view(), name="api-circle-leave"),
    path(
        "api/v1/circles/<uuid:public_id>/invitations",
        circle_api.CircleInvitations.as_view(),
        name="api-circle-invitations",
    ),
    path(
        "api/v1/circles/<uuid:public_id>/invitations/<uuid:invitation_id>",
        circle_api.CircleInvitationDetail.as_view(),
        name="api-circle-invitation",
    ),
    path(
        "api/v1/circles/<uuid:public_id>/members/<uuid:institution_id>",
        circle_api.CircleMember.as_view(),
        name="api-circle-member",
    ),
]
