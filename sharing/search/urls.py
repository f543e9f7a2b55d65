"""Paths of reading: pages and API."""

from django.urls import path

from sharing.search import alerts, api, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("search", pages.search, name="search"),
    path("i/<uuid:public_id>", pages.indicator, name="indicator"),
    path("alerts/<uuid:public_id>/seen", alerts.seen, name="alert-seen"),
    path("api/v1/alerts", alerts.Alerts.as_view(), name="api-alerts"),
    path("api/v1/indicators", api.Indicators.as_view(), name="api-indicators"),
    path("api/v1/indicators/<uuid:public_id>", api.IndicatorDetail.as_view(), name="api-indicator"),
    path("api/v1/changes", api.ChangesList.as_view(), name="api-changes"),
    path("api/v1/lookup", api.Lookup.as_view(), name="api-lookup"),
]
