"""Errors of the API: RFC 9457 problem JSON for everything, a page for nothing."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from rest_framework import exceptions

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.problems import MEDIA_TYPE, Problem, document, exception_handler, response
from iocmarket.kernel.decision import Refusal
from tests.factories import make_institution, make_token


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refusal("too_wide", "wider than /8", where="/indicators/3"), 422, "too_wide"),
        (Problem(409, "conflict", "other body"), 409, "conflict"),
        (Http404("secret reason"), 404, "not_found"),
        (PermissionDenied("secret reason"), 403, "permission_denied"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.Throttled(wait=12.3), 429, "throttled"),
        (exceptions.ParseError(), 400, "parse_error"),
    ],
)
def test_every_error_of_an_api_view_is_a_problem(error: Exception, status: int, code: str) -> None:
    answer = exception_handler(error, {})
    assert answer is not None
    assert answer.status_code == status
    assert answer.content_type == MEDIA_TYPE
    body: Any = answer.data
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:iocmarket:problem:{code}"
    assert body["title"]
    assert "secret reason" not in str(body)


def test_the_place_is_told_when_there_is_one() -> None:
    answer = exception_handler(Refusal("too_wide", "wider than /8", where="/indicators/3"), {})
    assert answer is not None
    assert answer.data is not None
    assert answer.data["where"] == "/indicators/3"
    assert "where" not in document(404, "not_found", "Not found.")


def test_waiting_is_told_in_whole_seconds_and_never_none() -> None:
    for wait, told in ((12.3, "13"), (0.2, "1")):
        answer = exception_handler(exceptions.Throttled(wait=wait), {})
        assert answer is not None
        assert answer["Retry-After"] == told


def test_an_unknown_error_is_left_to_the_500_handler() -> None:
    assert exception_handler(RuntimeError("secret"), {}) is None


def test_a_problem_outside_of_an_api_view() -> None:
    answer = response(503, "not_ready", "wait", views=2)
    assert (answer.status_code, answer["Content-Type"]) == (503, MEDIA_TYPE)
    assert b'"views":2' in answer.content


class Broken(ScopedView):
    """A view that fails, and one method that names no scope."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_READ}

    def get(self, request: Any) -> HttpResponse:
        """Fail."""
        raise RuntimeError("secret")

    def post(self, request: Any) -> HttpResponse:
        """Without scope."""
        return HttpResponse("never")


urlpatterns = [path("api/v1/broken", Broken.as_view())]
handler500 = "iocmarket.web.views.server_error"


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_failing_view_is_a_problem_without_a_trace() -> None:
    secret = make_token(make_institution(), scopes=list(Scope))
    client = Client(raise_request_exception=False, headers={"Authorization": secret})
    answer = client.get("/api/v1/broken")
    assert (answer.status_code, answer["Content-Type"]) == (500, MEDIA_TYPE)
    assert b"secret" not in answer.content


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_method_that_names_no_scope_is_closed() -> None:
    secret = make_token(make_institution(), scopes=list(Scope))
    assert Client().post("/api/v1/broken", headers={"Authorization": secret}).status_code == 403


def test_a_view_without_viewer_fails_closed() -> None:
    view = Broken()
    request = view.initialize_request(RequestFactory().get("/"))
    request.auth = None
    with pytest.raises(PermissionError):
        view.viewer(request)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v1/nothing", "/api/v1/submissions/not-a-uuid", "/api/v1/"])
def test_an_address_of_the_api_that_is_none_is_a_problem_too(address: str) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer["Content-Type"]) == (404, MEDIA_TYPE)
