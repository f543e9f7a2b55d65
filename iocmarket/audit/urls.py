"""Paths of the journal."""

from django.urls import path

from iocmarket.audit import api, pages

urlpatterns = [
    path("journal", pages.journal, name="journal"),
    path("journal/export", pages.export, name="journal-export"),
    path("api/v1/audit", api.Trail.as_view(), name="api-audit"),
]
