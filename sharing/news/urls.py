"""Paths of the news: before those of the feeds, whose names may be anything."""

from django.urls import path

from sharing.news import api

urlpatterns = [
    path("feeds/atom", api.Atom.as_view(), name="news-atom"),
    path("feeds/rss", api.Rss.as_view(), name="news-rss"),
    path("feeds/k/<str:key>/atom.xml", api.KeyedAtom.as_view(), {"file": "atom.xml"}, name="news-atom-by-key"),
    path("feeds/k/<str:key>/rss.xml", api.KeyedRss.as_view(), {"file": "rss.xml"}, name="news-rss-by-key"),
]
