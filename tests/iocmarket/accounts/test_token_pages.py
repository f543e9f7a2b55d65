"""The page of tokens and the page of partners, as forms are sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts import feed_keys
from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.opening import the_public
from iocmarket.accounts.partners import make_partner
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.secrets import digest_of
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP
from tests.factories import make_institution, make_member, make_token

pytestmark = pytest.mark.django_db
PAGE = "/account/tokens"
FORM = {"name": "SIEM", "scopes": ["feeds:read"], "tlp_ceiling": "3", "operated_by": "self", "days": "90"}


@pytest.fixture
def institution() -> Institution:
    return make_institution()


@pytest.fixture
def manager(institution: Institution) -> Client:
    client = Client()
    client.force_login(make_member(institution, role=Role.MANAGER, administrator=True))
    return client


def secret_on(answer: Any) -> str:
    secret: str = answer.context["made"].secret
    assert answer.content.decode().count(secret) >= 1
    return secret


def test_the_form_makes_what_it_says(manager: Client, institution: Institution) -> None:
    answer = manager.post(
        PAGE, {**FORM, "tlp_ceiling": "1", "operated_by": "provider", "networks": "192.0.2.9/24\n::1"}
    )
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    made = Token.objects.get(digest=digest_of(secret_on(answer)))
    assert (made.institution, made.scopes, made.tlp_ceiling) == (institution, [Scope.FEEDS_READ], TLP.GREEN)
    assert (made.networks, made.operated_by) == (["192.0.2.0/24", "::1/128"], "provider")
    assert secret_on(answer) not in manager.get(PAGE).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"tlp_ceiling": "4"}, {"tlp_ceiling": "x"}, {"networks": "everywhere"}, {"scopes": []}, {"days": "-1"}]
)
def test_a_wrong_form_makes_nothing(wrong: dict[str, Any], manager: Client) -> None:
    answer = manager.post(PAGE, {**FORM, **wrong})
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not Token.objects.exists()


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR])
def test_only_managers_act_and_the_others_see_no_form(role: Role, institution: Institution) -> None:
    held = Token.objects.get(digest=digest_of(make_token(institution)))
    client = Client()
    client.force_login(make_member(institution, role=role))
    assert "<form" not in client.get(PAGE).content.decode().partition('id="tokens-title"')[2].partition("</main>")[0]
    for path in (PAGE, f"{PAGE}/feed-keys", f"{PAGE}/{held.public_id}/rotate", f"{PAGE}/{held.public_id}/revoke"):
        assert client.post(path, FORM).status_code == 404
    held.refresh_from_db()
    assert (held.revoked_at, Token.objects.count()) == (None, 1)


@pytest.mark.parametrize("path", ["", "/feed-keys", "/{}/rotate", "/{}/revoke"])
def test_every_act_asks_for_the_forms_own_token(path: str, institution: Institution) -> None:
    held = Token.objects.get(digest=digest_of(make_token(institution)))
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(institution, role=Role.MANAGER))
    assert client.post(PAGE + path.format(held.public_id), FORM).status_code == 403
    if path:
        assert client.get(PAGE + path.format(held.public_id)).status_code == 405


def test_rotating_shows_the_new_secret_once(manager: Client, institution: Institution) -> None:
    old = Token.objects.get(digest=digest_of(make_token(institution)))
    answer = manager.post(f"{PAGE}/{old.public_id}/rotate", {"overlap": "7"})
    secret = secret_on(answer)
    old.refresh_from_db()
    assert old.replaced_by == Token.objects.get(digest=digest_of(secret))
    assert secret not in manager.get(PAGE).content.decode()
    assert manager.post(f"{PAGE}/{old.public_id}/rotate", {"overlap": "7"}).status_code == 302
    assert manager.post(f"{PAGE}/{old.public_id}/rotate", {"overlap": "30"}).status_code == 302
    assert Token.objects.count() == 2


def test_a_feed_key_is_offered_only_where_keys_are_on(manager: Client) -> None:
    form = {"key-name": "pare-feu", "key-feed": "text", "key-tlp_ceiling": "3", "key-days": "365"}
    assert manager.get(PAGE).context["key_form"] is None
    assert manager.post(f"{PAGE}/feed-keys", form).status_code == 422
    feed_keys.switch(on=True, actor=PLATFORM)
    answer = manager.post(f"{PAGE}/feed-keys", form)
    address = answer.context["address"]
    assert f"/feeds/k/{secret_on(answer)}/text.txt" in address
    assert address in answer.content.decode()
    assert Token.objects.get().feed == "text"


def test_the_page_tells_of_the_last_use_without_obeying_it(manager: Client, institution: Institution) -> None:
    secret = make_token(institution, scopes=[Scope.INSTITUTION_ADMIN])
    client = "<script>alert(1)</script>"
    Client().get("/api/v1/tokens", headers={"Authorization": secret, "User-Agent": client}, REMOTE_ADDR="192.0.2.3")
    page = manager.get(PAGE).content.decode()
    assert "192.0.2.3" in page
    assert client not in page
    assert "&lt;script&gt;" in page


# Partners


def test_an_administrator_makes_a_partner_and_its_tokens(manager: Client) -> None:
    day = f"{clock.now() + timedelta(days=30):%Y-%m-%d}"
    form = {"name": "CERT", "contact_email": "cert@example.org", "agreement": "Convention", "until": day}
    answer = manager.post("/community/partners", form)
    partner = Institution.objects.get(kind=Institution.Kind.PARTNER)
    assert answer["Location"] == f"/community/partners/{partner.public_id}"
    assert partner.agreement_until is not None
    assert partner.agreement_until > clock.now() + timedelta(days=29)
    made = manager.post(f"/community/partners/{partner.public_id}/tokens", {**FORM, "tlp_ceiling": "1"})
    held = Token.objects.get(digest=digest_of(secret_on(made)))
    assert (held.institution, held.ceiling.tlp) == (partner, TLP.GREEN)
    assert secret_on(made) not in manager.get(f"/community/partners/{partner.public_id}").content.decode()
    revoke = f"/community/partners/{partner.public_id}/tokens/{held.public_id}/revoke"
    assert manager.post(revoke).status_code == 302
    held.refresh_from_db()
    assert held.revoked_at is not None


def test_a_partner_is_offered_no_more_than_it_may_have(manager: Client) -> None:
    partner = a_partner()
    for wrong in ({"tlp_ceiling": "2"}, {"scopes": ["indicators:write"]}):
        answer = manager.post(f"/community/partners/{partner.public_id}/tokens", {**FORM, "tlp_ceiling": "1", **wrong})
        assert answer.status_code == 422
    assert not Token.objects.exists()


def test_the_pages_of_partners_reach_no_member(manager: Client, institution: Institution) -> None:
    """Row "authorize object A, mutate object B": neither as the partner, nor by a token under a partner's path."""
    partner, held = a_partner(), Token.objects.get(digest=digest_of(make_token(institution)))
    for path in ("", "/agreement", "/end", "/tokens", f"/tokens/{held.public_id}/revoke"):
        act = manager.post if path else manager.get
        answer = act(f"/community/partners/{institution.public_id}{path}", {"agreement": "x", "until": "2030-01-01"})
        assert answer.status_code == 404, path
    assert manager.post(f"/community/partners/{partner.public_id}/tokens/{held.public_id}/revoke").status_code == 404
    held.refresh_from_db()
    institution.refresh_from_db()
    assert (held.revoked_at, institution.state, institution.agreement) == (None, Institution.State.APPROVED, "")


def test_an_agreement_is_written_anew_and_ended(manager: Client) -> None:
    partner = a_partner()
    path = f"/community/partners/{partner.public_id}"
    assert manager.post(f"{path}/agreement", {"agreement": "x", "until": "2020-01-01"}).status_code == 422
    assert manager.post(f"{path}/agreement", {"agreement": "x", "until": "9999-12-31"}).status_code == 422
    day = f"{clock.now() + timedelta(days=300):%Y-%m-%d}"
    assert manager.post(f"{path}/agreement", {"agreement": "Encore", "until": day}).status_code == 302
    partner.refresh_from_db()
    assert partner.agreement == "Encore"
    assert manager.post(f"{path}/end").status_code == 302
    partner.refresh_from_db()
    assert not partner.opens_to_tokens(clock.now())
    assert manager.post(f"{path}/tokens", {**FORM, "tlp_ceiling": "1"}).status_code == 404


def test_the_switches_do_what_their_buttons_say(manager: Client) -> None:
    states: dict[str, Callable[[], bool]] = {"public_feed": is_public, "feed_keys": feed_keys.are_on}
    for what, is_on in states.items():
        for on in ("1", "1", "0", "0"):
            assert manager.post("/community/partners/switches", {"what": what, "on": on}).status_code == 302
            assert is_on() is (on == "1")
    for wrong in ({}, {"what": "x", "on": "1"}, {"what": "feed_keys"}, {"what": "feed_keys", "on": "2"}):
        assert manager.post("/community/partners/switches", wrong).status_code == 404


def is_public() -> bool:
    return the_public() is not None


def a_partner() -> Institution:
    until = clock.now() + timedelta(days=30)
    return make_partner(name="CERT", agreement="x", until=until, contact_email="", actor=PLATFORM)
