"""What a server shows to the network: headers, cookies, hosts, and the checks that an operator runs before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import allauth
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from iocmarket import webserver
from iocmarket.settings.env import PROJECT
from iocmarket.supervisor.plan import programs, read_plan
from iocmarket.web.checks import check_deployment, is_weak
from iocmarket.web.middleware.proxies import ProxiesOnly
from tests.factories import make_member, make_token

KEY = "b1946ac92492d2347c6235b4d2611184f0a9c6d1"
GOOD = {
    "SECRET_KEY": KEY,
    "INDICATOR_ID_KEY": KEY[::-1],
    "PUBLIC_URL": "https://ioc.example.org",
    "ALLOWED_HOSTS": ["ioc.example.org"],
    "TRUSTED_PROXIES": ("10.0.0.1", "unix"),
}
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "iocmarket.settings.production",
    "DATABASE_URL": "postgresql://u@db/iocmarket",
    "REDIS_URL": "redis://redis/0",
    "SECRET_KEY": KEY * 2,
    "INDICATOR_ID_KEY": KEY[::-1],
    "ALLOWED_HOSTS": "ioc.example.org",
    "PUBLIC_URL": "https://ioc.example.org",
    "EMAIL_URL": "smtp://mail.example.org",
    "PATH": os.environ["PATH"],
}


def found(settings: Settings, **changes: Any) -> list[str]:
    for name, value in (GOOD | changes).items():
        setattr(settings, name, value)
    return [str(message.id) for message in check_deployment(None)]


def test_a_careful_operator_hears_nothing(settings: Settings) -> None:
    assert found(settings) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SECRET_KEY": "short"}, "iocmarket.E001"),
        ({"SECRET_KEY": "a" * 80}, "iocmarket.E001"),
        ({"SECRET_KEY": f"changeme-{KEY}"}, "iocmarket.E001"),
        ({"INDICATOR_ID_KEY": "0123456789abcdef"}, "iocmarket.E002"),
        ({"INDICATOR_ID_KEY": KEY}, "iocmarket.E003"),
        ({"PUBLIC_URL": "http://ioc.example.org"}, "iocmarket.E004"),
        ({"PUBLIC_URL": "https://other.example.org"}, "iocmarket.E005"),
        ({"ALLOWED_HOSTS": ["ioc.example.org", "*"]}, "iocmarket.E006"),
        ({"ALLOWED_HOSTS": ["ioc.example.org", ".example.org"]}, "iocmarket.E006"),
        ({"TRUSTED_PROXIES": ("0.0.0.0/0",)}, "iocmarket.E007"),
        ({"TRUSTED_PROXIES": ("::/0",)}, "iocmarket.E007"),
    ],
)
def test_each_careless_choice_is_named(settings: Settings, changes: dict[str, Any], code: str) -> None:
    assert found(settings, **changes) == [code]


def test_the_keys_of_the_suite_would_be_refused() -> None:
    assert is_weak("only-for-tests")


def run_check(**changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, cwd=PROJECT, env=PRODUCTION | changes, capture_output=True, text=True, check=False, timeout=120
    )


def test_production_settings_pass_every_check_and_a_careless_one_does_not() -> None:
    done = run_check()
    assert done.returncode == 0, done.stderr
    assert "iocmarket.E004" in run_check(PUBLIC_URL="http://ioc.example.org").stderr


def test_production_cookies_are_bound_to_the_host() -> None:
    code = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME,"
        " s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_PATH,"
        " s.SESSION_COOKIE_DOMAIN, s.CSRF_COOKIE_DOMAIN, s.SECURE_HSTS_SECONDS >= 31536000, s.DEBUG)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=PRODUCTION, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "__Host-sessionid", "__Host-csrftoken", "True", "True", "True", "/", "None", "None", "True", "False",
    ]  # fmt: skip


# — What clients claim —


def seen_by_the_program(peer: str, **claims: str) -> dict[str, str]:
    seen: dict[str, str] = {}

    def program(request: HttpRequest) -> HttpResponse:
        seen.update({name: str(request.META[name]) for name in claims if name in request.META})
        return HttpResponse()

    request = RequestFactory().get("/")
    request.META |= {"REMOTE_ADDR": peer, **claims}
    ProxiesOnly(program)(request)
    return seen


def test_only_a_proxy_says_that_the_client_used_tls(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ("10.0.0.1",)
    claim = {"HTTP_X_FORWARDED_PROTO": "https"}
    assert seen_by_the_program("10.0.0.1", **claim) == claim
    assert seen_by_the_program("192.0.2.1", **claim) == {}


@pytest.mark.parametrize("peer", ["127.0.0.1", "192.0.2.1"])
def test_nobody_says_who_the_user_is(peer: str) -> None:
    claims = {"HTTP_REMOTE_USER": "root", "REMOTE_USER": "root", "HTTP_X_FORWARDED_USER": "root"}
    assert seen_by_the_program(peer, **claims) == {}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/api/v1/indicators", "/feeds/text", "/taxii2/"])
def test_no_header_logs_anybody_in(client: Client, path: str) -> None:
    member = make_member()
    headers = {
        "X-Forwarded-User": member.email, "Remote-User": member.email, "X-Remote-User": member.email,
        "X-Forwarded-Email": member.email, "X-User-Id": str(member.pk), "X-Forwarded-For": "127.0.0.1",
        "OpenCTI-Applicant-Id": str(member.pk),
    }  # fmt: skip
    plain = client.get(path)
    forged = client.get(path, headers=headers, REMOTE_USER=member.email)
    assert (forged.status_code, forged.content) == (plain.status_code, plain.content) or forged.status_code in {
        302,
        401,
    }
    assert plain.status_code in {200, 302, 401, 403}
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host", ["evil.example", "ioc.example.org.evil.example", "ioc.example.org:80@evil.example", ""]
)
def test_an_unknown_host_is_refused_before_a_link_is_made_from_it(
    client: Client, settings: Settings, host: str
) -> None:
    settings.ALLOWED_HOSTS = ["ioc.example.org"]
    settings.DEBUG = False
    answer = client.get("/accounts/login/", headers={"Host": host, "X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil" not in answer.content


@pytest.mark.django_db
def test_a_forwarded_host_changes_no_link(client: Client) -> None:
    plain = client.get("/accounts/login/")
    forged = client.get(
        "/accounts/login/", headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    )
    assert b"evil" not in forged.content
    assert forged.status_code == plain.status_code


def test_the_web_server_takes_bounded_headers_and_believes_none_about_itself() -> None:
    assert webserver.limit_request_fields * webserver.limit_request_field_size <= 1024 * 1024
    assert webserver.header_map == "drop"
    assert webserver.forwarded_allow_ips == webserver.forwarder_headers == ""
    assert "python:iocmarket.webserver" in programs(read_plan({}))["web"]
    assert "python:iocmarket.webserver" in (PROJECT / "Dockerfile").read_text()


# — What pages carry —


@pytest.mark.django_db
def test_every_answer_is_isolated_from_other_sites(client: Client) -> None:
    institution_token = make_token(make_member().institution)  # type: ignore[arg-type]
    machine = client.get("/api/v1/indicators", headers={"Authorization": f"Bearer {institution_token}"})
    for answer in (client.get("/accounts/login/"), machine, client.get("/nowhere"), client.get("/api/v1/schema")):
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize("name", ["mfa/static/mfa/js/webauthn.js", "account/static/account/js/onload.js"])
def test_the_scripts_of_the_log_in_need_no_evaluation(name: str) -> None:
    text = (Path(allauth.__file__).parent / name).read_text()
    assert "eval(" not in text
    assert "new Function" not in text
