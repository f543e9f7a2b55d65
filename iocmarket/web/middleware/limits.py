"""What was asked for too often is answered 429, with the time to wait: a page for people, a problem for machines."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from iocmarket.web.throttles import TooManyError
from iocmarket.web.views import trouble


class TooManyRequests:
    """Turns TooManyError, from wherever a view raises it, into its answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer to TooManyError; every other exception is not ours."""
        if not isinstance(exception, TooManyError):
            return None
        answer = trouble(request, HTTPStatus.TOO_MANY_REQUESTS, "errors/429.html")
        answer["Retry-After"] = str(exception.wait)
        return answer
