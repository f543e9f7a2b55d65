"""Headers that Django and django-csp do not set: what a browser may do with our pages, and that it keeps no copy."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

NOT_USED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
POLICY = ", ".join(f"{name}=()" for name in NOT_USED)


class PageHeaders:
    """Pages stay in no cache (they show marked content), use no device and are embedded by no other site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if response.get("Content-Type", "").startswith("text/html"):
            response.setdefault("Permissions-Policy", POLICY)
            response.setdefault("Cache-Control", "no-store")
        return response
