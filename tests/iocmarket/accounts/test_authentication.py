"""Who may knock: five spellings of a token, and every way in which one opens nothing.

`GET /api/v1/submissions/<id>` is the door that is tried: it needs `indicators:write`; an unknown id behind it is 404.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from iocmarket.accounts.authentication import USE_GRAIN
from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.secrets import digest_of, new_secret
from iocmarket.accounts.services import revoke_token
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from tests.factories import PASSWORD, make_institution, make_member, make_token

pytestmark = pytest.mark.django_db
DOOR = f"/api/v1/submissions/{uuid4()}"


def knock(headers: dict[str, str], path: str = DOOR) -> Any:
    """One request of a machine."""
    return Client().get(path, headers=headers)


def basic(user: bytes, secret: str) -> str:
    """HTTP Basic."""
    return "Basic " + base64.b64encode(user + b":" + secret.encode()).decode()


@pytest.fixture
def institution() -> Institution:
    """An approved one."""
    return make_institution()


@pytest.fixture
def secret(institution: Institution) -> str:
    """A token that may write."""
    return make_token(institution, scopes=[Scope.INDICATORS_WRITE])


def token_of(secret: str) -> Token:
    """Its row."""
    return Token.objects.get(digest=digest_of(secret))


@pytest.mark.parametrize(
    "spelling",
    [
        "Bearer {}",
        "bearer   {}",
        "Token {}",
        "token {}",
        "{}",
        "  {}  ",
    ],
)
def test_the_authorization_header_carries_a_token_in_three_spellings(spelling: str, secret: str) -> None:
    assert knock({"Authorization": spelling.format(secret)}).status_code == 404


def test_misp_clients_send_their_own_header(secret: str) -> None:
    assert knock({"X-MISP-AUTH": secret}).status_code == 404


@pytest.mark.parametrize("user", [b"", b"siem", b"any name", "élu".encode(), "élu".encode("latin-1")])
def test_http_basic_takes_any_user_name_and_the_token_as_password(user: bytes, secret: str) -> None:
    assert knock({"Authorization": basic(user, secret)}).status_code == 404


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic Zm9v"},
        {"Authorization": "Basic été"},
        {"Authorization": "Digest username=x"},
        {"Authorization": "Bearer " + "x" * 40},
        {"Authorization": "Bearer " + new_secret()},
        {"Authorization": "x" * 5000},
        {"X-MISP-AUTH": new_secret()},
        {"X-Forwarded-User": "admin@example.org"},
        {"Remote-User": "admin@example.org"},
        {"X-User-Id": "1"},
    ],
)
def test_without_a_token_that_opens_the_answer_is_401_and_says_how_to_come_back(header: dict[str, str]) -> None:
    answer = knock(header)
    assert answer.status_code == 401
    assert 'Basic realm="iocmarket"' in answer["WWW-Authenticate"]
    assert 'Bearer realm="iocmarket"' in answer["WWW-Authenticate"]
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 401


def test_a_token_in_the_address_opens_nothing(secret: str) -> None:
    for query in (f"?token={secret}", f"?key={secret}", f"?access_token={secret}", f"?Authorization={secret}"):
        assert knock({}, DOOR + query).status_code == 401


def test_an_expired_token_opens_nothing(institution: Institution) -> None:
    secret = make_token(institution, scopes=[Scope.INDICATORS_WRITE], expires_at=clock.now() + timedelta(hours=1))
    assert knock({"Authorization": secret}).status_code == 404
    with time_machine.travel(clock.now() + timedelta(hours=1, seconds=1)):
        assert knock({"Authorization": secret}).status_code == 401


def test_a_revoked_token_opens_nothing_at_its_next_request(secret: str) -> None:
    assert knock({"Authorization": secret}).status_code == 404
    revoke_token(token_of(secret), actor=PLATFORM)
    assert knock({"Authorization": secret}).status_code == 401


@pytest.mark.parametrize("state", [state for state in Institution.State if state != Institution.State.APPROVED])
def test_tokens_of_an_institution_that_is_not_approved_open_nothing(
    state: str, institution: Institution, secret: str
) -> None:
    Institution.objects.filter(pk=institution.pk).update(state=state)
    assert knock({"Authorization": secret}).status_code == 401


def test_every_refusal_of_a_token_reads_the_same(institution: Institution, secret: str) -> None:
    """Whether a token is unknown, mistyped, revoked or suspended is nobody's business."""
    revoked = make_token(institution)
    revoke_token(token_of(revoked), actor=PLATFORM)
    answers = {knock({"Authorization": wrong}).content for wrong in (revoked, new_secret(), "x" * 40)}
    Institution.objects.filter(pk=institution.pk).update(state=Institution.State.SUSPENDED)
    answers.add(knock({"Authorization": secret}).content)
    assert len(answers) == 1


def test_a_missing_scope_is_403_and_named(institution: Institution) -> None:
    reader = make_token(institution, scopes=[Scope.INDICATORS_READ, Scope.FEEDS_READ])
    answer = knock({"Authorization": reader})
    assert answer.status_code == 403
    assert "indicators:write" in answer.json()["detail"]


def test_a_method_that_does_not_exist_is_405_for_members_and_401_for_others(secret: str) -> None:
    assert Client().put(DOOR, headers={"Authorization": secret}).status_code == 405
    assert Client().put(DOOR).status_code == 401


def test_head_needs_the_scope_of_get(institution: Institution, secret: str) -> None:
    reader = make_token(institution, scopes=[Scope.INDICATORS_READ])
    assert Client().head(DOOR, headers={"Authorization": reader}).status_code == 403
    assert Client().head(DOOR, headers={"Authorization": secret}).status_code == 404


def test_the_last_use_is_noted_once_a_minute(secret: str) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as traveller:
        assert token_of(secret).last_used_at is None
        knock({"Authorization": secret})
        assert token_of(secret).last_used_at == start
        traveller.move_to(start + USE_GRAIN)
        knock({"Authorization": secret})
        assert token_of(secret).last_used_at == start
        traveller.move_to(start + USE_GRAIN + timedelta(seconds=1))
        knock({"Authorization": secret})
        assert token_of(secret).last_used_at == start + USE_GRAIN + timedelta(seconds=1)


def test_a_refused_token_is_not_noted_as_used(institution: Institution, secret: str) -> None:
    Institution.objects.filter(pk=institution.pk).update(state=Institution.State.SUSPENDED)
    knock({"Authorization": secret})
    assert token_of(secret).last_used_at is None


@pytest.mark.parametrize("path", ["/", "/share", "/search?q=1.2.3.4", "/account/tokens", "/members/applications"])
@pytest.mark.parametrize("spelling", ["Authorization", "X-MISP-AUTH"])
def test_a_token_opens_no_page(path: str, spelling: str, institution: Institution) -> None:
    secret = make_token(institution, scopes=list(Scope))
    answer = knock({spelling: secret}, path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_a_members_session_opens_the_api_within_the_role(institution: Institution) -> None:
    client = Client()
    make_member(institution, email="writer@example.org", role=Role.CONTRIBUTOR)
    assert client.login(email="writer@example.org", password=PASSWORD)
    assert client.get(DOOR).status_code == 404
    make_member(institution, email="reader@example.org", role=Role.READER)
    assert client.login(email="reader@example.org", password=PASSWORD)
    assert client.get(DOOR).status_code == 403


def test_a_session_writes_only_with_its_csrf_token(institution: Institution) -> None:
    client = Client(enforce_csrf_checks=True)
    make_member(institution, email="writer@example.org")
    assert client.login(email="writer@example.org", password=PASSWORD)
    answer = client.post("/api/v1/submissions", "{}", content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


def test_a_suspended_institution_closes_the_api_to_sessions_too(institution: Institution) -> None:
    client = Client()
    make_member(institution, email="writer@example.org")
    assert client.login(email="writer@example.org", password=PASSWORD)
    Institution.objects.filter(pk=institution.pk).update(state=Institution.State.SUSPENDED)
    assert client.get(DOOR).status_code == 401
