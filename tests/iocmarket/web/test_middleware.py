"""Slashes, language, headers."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db  # the log-in page names the federation's providers


@pytest.mark.parametrize("path", ["/accounts/login", "/accounts/login/"])
def test_a_path_answers_the_same_with_and_without_slash(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert b'name="password"' in answer.content


def test_a_post_keeps_its_body_on_the_other_spelling(client: Client) -> None:
    answer = client.post("/preferences/theme/", {"value": "dark"})
    assert answer.cookies["theme"].value == "dark"


def test_what_exists_in_no_spelling_is_not_found(client: Client) -> None:
    assert client.get("/nowhere").status_code == client.get("/nowhere/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "chosen", "language"),
    [
        ("", "", "fr"),
        ("en", "", "en"),
        ("en-GB,fr;q=0.5", "", "en"),
        ("de", "", "fr"),
        ("en", "fr", "fr"),
        ("fr", "en", "en"),
    ],
)
def test_the_language_follows_the_reader(client: Client, asked: str, chosen: str, language: str) -> None:
    if chosen:
        client.cookies["language"] = chosen
    answer = client.get("/accounts/login", headers={"Accept-Language": asked})
    assert answer["Content-Language"] == language
    assert f'<html lang="{language}"'.encode() in answer.content


def test_pages_carry_the_strict_policy_and_are_kept_nowhere(client: Client) -> None:
    answer = client.get("/accounts/login")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
