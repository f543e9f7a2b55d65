"""Paths of the community's own pages."""

from django.urls import path

from iocmarket.accounts import views

urlpatterns = [
    path("account/waiting", views.waiting, name="waiting"),
    path("account/tokens", views.tokens, name="tokens"),
    path("account/tokens/<uuid:public_id>/revoke", views.revoke, name="token-revoke"),
    path("members/applications", views.applications, name="applications"),
    path("members/applications/<uuid:public_id>", views.decide, name="application-decide"),
]
