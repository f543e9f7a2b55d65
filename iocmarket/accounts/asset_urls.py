"""Paths of assets."""

from django.urls import path

from iocmarket.accounts import asset_api, asset_pages

urlpatterns = [
    path("assets", asset_pages.assets_page, name="assets"),
    path("assets/<uuid:public_id>/check", asset_pages.check, name="asset-check"),
    path("assets/<uuid:public_id>/remove", asset_pages.remove, name="asset-remove"),
    path("assets/queue", asset_pages.queue, name="assets-queue"),
    path("assets/queue/<uuid:public_id>", asset_pages.decide, name="asset-decide"),
    path("api/v1/assets", asset_api.Assets.as_view(), name="api-assets"),
    path("api/v1/assets/<uuid:public_id>", asset_api.AssetDetail.as_view(), name="api-asset"),
    path("api/v1/assets/<uuid:public_id>/check", asset_api.AssetCheck.as_view(), name="api-asset-check"),
]
