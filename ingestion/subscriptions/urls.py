"""Paths of the subscriptions."""

from django.urls import path

from ingestion.subscriptions import pages

urlpatterns = [
    path("subscriptions", pages.subscriptions, name="subscriptions"),
    path("subscriptions/<uuid:public_id>", pages.subscription, name="subscription"),
    path("subscriptions/<uuid:public_id>/<slug:act>", pages.act, name="subscription-act"),
]
