"""The routes that write."""

from __future__ import annotations

from django.urls import path

from sharing.misp.writing import sighting_views, tag_views, views

urlpatterns = [
    path("events/add", views.EventAdd.as_view(), name="misp-event-add"),
    path("events/edit/<str:name>", views.EventEdit.as_view(), name="misp-event-edit"),
    path("events/delete/<str:name>", views.EventDelete.as_view(), name="misp-event-delete"),
    path("events/publish/<str:name>", views.EventPublish.as_view(), name="misp-event-publish"),
    path("events/alert/<str:name>", views.EventPublish.as_view(), name="misp-event-alert"),
    path("events/unpublish/<str:name>", views.EventUnpublish.as_view(), name="misp-event-unpublish"),
    path("events/freeTextImport/<str:name>", views.FreeText.as_view(), name="misp-free-text"),
    path("attributes/add/<str:name>", views.AttributeAdd.as_view(), name="misp-attribute-add"),
    path("attributes/edit/<str:name>", views.AttributeEdit.as_view(), name="misp-attribute-edit"),
    path("attributes/delete/<str:name>", views.AttributeDelete.as_view(), name="misp-attribute-delete"),
    path("objects/add/<str:name>", views.ObjectAdd.as_view(), name="misp-object-add"),
    path("objects/add/<str:name>/<str:template>", views.ObjectAdd.as_view(), name="misp-object-add-as"),
    path("objects/edit/<str:name>", views.ObjectEdit.as_view(), name="misp-object-edit"),
    path("objects/delete/<str:name>", views.ObjectDelete.as_view(), name="misp-object-delete"),
    path("tags/attachTagToObject", tag_views.AttachTag.as_view(), name="misp-tag-attach"),
    path("tags/attachTagToObject/<str:name>/<str:tag>", tag_views.AttachTag.as_view(), name="misp-tag-attach-to"),
    path("tags/removeTagFromObject", tag_views.RemoveTag.as_view(), name="misp-tag-remove"),
    path("tags/removeTagFromObject/<str:name>/<str:tag>", tag_views.RemoveTag.as_view(), name="misp-tag-remove-from"),
    path("sightings/add", sighting_views.SightingAdd.as_view(), name="misp-sighting-add"),
    path("sightings/add/<str:name>", sighting_views.SightingAdd.as_view(), name="misp-sighting-add-to"),
    path("sightings/delete/<str:name>", sighting_views.SightingDelete.as_view(), name="misp-sighting-delete"),
    path("shadowAttributes/<str:act>", views.Proposal.as_view(), name="misp-proposals"),
    path("shadowAttributes/<str:act>/<str:name>", views.Proposal.as_view(), name="misp-proposal"),
]
