"""Paths of sightings: API and buttons."""

from django.urls import path

from ingestion.sightings import api, pages

urlpatterns = [
    path("i/<uuid:public_id>/sightings", pages.report, name="report-sighting"),
    path("sightings/<uuid:public_id>/retract", pages.retract, name="retract-sighting"),
    path("api/v1/sightings", api.Sightings.as_view(), name="api-sightings"),
    path("api/v1/sightings/<uuid:public_id>", api.SightingDetail.as_view(), name="api-sighting"),
]
