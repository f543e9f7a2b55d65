"""Paths of reading: pages and API."""

from django.urls import path

from sharing.search import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("search", pages.search, name="search"),
    path("i/<uuid:public_id>", pages.indicator, name="indicator"),
]
