"""Health and the schema."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from iocmarket.api import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/schema", SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]), name="schema"),
]
