"""What went wrong, said in the look of the product to people and as problem JSON to machines."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client, RequestFactory

from iocmarket.web import views


def test_absent_is_a_page_of_ours(client: Client) -> None:
    answer = client.get("/nowhere", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert b"Nothing here" in answer.content
    assert b"nowhere" not in answer.content.split(b"<main")[1]


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/taxii2/nowhere", "/misp/nowhere", "/feeds/nowhere-at-all"])
def test_machines_never_get_html(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in {401, 404}
    assert "html" not in answer["Content-Type"]
    assert "json" in answer["Content-Type"]


def test_a_forged_form_is_told_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {}, headers={"Accept-Language": "en"})
    assert answer.status_code == 403
    assert b"Form out of date" in answer.content


def test_refused_and_senseless_requests_tell_no_detail(rf: RequestFactory) -> None:
    request = rf.get("/somewhere")
    answers = [
        views.permission_denied(request, PermissionDenied("secret reason")),
        views.bad_request(request, SuspiciousOperation("secret reason")),
    ]
    assert [answer.status_code for answer in answers] == [403, 400]
    assert all(b"secret reason" not in answer.content for answer in answers)


def test_a_fault_needs_nothing_that_may_be_broken(rf: RequestFactory) -> None:
    answer = views.server_error(rf.get("/"))
    assert answer.status_code == 500
    assert b"<h1>" in answer.content
    assert views.server_error(rf.get("/api/v1/indicators"))["Content-Type"] == "application/problem+json"
