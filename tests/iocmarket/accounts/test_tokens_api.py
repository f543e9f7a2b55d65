"""`/api/v1/tokens`: own tokens only, secrets once, nothing assigned that was not offered."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from iocmarket.accounts import feed_keys
from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.secrets import digest_of, is_well_formed
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from tests.factories import make_institution, make_member, make_token

pytestmark = pytest.mark.django_db
DOOR = "/api/v1/tokens"


@pytest.fixture
def institution() -> Institution:
    return make_institution()


@pytest.fixture
def manager(institution: Institution) -> Client:
    return session(institution, Role.MANAGER)


def session(institution: Institution, role: Role, **extra: Any) -> Client:
    client = Client()
    client.force_login(make_member(institution, role=role, **extra))
    return client


def machine(institution: Institution, *scopes: str) -> Client:
    return Client(headers={"Authorization": make_token(institution, scopes=scopes or [Scope.INSTITUTION_ADMIN])})


def post(client: Client, path: str = DOOR, /, **body: Any) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


def token_of(secret: str) -> Token:
    return Token.objects.get(digest=digest_of(secret))


def test_a_manager_makes_a_token_and_reads_its_secret_once(manager: Client, institution: Institution) -> None:
    until = (clock.now() + timedelta(days=30)).isoformat()
    answer = post(
        manager, name="SIEM", scopes=["feeds:read", "indicators:read"], tlp_ceiling="GREEN", operated_by="provider",
        networks=["192.0.2.7/24"], expires=until,
    )  # fmt: skip
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    told = answer.json()
    assert is_well_formed(told["secret"])
    made = token_of(told["secret"])
    assert (made.institution, made.networks, made.operated_by) == (institution, ["192.0.2.0/24"], "provider")
    assert told["tlp_ceiling"] == "GREEN"
    for found in (manager.get(DOOR), manager.get(f"{DOOR}/{told['id']}")):
        assert told["secret"] not in found.content.decode()
        assert told["secret"][8:] not in found.content.decode()
    assert manager.get(f"{DOOR}/{told['id']}").json() == {
        name: value for name, value in told.items() if name not in {"secret", "address"}
    }


def test_the_secret_is_stored_as_a_digest_alone(manager: Client) -> None:
    """Row "API-key session used for UI / key viewable / timing / weak hash"."""
    secret = post(manager, name="x", scopes=["feeds:read"]).json()["secret"]
    row: dict[str, Any] = {**Token.objects.values().get()}
    assert bytes(row.pop("digest")) == digest_of(secret)
    assert row.pop("hint") == secret[4:8]
    assert secret[8:] not in str(row)


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR])
def test_nobody_else_manages_tokens(role: Role, institution: Institution) -> None:
    client, held = session(institution, role), token_of(make_token(institution))
    for answer in (
        client.get(DOOR), post(client, name="x", scopes=["feeds:read"]), client.get(f"{DOOR}/{held.public_id}"),
        client.delete(f"{DOOR}/{held.public_id}"), post(client, f"{DOOR}/{held.public_id}/rotate"),
    ):  # fmt: skip
        assert answer.status_code == 403
    held.refresh_from_db()
    assert held.revoked_at is None
    assert Token.objects.count() == 1


@pytest.mark.parametrize("administrator", [False, True])
def test_another_institutions_token_is_as_none(administrator: bool, institution: Institution) -> None:
    """Row "org admin escalates": also an administrator of the platform reaches no token of others here."""
    client = session(institution, Role.MANAGER, administrator=administrator)
    other = token_of(make_token(make_institution()))
    for one, none in (
        (client.get(f"{DOOR}/{other.public_id}"), client.get(f"{DOOR}/{uuid4()}")),
        (client.delete(f"{DOOR}/{other.public_id}"), client.delete(f"{DOOR}/{uuid4()}")),
        (post(client, f"{DOOR}/{other.public_id}/rotate"), post(client, f"{DOOR}/{uuid4()}/rotate")),
        (client.post(f"/account/tokens/{other.public_id}/revoke"), client.post(f"/account/tokens/{uuid4()}/revoke")),
        (
            client.post(f"/account/tokens/{other.public_id}/rotate", {"overlap": "3"}),
            client.post(f"/account/tokens/{uuid4()}/rotate", {"overlap": "3"}),
        ),
    ):
        assert (one.status_code, none.status_code) == (404, 404)
    other.refresh_from_db()
    assert (other.revoked_at, other.replaced_by, Token.objects.count()) == (None, None, 1)
    assert client.get(DOOR).json() == {"tokens": []}
    assert other.name not in client.get("/account/tokens").content.decode().partition("Prêt")[0].partition("<main")[2]


ASSIGNED: dict[str, Any] = {
    "institution": 1, "institution_id": 1, "id": str(uuid4()), "public_id": str(uuid4()), "secret": "iocm" + "x" * 36,
    "digest": "x", "hint": "x", "made_by": 1, "revoked_at": None, "role": "manager", "is_administrator": True,
    "approved": True, "authkey": "x", "replaced_by": 1, "last_used_at": None, "created_at": None,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ASSIGNED))
def test_mass_assignment_is_refused_by_the_api(name: str, manager: Client) -> None:
    answer = post(manager, name="x", scopes=["feeds:read"], **{name: ASSIGNED[name]})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")
    assert answer.json()["where"] == f"/{name}"
    assert not Token.objects.exists()


def test_mass_assignment_is_ignored_by_the_page(manager: Client, institution: Institution) -> None:
    other = make_institution()
    secret = "iocm" + "x" * 36
    form = {**ASSIGNED, "institution": other.pk, "institution_id": other.pk, "secret": secret, "name": "x"}
    given = {name: value for name, value in form.items() if value is not None}
    given |= {"scopes": ["feeds:read"], "tlp_ceiling": "3", "operated_by": "self", "days": "90"}
    given["feed"] = "text"
    assert manager.post("/account/tokens", given).status_code == 200
    made = Token.objects.get()
    assert (made.institution, made.revoked_at, made.replaced_by, made.feed) == (institution, None, None, "")
    assert bytes(made.digest) != digest_of(secret)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "x"}, "no_scope"),
        ({"scopes": ["feeds:read"]}, "required"),
        ({"name": "", "scopes": ["feeds:read"]}, "blank"),
        ({"name": "x", "scopes": ["everything"]}, "invalid_choice"),
        ({"name": "x", "scopes": ["feeds:read"], "tlp_ceiling": "RED"}, "invalid_choice"),
        ({"name": "x", "scopes": ["feeds:read"], "operated_by": "x"}, "invalid_choice"),
        ({"name": "x", "scopes": ["feeds:read"], "networks": ["everywhere"]}, "bad_network"),
        ({"name": "x", "scopes": ["feeds:read"], "expires": "2020-01-01T00:00:00Z"}, "expired"),
        ({"name": "x", "scopes": ["feeds:read"], "expires": "9000-12-31T23:59:59Z"}, "expires_too_late"),
        ({"name": "x", "scopes": ["feeds:read"], "tool": "x"}, "unknown_tool"),
        ({"name": "x", "feed": "text"}, "feed_keys_off"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_reason(body: dict[str, Any], code: str, manager: Client) -> None:
    answer = post(manager, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Token.objects.exists()


@pytest.mark.parametrize("body", ["[]", "null", "7", '"x"', '{"name":{"a":1},"scopes":["feeds:read"]}'])
def test_a_body_of_another_shape_is_refused(body: str, manager: Client) -> None:
    answer = manager.post(DOOR, body, content_type="application/json")
    assert answer.status_code == 422
    assert not Token.objects.exists()


def test_a_machine_makes_no_token_and_rotates_itself_alone(institution: Institution) -> None:
    secret = make_token(institution, scopes=[Scope.INSTITUTION_ADMIN])
    client = Client(headers={"Authorization": secret})
    wider = token_of(make_token(institution, scopes=list(Scope)))
    assert post(client, name="x", scopes=["feeds:read"]).status_code == 403
    assert post(client, f"{DOOR}/{wider.public_id}/rotate").status_code == 403
    answer = post(client, f"{DOOR}/{token_of(secret).public_id}/rotate", overlap_hours=1)
    assert answer.status_code == 201
    assert token_of(answer.json()["secret"]).scopes == [Scope.INSTITUTION_ADMIN]
    assert post(client, f"{DOOR}/{token_of(secret).public_id}/rotate").json()["code"] == "already_rotated"


def test_without_the_scope_a_machine_sees_no_token(institution: Institution) -> None:
    client = machine(institution, *(set(Scope) - {Scope.INSTITUTION_ADMIN}))
    held = Token.objects.get()
    for answer in (client.get(DOOR), client.delete(f"{DOOR}/{held.public_id}"), post(client, name="x")):
        assert answer.status_code == 403


def test_revoking_is_at_once_and_may_be_repeated(institution: Institution) -> None:
    client, secret = machine(institution), make_token(institution, scopes=[Scope.INSTITUTION_ADMIN])
    held = token_of(secret)
    assert Client().get(DOOR, headers={"Authorization": secret}).status_code == 200
    assert [client.delete(f"{DOOR}/{held.public_id}").status_code for _ in range(2)] == [204, 204]
    assert Client().get(DOOR, headers={"Authorization": secret}).status_code == 401


def test_the_api_says_how_a_token_was_used_last(institution: Institution) -> None:
    secret = make_token(institution, scopes=[Scope.INSTITUTION_ADMIN])
    Client().get(DOOR, headers={"Authorization": secret, "User-Agent": "curl/8"}, REMOTE_ADDR="2001:db8::7")
    [told] = Client().get(DOOR, headers={"Authorization": secret}).json()["tokens"]
    assert (told["last_used_address"], told["last_used_client"]) == ("2001:db8::7", "curl/8")


def test_a_feed_key_comes_with_its_address(manager: Client) -> None:
    feed_keys.switch(on=True, actor=PLATFORM)
    told = post(manager, name="x", feed="text").json()
    assert told["address"].endswith(f"/feeds/k/{told['secret']}/text.txt")
    assert told["feed"] == "text"


@pytest.mark.parametrize("wrong", ["x" * 40, "iocm" + "0" * 36])
def test_guesses_are_counted_by_address_and_hold_up_nobody_else(
    wrong: str, settings: Any, institution: Institution
) -> None:
    settings.LIMITS = {"LIMIT_BAD_TOKEN": "2/60", "*": "0"}
    found = [Client().get(DOOR, headers={"Authorization": wrong}, REMOTE_ADDR="192.0.2.77") for _ in range(3)]
    assert [answer.status_code for answer in found] == [401, 401, 429]
    assert int(found[2]["Retry-After"]) > 0
    secret = make_token(institution, scopes=[Scope.INSTITUTION_ADMIN])
    assert Client().get(DOOR, headers={"Authorization": secret}, REMOTE_ADDR="192.0.2.77").status_code == 200
