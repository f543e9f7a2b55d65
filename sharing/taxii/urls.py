"""Paths end in "/" as section 3.1 wants; the slash middleware serves them without it too."""

from __future__ import annotations

from django.urls import path, re_path

from sharing.taxii import views

_COLLECTION = "taxii2/api/collections/<str:collection_id>/"

urlpatterns = [
    path("taxii2/", views.Discovery.as_view(), name="taxii-discovery"),
    path("taxii2/api/", views.ApiRoot.as_view(), name="taxii-api-root"),
    path("taxii2/api/status/<str:status_id>/", views.Status.as_view(), name="taxii-status"),
    path("taxii2/api/collections/", views.Collections.as_view(), name="taxii-collections"),
    path(_COLLECTION, views.Collection.as_view(), name="taxii-collection"),
    path(f"{_COLLECTION}objects/", views.Objects.as_view(), name="taxii-objects"),
    path(f"{_COLLECTION}manifest/", views.Manifest.as_view(), name="taxii-manifest"),
    path(f"{_COLLECTION}objects/<str:object_id>/", views.OneObject.as_view(), name="taxii-object"),
    path(f"{_COLLECTION}objects/<str:object_id>/versions/", views.Versions.as_view(), name="taxii-versions"),
    # Only with its slash: the path without it must fail to resolve, or it would hide the ones above from the
    # middleware.
    re_path(r"^taxii2/.+/$", views.Nothing.as_view(), name="taxii-nothing"),
]
