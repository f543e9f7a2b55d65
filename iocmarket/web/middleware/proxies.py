"""Headers by which a proxy speaks about the client are taken from proxies only.

First of all middleware: `SECURE_PROXY_SSL_HEADER` believes X-Forwarded-Proto whoever wrote it, and a library added
later may believe another one. X-Forwarded-For stays, since only iocmarket/web/client.py reads it, with the same rule.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from iocmarket.web.client import is_trusted

NEVER = ("HTTP_REMOTE_USER", "HTTP_X_REMOTE_USER", "HTTP_X_FORWARDED_USER", "REMOTE_USER", "HTTP_X_ORIGINAL_URL")
"""Who the user is, is never a proxy's to say here: sign-on is OIDC or SAML."""
OF_PROXIES = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_FORWARDED")


class ProxiesOnly:
    """Drops what a client claims in a proxy's name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on what is left."""
        for name in NEVER:
            request.META.pop(name, None)
        if not is_trusted(request.META.get("REMOTE_ADDR", "")):
            for name in OF_PROXIES:
                request.META.pop(name, None)
        return self._get_response(request)
