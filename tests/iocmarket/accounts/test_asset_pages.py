"""The pages and the API of assets: one's own, and the administrators' queue."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from iocmarket.accounts import assets
from iocmarket.accounts.models import Asset, Institution
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.tasks import check_assets
from iocmarket.audit.services import PLATFORM
from tests.factories import make_institution, make_member, make_token
from tests.iocmarket.accounts.names import Names

pytestmark = pytest.mark.django_db


@pytest.fixture
def valbrune() -> Institution:
    return make_institution("Université de Valbrune")


@pytest.fixture
def manager(valbrune: Institution) -> Client:
    return session(valbrune, role=Role.MANAGER)


@pytest.fixture
def administrator() -> Client:
    return session(make_institution("INP Mériane"), role=Role.MANAGER, administrator=True)


def session(institution: Institution, **extra: Any) -> Client:
    client = Client()
    client.force_login(make_member(institution, **extra))
    return client


def declared(institution: Institution, kind: str = "network", value: str = "193.48.1.0/24") -> Asset:
    return assets.declare_asset(institution, kind=kind, value=value, actor=PLATFORM)


def test_declared_proven_and_removed_by_hand(
    manager: Client, names: Names, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(check_assets, "delay", check_assets.run)
    manager.post("/assets", {"kind": "domain", "value": "Univ-Valbrune.fr"})
    asset = Asset.objects.get()
    page = manager.get("/assets").content.decode()
    assert f'_iocmarket-challenge.univ-valbrune.fr. IN TXT "{asset.challenge}"'.replace('"', "&quot;") in page.replace(
        '"', "&quot;"
    )
    names.txt["_iocmarket-challenge.univ-valbrune.fr"] = [asset.challenge]
    with django_capture_on_commit_callbacks(execute=True):
        manager.post(f"/assets/{asset.public_id}/check")
    asset.refresh_from_db()
    assert asset.verified_at is not None
    manager.post(f"/assets/{asset.public_id}/remove")
    assert not Asset.objects.exists()


def test_the_same_by_machine(valbrune: Institution, names: Names) -> None:
    machine = Client(headers={"Authorization": f"Bearer {make_token(valbrune, scopes=[Scope.INSTITUTION_ADMIN])}"})
    body = json.dumps({"kind": "mail-domain", "value": "@univ-valbrune.fr"})
    made = machine.post("/api/v1/assets", body, content_type="application/json")
    assert made.status_code == 201
    told = made.json()
    assert (told["state"], told["record"]["type"]) == ("declared", "TXT")
    names.txt[told["record"]["name"]] = [told["record"]["text"]]
    path = f"/api/v1/assets/{told['id']}"
    assert machine.post(f"{path}/check").status_code == 202
    check_assets.run()
    found = machine.get(path).json()
    assert (found["state"], found["proof"]) == ("verified", "dns")
    assert machine.get("/api/v1/assets").json()["assets"] == [found]
    assert machine.delete(path).status_code == 204
    assert machine.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "network", "value": "10.0.0.0/8"}, "too_wide"),
        ({"kind": "domain", "value": "gmail.com"}, "shared_domain"),
        ({"kind": "planet", "value": "mars"}, "invalid_choice"),
        ({"kind": "network", "value": "193.48.1.0/24", "verified_at": "2026-01-01"}, "unknown_field"),
        ({"kind": "network"}, "required"),
    ],
)
def test_a_body_cannot_say_more_than_it_may(valbrune: Institution, body: Any, code: str) -> None:
    machine = Client(headers={"Authorization": f"Bearer {make_token(valbrune, scopes=[Scope.INSTITUTION_ADMIN])}"})
    answer = machine.post("/api/v1/assets", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Asset.objects.exists()


def test_a_form_cannot_say_more_than_it_may(manager: Client, valbrune: Institution) -> None:
    other = make_institution()
    manager.post(
        "/assets",
        {
            "kind": "network",
            "value": "193.48.1.0/24",
            "verified_at": "2026-01-01",
            "proof": "administrator",
            "institution": other.public_id,
        },
    )
    asset = Asset.objects.get()
    assert (asset.institution, asset.verified_at, asset.proof) == (valbrune, None, "")


def test_what_cannot_be_declared_is_said_beside_the_field(manager: Client) -> None:
    answer = manager.post("/assets", {"kind": "network", "value": "10.0.0.0/16"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["value"]


def test_assets_of_others_answer_as_none(manager: Client, valbrune: Institution) -> None:
    asset = declared(make_institution(), "domain", "univ-meriane.fr")
    machine = Client(headers={"Authorization": f"Bearer {make_token(valbrune, scopes=[Scope.INSTITUTION_ADMIN])}"})
    for act in ("check", "remove"):
        assert manager.post(f"/assets/{asset.public_id}/{act}").status_code == 404
    for ask, path in ((machine.get, ""), (machine.delete, ""), (machine.post, "/check")):
        real = ask(f"/api/v1/assets/{asset.public_id}{path}")
        assert (real.status_code, real.content) == (404, ask(f"/api/v1/assets/{uuid4()}{path}").content)
    assert machine.get("/api/v1/assets").json() == {"assets": []}
    assert Asset.objects.filter(pk=asset.pk).exists()


def test_a_manager_verifies_nothing(manager: Client, valbrune: Institution) -> None:
    asset = declared(valbrune)
    assert manager.get("/assets/queue").status_code == 404
    assert manager.post(f"/assets/queue/{asset.public_id}", {"decision": "approve"}).status_code == 404
    asset.refresh_from_db()
    assert asset.verified_at is None


def test_readers_look_and_change_nothing(valbrune: Institution) -> None:
    reader = session(valbrune, role=Role.READER)
    asset = declared(valbrune, "domain", "univ-valbrune.fr")
    assert asset.challenge in reader.get("/assets").content.decode()
    assert reader.post("/assets", {"kind": "asn", "value": "AS2200"}).status_code == 404
    for act in ("check", "remove"):
        assert reader.post(f"/assets/{asset.public_id}/{act}").status_code == 404
    assert Asset.objects.count() == 1


def test_an_administrator_verifies_refuses_and_takes_back(
    administrator: Client, manager: Client, valbrune: Institution
) -> None:
    asset = declared(valbrune)
    assert "193.48.1.0/24" in administrator.get("/assets/queue").content.decode()
    place = f"/assets/queue/{asset.public_id}"
    assert administrator.post(place, {"decision": "refuse", "reason": " "}).status_code == 422
    assert administrator.post(place, {"decision": "maybe"}).status_code == 422
    administrator.post(place, {"decision": "approve"})
    asset.refresh_from_db()
    assert asset.proof == Asset.Proof.ADMINISTRATOR
    administrator.post(place, {"decision": "refuse", "reason": "The register names somebody else."})
    asset.refresh_from_db()
    assert asset.verified_at is None
    assert "The register names somebody else." in manager.get("/assets").content.decode()
    manager.post(f"/assets/{asset.public_id}/remove")
    assert Asset.objects.filter(pk=asset.pk).exists()


def test_a_conflict_is_shown_and_not_verified(administrator: Client, valbrune: Institution) -> None:
    other = make_institution("École de Lumen")
    assets.approve_asset(declared(other, value="193.48.0.0/16"), actor=PLATFORM)
    asset = declared(valbrune)
    assert "École de Lumen" in administrator.get("/assets/queue").content.decode()
    answer = administrator.post(f"/assets/queue/{asset.public_id}", {"decision": "approve"})
    assert answer.status_code == 422
    asset.refresh_from_db()
    assert asset.verified_at is None
