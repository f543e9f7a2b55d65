"""Setting hooks up: by managers in person, with what a hook may be; by the API and on the page."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role, Scope
from iocmarket.audit.models import Event
from sharing.push.models import Delivery, Hook
from sharing.push.signing import key_of, new_secret, signature_headers
from tests.factories import make_institution, make_member, make_token

pytestmark = pytest.mark.django_db
SOAR = {"name": "SOAR", "url": "https://soar.example.org/hook"}
INDEX = {"name": "SIEM", "kind": "bulk", "url": "https://elastic.example.org:9200/iocmarket/_bulk"}


@pytest.fixture
def manager(institution: Institution) -> Client:
    """In a session."""
    client = Client()
    client.force_login(Member.objects.get(institution=institution))
    return client


@pytest.fixture
def machine(institution: Institution) -> Client:
    """A token that manages."""
    token = make_token(institution, scopes=[Scope.INSTITUTION_ADMIN])
    return Client(headers={"Authorization": f"Bearer {token}"})


def make(client: Client, **told: Any) -> Any:
    return client.post("/api/v1/webhooks", json.dumps(SOAR | told), content_type="application/json")


def change(client: Client, number: str, **told: Any) -> Any:
    return client.patch(f"/api/v1/webhooks/{number}", json.dumps(told), content_type="application/json")


def test_the_example_of_the_specification() -> None:
    """Standard Webhooks 1.0.0, the vector that its libraries are tested with."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    told = signature_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [secret])
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert len(key_of(secret)) == 24


def test_a_hook_is_made_listed_changed_and_removed(manager: Client) -> None:
    answer = make(manager, types=["ipv4", "domain"], threat_types=["c2"], score_min=50, tlp_max="GREEN")
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    made = answer.json()
    assert len(key_of(made.pop("secret"))) == 32
    assert (made["state"], made["operated_by"], made["from_start"]) == ("active", "provider", False)
    (listed,) = manager.get("/api/v1/webhooks").json()["webhooks"]
    assert listed == made
    changed = change(manager, made["id"], score_min=None, tlp_max="AMBER").json()
    assert changed == made | {"score_min": None, "tlp_max": "AMBER"}
    assert manager.delete(f"/api/v1/webhooks/{made['id']}").status_code == 204
    assert manager.get(f"/api/v1/webhooks/{made['id']}").status_code == 404
    acts = Event.objects.filter(action__startswith="webhook.").order_by("pk")
    assert [act.action for act in acts] == ["webhook.created", "webhook.amended", "webhook.removed"]
    assert acts[0].details == {"server": "soar.example.org", "kind": "webhook"}


def test_a_token_pauses_and_removes_but_leads_nothing_elsewhere(manager: Client, machine: Client) -> None:
    made = make(manager).json()
    assert make(machine).json()["code"] == "person_required"
    assert change(machine, made["id"], url="https://elsewhere.example.org/").json()["code"] == "person_required"
    assert machine.post(f"/api/v1/webhooks/{made['id']}/secret").json()["code"] == "person_required"
    assert change(machine, made["id"], state="paused").json()["state"] == "paused"
    assert change(machine, made["id"], state="active").json()["state"] == "active"
    assert machine.get(f"/api/v1/webhooks/{made['id']}/deliveries").json() == {"deliveries": []}
    assert machine.delete(f"/api/v1/webhooks/{made['id']}").status_code == 204


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"url": "http://soar.example.org/hook"}, "hook_not_encrypted"),
        ({"url": "ftp://soar.example.org/hook"}, "hook_address"),
        ({"url": "https://user:password@soar.example.org/"}, "hook_address"),
        ({"types": ["ipv7"]}, "hook_type"),
        ({"threat_types": ["evil"]}, "hook_threat"),
        ({"tlp_max": "RED"}, "invalid_choice"),
        ({"nonsense": 1}, "unknown_field"),
        ({**INDEX, "url": "https://elastic.example.org:9200/iocmarket"}, "not_a_bulk_address"),
        ({**INDEX, "auth": "api-key"}, "hook_credential"),
        ({**INDEX, "auth": "basic", "login": "a:b", "secret": "x"}, "hook_credential"),
        ({**INDEX, "auth": "api-key", "secret": "x\r\nHost: y"}, "hook_credential"),
    ],
    ids=["http", "ftp", "user", "type", "threat", "red", "field", "path", "no key", "colon", "line"],
)
def test_what_cannot_be_a_hook_is_refused(manager: Client, told: dict[str, Any], code: str) -> None:
    answer = make(manager, **told)
    assert answer.status_code == 422, answer.content
    assert code in answer.content.decode()
    assert not Hook.objects.exists()


def test_a_credential_goes_to_its_own_target_alone(manager: Client) -> None:
    made = make(manager, **INDEX, auth="api-key", secret="id:s3cret-key").json()
    assert "s3cret-key" not in json.dumps(made) + str(Hook.objects.values())
    assert made["secret"] == ""
    moved = change(manager, made["id"], url="https://elsewhere.example.org/iocmarket/_bulk")
    assert moved.json()["code"] == "hook_secret_again"
    assert change(manager, made["id"], name="SIEM 2").json()["name"] == "SIEM 2"
    assert change(manager, made["id"], kind="webhook").json()["code"] == "kind_stays"
    assert change(manager, made["id"], operated_by="self").json()["code"] == "kind_stays"
    assert manager.post(f"/api/v1/webhooks/{made['id']}/secret").json()["code"] == "nothing_signed"


def test_an_institution_has_ten_at_most(manager: Client) -> None:
    assert [make(manager, name=f"SOAR {number}").status_code for number in range(11)] == [201] * 10 + [422]


def test_only_what_was_given_up_is_sent_again(manager: Client) -> None:
    number = make(manager).json()["id"]
    hook = Hook.objects.get(public_id=number)
    dead = Delivery.objects.create(hook=hook, state="dead", values=[7], attempts=12, error="target_fails")
    path = f"/api/v1/webhooks/{number}/deliveries"
    (told,) = manager.get(path, {"state": "dead"}).json()["deliveries"]
    assert (told["id"], told["why"]) == (str(dead.public_id), "The target reports a fault of its own.")
    assert manager.get(path, {"state": "lost"}).status_code == 400
    assert manager.post(f"{path}/{dead.public_id}/resend").status_code == 202
    assert manager.get(path, {"state": "waiting"}).json()["deliveries"][0]["attempts"] == 0
    assert manager.post(f"{path}/{dead.public_id}/resend").json()["code"] == "not_dead"


def test_the_page_shows_the_secret_once(manager: Client, institution: Institution) -> None:
    form = {**SOAR, "kind": "webhook", "operated_by": "self", "auth": "none", "tlp_max": "3", "types": "ipv4, domain"}
    answer = manager.post("/webhooks", form)
    hook = Hook.objects.get(institution=institution)
    assert (answer.status_code, hook.types, hook.operated_by) == (200, ["domain", "ipv4"], "self")
    secret = answer.context["made"].secret
    assert secret.encode() in answer.content
    for path in ("/webhooks", f"/webhooks/{hook.public_id}", "/journal"):
        assert secret.encode() not in manager.get(path).content
    renewed = manager.post(f"/webhooks/{hook.public_id}/secret")
    assert b"whsec_" in renewed.content
    assert secret.encode() not in renewed.content


def test_the_page_says_what_is_wrong_at_its_field(manager: Client) -> None:
    form = {**SOAR, "kind": "webhook", "operated_by": "self", "tlp_max": "3"}
    answer = manager.post("/webhooks", form | {"url": "http://soar.example.org/"})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["url"]
    assert list(manager.post("/webhooks", form | {"types": "ipv7"}).context["form"].errors) == ["types"]


def test_the_page_changes_a_hook_and_sends_what_was_given_up_again(manager: Client) -> None:
    number = make(manager, operated_by="self").json()["id"]
    hook = Hook.objects.get(public_id=number)
    dead = Delivery.objects.create(hook=hook, state="dead", values=[7], attempts=12, error="target_fails")
    form = {**SOAR, "tlp_max": "1", "score_min": "40"}
    assert manager.post(f"/webhooks/{number}", form).status_code == 302
    hook.refresh_from_db()
    assert (hook.tlp_max, hook.score_min, hook.operated_by) == (1, 40, "self")
    assert "abandonn" in manager.get(f"/webhooks/{number}").content.decode()
    assert manager.post(f"/webhooks/{number}/deliveries/{dead.public_id}").status_code == 302
    dead.refresh_from_db()
    assert dead.state == "waiting"


def test_others_find_nothing(manager: Client) -> None:
    number = make(manager).json()["id"]
    stranger = Client()
    stranger.force_login(make_member(make_institution(), role=Role.MANAGER))
    for path in (f"/webhooks/{number}", f"/api/v1/webhooks/{number}", f"/api/v1/webhooks/{number}/deliveries"):
        assert stranger.get(path).status_code == 404
    assert stranger.get("/api/v1/webhooks").json() == {"webhooks": []}


def test_the_lines_of_the_documentation_verify_what_is_sent(settings: Any) -> None:
    text = (settings.BASE_DIR / "docs" / "webhooks.md").read_text()
    names: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], names)
    secret, body = new_secret(), b'{"type": "indicators.changed"}'
    headers = signature_headers("msg_1", int(time.time()), body, [new_secret(), secret])
    names["verify"](secret, headers, body)
    with pytest.raises(ValueError, match="not ours"):
        names["verify"](new_secret(), headers, body)
    with pytest.raises(ValueError, match="too old"):
        names["verify"](secret, signature_headers("msg_1", int(time.time()) - 400, body, [secret]), body)
