"""Paths of feeds."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from sharing.feeds import api, doors


class FeedName(StringConverter):
    """The name of a format has one part or two (`suricata`, `suricata/datasets`), and no slash at its end."""

    regex = r"[^/]+(?:/[^/]+)?"


register_converter(FeedName, "feed")

urlpatterns = [
    path("feeds/k/<str:key>/<feed:file>", doors.KeyedFeed.as_view(), name="feed-by-key"),
    path("feeds/<feed:name>", api.FeedView.as_view(), name="feed"),
    path("public/<feed:name>", doors.PublicFeed.as_view(), name="feed-public"),
]
