"""The routes, in the one form into which paths.py brings what clients write."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from sharing.misp import attribute_views, event_views, feed_views, folder_views, other_views, sighting_views
from sharing.misp.paths import BASE
from sharing.misp.writing.urls import urlpatterns as writing


class FileName(StringConverter):
    """A file of a folder: it has an extension, which `changes` beside it has not."""

    regex = r"[^/]+\.[a-z]+"


register_converter(FileName, "misp-file")

urlpatterns = [
    path("feeds/p/<str:name>/<misp-file:file>", folder_views.FolderFile.as_view(), name="feed-folder"),
    path("feeds/k/<str:key>/p/<str:name>/<misp-file:file>", folder_views.KeyedFolderFile.as_view(),
         name="feed-folder-by-key"),
    path("feeds/misp/<str:name>", feed_views.FeedFile.as_view(), name="feed-misp"),
    *writing,
    path("servers/getVersion", other_views.ServerVersion.as_view(), name="misp-version"),
    path("servers/getPyMISPVersion", other_views.PyMispVersion.as_view(), name="misp-pymisp-version"),
    path("users/view/<str:name>", other_views.Me.as_view(), name="misp-me"),
    path("attributes/describeTypes", attribute_views.DescribeTypes.as_view(), name="misp-types"),
    path("attributes/restSearch", attribute_views.AttributeSearch.as_view(), name="misp-attributes"),
    path("attributes/view/<str:name>", attribute_views.AttributeView.as_view(), name="misp-attribute"),
    path("events/restSearch", event_views.EventSearch.as_view(), name="misp-events"),
    path("events/index", event_views.EventIndex.as_view(), name="misp-event-index"),
    path("events/view/<str:name>", event_views.EventView.as_view(), name="misp-event"),
    path("objects/restSearch", sighting_views.ObjectSearch.as_view(), name="misp-objects"),
    path("sightings/index", sighting_views.SightingIndex.as_view(), name="misp-sighting-index"),
    path("sightings/index/<str:name>", sighting_views.SightingIndex.as_view(), name="misp-sightings-of"),
    path("sightings/listSightings", sighting_views.SightingList.as_view(), name="misp-sighting-list"),
    path("sightings/listSightings/<str:name>", sighting_views.SightingList.as_view(), name="misp-sighting-list-of"),
    path(
        "sightings/listSightings/<str:name>/<str:context>", sighting_views.SightingList.as_view(),
        name="misp-sighting-list-in",
    ),
    path("sightings/restSearch", sighting_views.SightingSearch.as_view(), name="misp-sightings"),
    path("sightings/restSearch/<str:context>", sighting_views.SightingSearch.as_view(), name="misp-sightings-in"),
    path("tags/index", other_views.Tags.as_view(), name="misp-tags"),
    path("tags/search", other_views.TagSearch.as_view(), name="misp-tag-search"),
    path("tags/search/<str:name>", other_views.TagSearch.as_view(), name="misp-tag-search-for"),
    path("warninglists/index", other_views.WarningLists.as_view(), name="misp-warning-lists"),
    path("warninglists/checkValue", other_views.WarningListCheck.as_view(), name="misp-warning-list-check"),
    path("taxonomies/index", other_views.Taxonomies.as_view(), name="misp-taxonomies"),
    path("organisations/index", other_views.Organisations.as_view(), name="misp-organisations"),
    path("organisations/view/<str:name>", other_views.OneOrganisation.as_view(), name="misp-organisation"),
    path(BASE, other_views.Nothing.as_view(), name="misp-nothing"),
]  # fmt: skip
