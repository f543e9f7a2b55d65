"""Paths of stolen accounts."""

from django.urls import path

from ingestion.stolen import pages

urlpatterns = [
    path("stolen-accounts", pages.stolen_accounts, name="stolen-accounts"),
    path("stolen-accounts/<uuid:public_id>/done", pages.done, name="stolen-account-done"),
]
