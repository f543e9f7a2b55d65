"""Preferences: a cookie each, set by POST only, and never a way to be sent somewhere else."""

from __future__ import annotations

import pytest
from django.test import Client

# The log-in page names the providers of the federation.
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "value"),
    [("theme", "dark"), ("theme", "light"), ("density", "comfortable"), ("language", "en"), ("keyboard", "off")],
)
def test_a_preference_is_kept_in_a_cookie(client: Client, name: str, value: str) -> None:
    answer = client.post(f"/preferences/{name}", {"value": value, "next": "/accounts/login"})
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login"
    cookie = answer.cookies[name]
    assert (cookie.value, cookie["samesite"], bool(cookie["httponly"])) == (value, "Lax", True)


def test_the_theme_turns_over(client: Client) -> None:
    assert client.post("/preferences/theme", {"value": "toggle"}).cookies["theme"].value == "dark"
    assert client.post("/preferences/theme", {"value": "toggle"}).cookies["theme"].value == "light"
    assert client.post("/preferences/theme", {"value": "toggle"}).cookies["theme"].value == "dark"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.top/",
        "//evil.top",
        "/\\evil.top",
        "javascript:alert(1)",
        "evil.top",
        "",
        "\t//evil.top",
        "http:/x",
    ],
)
def test_nobody_is_sent_to_another_site(client: Client, address: str) -> None:
    answer = client.post("/preferences/theme", {"value": "dark", "next": address})
    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    ("name", "value"), [("theme", "pink"), ("colour", "dark"), ("density", "toggle"), ("theme", "")]
)
def test_what_is_not_offered_is_not_found(client: Client, name: str, value: str) -> None:
    answer = client.post(f"/preferences/{name}", {"value": value})
    assert answer.status_code == 404
    assert name not in answer.cookies


def test_looking_changes_nothing(client: Client) -> None:
    assert client.get("/preferences/theme", {"value": "dark"}).status_code == 405


def test_a_forged_form_changes_nothing() -> None:
    answer = Client(enforce_csrf_checks=True).post("/preferences/theme", {"value": "dark"})
    assert answer.status_code == 403
    assert "theme" not in answer.cookies


def test_the_server_draws_the_chosen_theme_so_that_nothing_flashes(client: Client) -> None:
    assert b"data-bs-theme" not in client.get("/accounts/login/").content
    client.cookies["theme"] = "dark"
    assert b'data-bs-theme="dark"' in client.get("/accounts/login/").content
    client.cookies["theme"] = '"><script>'
    assert b"data-bs-theme" not in client.get("/accounts/login/").content
