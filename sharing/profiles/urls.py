"""Paths of profiles."""

from django.urls import path

from sharing.profiles import api, doors, pages

urlpatterns = [
    path("feeds/k/<str:key>/p/<str:file>", doors.KeyedProfile.as_view(), name="feed-profile-by-key"),
    path("feeds/p/<str:name>/changes", doors.ProfileChanges.as_view(), name="feed-profile-changes"),
    path("feeds/p/<str:file>", doors.ProfileFeed.as_view(), name="feed-profile"),
    path("tools", pages.tools, name="tools"),
    path("tools/new", pages.new, name="tool-new"),
    path("tools/policy", pages.policy, name="tools-policy"),
    path("tools/feeds/<str:name>", pages.tool, name="tool"),
    path("tools/feeds/<str:name>/access", pages.access, name="tool-access"),
    path("tools/feeds/<str:name>/try", pages.trial, name="tool-try"),
    path("tools/feeds/<str:name>/delete", pages.delete, name="tool-delete"),
    path("api/v1/feeds", api.Profiles.as_view(), name="api-feeds"),
    path("api/v1/feeds/<str:name>", api.OneProfile.as_view(), name="api-feed"),
    path("api/v1/feed-policy", api.FeedPolicyView.as_view(), name="api-feed-policy"),
]
