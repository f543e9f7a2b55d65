"""Paths of the subscribers of the zone."""

from django.urls import path

from sharing.transfer import pages

urlpatterns = [
    path("transfers", pages.transfers, name="transfers"),
    path("transfers/<uuid:public_id>/<slug:act>", pages.act, name="transfer-act"),
]
