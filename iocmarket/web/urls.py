"""The shell's own paths."""

from django.urls import path

from iocmarket.web import pages, views

urlpatterns = [
    path("preferences/<slug:name>", views.preference, name="preference"),
    path("help", pages.help_page, name="help"),
    path("accessibility", pages.accessibility, name="accessibility"),
    path("status", pages.status, name="status"),
    path("api/docs", pages.api, name="api-docs"),
]
