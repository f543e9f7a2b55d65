"""Paths of feeds."""

from django.urls import path

from sharing.feeds import api, doors

urlpatterns = [
    path("feeds/k/<str:key>/<str:file>", doors.KeyedFeed.as_view(), name="feed-by-key"),
    path("feeds/<str:name>", api.FeedView.as_view(), name="feed"),
    path("public/<str:name>", doors.PublicFeed.as_view(), name="feed-public"),
]
