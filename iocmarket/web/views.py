"""The shell's own requests: preferences, and the pages for what went wrong.

Absent and hidden are the same 404, word for word. Machines get RFC 9457 problem JSON instead of a page.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from iocmarket.web.preferences import PREFERENCES

# Paths on which only programs call; they never get HTML (contracts.md, Errors).
MACHINE_PATHS = (
    "/api/v", "/taxii2", "/misp", "/feeds/", "/servers/", "/users/view/", "/attributes/", "/events/", "/objects/",
    "/sightings/rest", "/sightings/index", "/sightings/list", "/tags/", "/warninglists/", "/organisations/",
)  # fmt: skip


@require_POST
def preference(request: HttpRequest, name: str) -> HttpResponse:
    """Set one preference of this browser and go back to where the reader was.

    `value=toggle` turns a known theme over; without a cookie the server cannot know what the system shows, and says
    dark. Unknown names and values are a 404.
    """
    chosen = PREFERENCES.get(name)
    value = request.POST.get("value", "")
    if chosen is not None and value == "toggle":
        value = "light" if chosen.of(request) == "dark" else "dark"
    if chosen is None or value not in chosen.values:
        raise Http404
    response = HttpResponseRedirect(_own_path(request.POST.get("next", "")))
    chosen.keep(response, value)
    return response


def _own_path(address: str) -> str:
    """The address if it is a path on this site, else the front page: never a redirect to somewhere else."""
    own = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if own else "/"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request itself makes no sense. What was wrong with it stays in the log."""
    del exception
    return trouble(request, HTTPStatus.BAD_REQUEST, "errors/400.html")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the act is not this person's to do. Never used for things that the person may not see."""
    del exception
    return trouble(request, HTTPStatus.FORBIDDEN, "errors/403.html")


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: absent or hidden, one and the same answer."""
    del exception
    return trouble(request, HTTPStatus.NOT_FOUND, "errors/404.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not come from one of our pages, or from one that lay open too long."""
    del reason
    return trouble(request, HTTPStatus.FORBIDDEN, "errors/csrf.html")


@never_cache
def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault. The page needs no database, no session and no context processor."""
    if _is_machine(request):
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR)
    page = render_to_string("errors/500.html", {"language": getattr(request, "LANGUAGE_CODE", "fr")})
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def trouble(request: HttpRequest, status: HTTPStatus, template: str) -> HttpResponse:
    """What went wrong: a problem where programs call, a page everywhere else."""
    return _problem(status) if _is_machine(request) else render(request, template, status=status)


def too_many(request: HttpRequest) -> HttpResponse:
    """What a library says that counts by itself (log-in attempts)."""
    return trouble(request, HTTPStatus.TOO_MANY_REQUESTS, "errors/429.html")


def _is_machine(request: HttpRequest) -> bool:
    return request.path_info.startswith(MACHINE_PATHS)


def _problem(status: HTTPStatus) -> HttpResponse:
    """RFC 9457 with the registered phrase alone."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value}
    return JsonResponse(body, status=status, content_type="application/problem+json")
