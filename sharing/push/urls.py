"""Paths of the web hooks."""

from django.urls import path

from sharing.push import api, pages

urlpatterns = [
    path("webhooks", pages.webhooks, name="webhooks"),
    path("webhooks/<uuid:public_id>", pages.webhook, name="webhook"),
    path("webhooks/<uuid:public_id>/deliveries/<uuid:delivery_id>", pages.resend, name="webhook-resend"),
    path("webhooks/<uuid:public_id>/<slug:act>", pages.act, name="webhook-act"),
    path("api/v1/webhooks", api.WebHooks.as_view(), name="api-webhooks"),
    path("api/v1/webhooks/<uuid:public_id>", api.OneWebHook.as_view(), name="api-webhook"),
    path("api/v1/webhooks/<uuid:public_id>/secret", api.WebHookSecret.as_view(), name="api-webhook-secret"),
    path("api/v1/webhooks/<uuid:public_id>/deliveries", api.WebHookDeliveries.as_view(), name="api-webhook-sent"),
    path(
        "api/v1/webhooks/<uuid:public_id>/deliveries/<uuid:delivery_id>/resend", api.WebHookResend.as_view(),
        name="api-webhook-resend",
    ),
]  # fmt: skip
