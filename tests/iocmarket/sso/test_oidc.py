"""OpenID Connect against a real provider over HTTP (security.md, Log-in; the row of CVE-2026-9084)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.sso.errors import NotTaken
from iocmarket.sso.id_tokens import read_id_token
from iocmarket.vetting import deciding
from tests.factories import make_member
from tests.iocmarket.sso.browser import Browser
from tests.iocmarket.sso.conftest import World, configure, oidc_provider

Issuers = tuple[str, str]


def test_somebody_new_waits_in_the_institution_that_the_provider_speaks_for(oidc: Issuers, world: World) -> None:
    browser = Browser()
    answer = browser.through_oidc("a", "ada")
    assert (answer.status_code, answer["Location"]) == (302, "/account/waiting")
    member = browser.member
    assert (member.state, member.institution, member.role) == (Member.State.APPLICANT, world.a, Role.READER)
    assert (member.email, member.name, member.has_usable_password()) == ("ada@a.example", "Ada Exemple", False)
    account = SocialAccount.objects.get(user=member)
    assert (account.provider, account.uid) == (oidc[0], "sub:ada")
    assert account.extra_data == {"scopes": ["a.example"]}, "nothing else of what the provider said is kept"
    assert EmailAddress.objects.get(user=member).verified
    assert browser.client.get("/search").status_code == 302
    assert browser.client.get("/account/waiting").status_code == 200


def test_the_manager_lets_in_and_the_next_log_in_is_one(oidc: Issuers, world: World) -> None:
    Browser().through_oidc("a", "ada")
    manager = make_member(world.a, role=Role.MANAGER)
    (waiting,) = deciding.waiting_for(manager)
    deciding.approve(waiting, role=Role.CONTRIBUTOR, by=manager)
    browser = Browser()
    answer = browser.through_oidc("a", "ada")
    assert answer["Location"] == "/"
    assert browser.member_id == waiting.pk
    assert browser.client.get("/").status_code == 200
    assert Member.objects.filter(email="ada@a.example").count() == 1


def test_the_same_subject_of_another_issuer_is_somebody_else(oidc: Issuers) -> None:
    first, second = Browser(), Browser()
    first.through_oidc("a", "bob")
    second.through_oidc("b", "bob")
    assert first.member_id != second.member_id
    assert SocialAccount.objects.count() == 2


@pytest.mark.parametrize("known_by", ["password", "provider"])
def test_an_address_of_somebody_else_opens_nothing(
    oidc: Issuers, world: World, settings: Settings, known_by: str
) -> None:
    """Provider b may even assert the address's domain: the account stays the victim's, nothing is connected or made."""
    configure(
        settings,
        [oidc_provider("a", oidc[0], "a.example", "Université A"),
         oidc_provider("b", oidc[1], "b.example", "Université B", mail_domains=["a.example", "b.example"])],
    )  # fmt: skip
    if known_by == "password":
        make_member(world.a, role=Role.MANAGER, email="ada@a.example")
    else:
        Browser().through_oidc("a", "ada")
    before = (Member.objects.count(), SocialAccount.objects.count(), EmailAddress.objects.count())
    browser = Browser()
    answer = browser.through_oidc("b", "victim")
    assert answer.status_code == 403
    assert "existe déjà" in answer.content.decode()
    assert browser.member_id is None
    assert (Member.objects.count(), SocialAccount.objects.count(), EmailAddress.objects.count()) == before


@pytest.mark.parametrize("sub", ["foreign", "nowhere", "scopeless", "silent", "victim"])
def test_what_a_provider_may_not_say_is_refused_and_nothing_is_stored(oidc: Issuers, sub: str) -> None:
    before = (Member.objects.count(), Event.objects.count())
    browser = Browser()
    answer = browser.through_oidc("b", sub)
    assert answer.status_code == 403
    assert browser.member_id is None
    assert (Member.objects.count(), Event.objects.count()) == before
    assert not SocialAccount.objects.exists()


def test_an_address_that_the_provider_did_not_verify_is_confirmed_first(oidc: Issuers) -> None:
    browser = Browser()
    browser.through_oidc("a", "unverified")
    assert not EmailAddress.objects.get(email="u@a.example").verified
    assert browser.member_id is None


@pytest.mark.parametrize("state", ["suspended", "left"])
def test_an_institution_that_is_out_takes_nobody_in(oidc: Issuers, world: World, state: str) -> None:
    world.a.state = state
    world.a.save()
    assert Browser().through_oidc("a", "ada").status_code == 403
    assert not Member.objects.exists()


@pytest.mark.parametrize("state", [Member.State.SUSPENDED, Member.State.REFUSED, Member.State.REMOVED])
def test_nobody_who_is_out_is_let_in_again(oidc: Issuers, state: str) -> None:
    Browser().through_oidc("a", "ada")
    Member.objects.update(state=state, role=Role.MANAGER)
    browser = Browser()
    browser.through_oidc("a", "ada")
    member = Member.objects.get()
    assert (member.state, member.role) == (state, Role.MANAGER)
    assert browser.client.get("/search").status_code == 302


def test_nobody_is_moved(oidc: Issuers, world: World) -> None:
    """The provider goes on speaking for institution A; the member was moved by people to B: it logs in nobody of B."""
    Browser().through_oidc("a", "ada")
    Member.objects.update(institution=world.b, state=Member.State.APPROVED, role=Role.MANAGER)
    browser = Browser()
    assert browser.through_oidc("a", "ada").status_code == 403
    assert browser.member_id is None
    assert Member.objects.get().institution == world.b


def test_a_member_connects_after_proving_who_it_is(oidc: Issuers, world: World) -> None:
    member = make_member(world.a, email="ada@a.example")
    EmailAddress.objects.get_or_create(user=member, email=member.email, defaults={"verified": True, "primary": True})
    browser = Browser()
    browser.client.force_login(member)
    answer = browser.through_oidc("a", "ada", process="connect")
    assert (answer.status_code, answer["Location"]) == (302, "/account/connections")
    assert SocialAccount.objects.get().user == member
    assert Event.objects.filter(action="member.provider_connected").count() == 1
    other = Browser()
    other.through_oidc("a", "ada")
    assert other.member_id == member.pk


def test_an_old_session_connects_nothing(oidc: Issuers, world: World) -> None:
    browser = Browser()
    browser.client.force_login(make_member(world.a))
    where = browser.leave("a", process="connect")
    _age(browser.client)
    answer = browser.client.post("/accounts/sso/to/a", {"process": "connect"})
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert browser.client.get(browser.at_oidc(where, "ada")).status_code == 403
    assert not SocialAccount.objects.exists()


def _age(client: Client) -> None:
    session = client.session
    session["logged_in_at"] = time.time() - 3600
    session["account_authentication_methods"] = []
    session.save()


def test_a_stranger_connects_nothing(oidc: Issuers, world: World) -> None:
    assert Client().post("/accounts/sso/to/a", {"process": "connect"}).status_code == 404
    other = make_member(world.b)
    browser = Browser()
    browser.client.force_login(other)
    assert browser.through_oidc("a", "ada", process="connect").status_code == 403, "a provider of another institution"
    assert not SocialAccount.objects.exists()


def test_an_identity_has_one_account(oidc: Issuers, world: World) -> None:
    Browser().through_oidc("a", "ada")
    browser = Browser()
    browser.client.force_login(make_member(world.a))
    assert browser.through_oidc("a", "ada", process="connect").status_code == 403
    assert SocialAccount.objects.count() == 1


def test_an_answer_counts_once_and_in_its_own_browser(oidc: Issuers) -> None:
    browser = Browser()
    back = browser.at_oidc(browser.leave("a"), "ada")
    assert Browser().client.get(back).status_code == 403, "another browser"
    assert browser.client.get(back.replace("state=", "state=x")).status_code == 403
    assert browser.client.get(back).status_code == 302
    assert browser.client.get(back).status_code == 403, "a second time"


def test_an_answer_of_another_provider_is_refused(oidc: Issuers) -> None:
    browser = Browser()
    back = browser.at_oidc(browser.leave("a"), "ada")
    assert browser.client.get(back.replace("/oidc/a/", "/oidc/b/")).status_code == 403
    assert browser.client.get(f"{back}&iss=http://elsewhere.example").status_code == 403
    assert not Member.objects.exists()


def test_a_log_in_that_was_refused_there_is_said_so(oidc: Issuers) -> None:
    browser = Browser()
    where = browser.leave("a")
    (state,) = parse_qs(urlsplit(where).query)["state"]
    back = browser.at_oidc(where, "ada", action="deny")
    back += "" if "state=" in back else f"&state={state}"  # this provider forgets it
    answer = browser.client.get(back)
    assert answer.status_code == 403
    assert "Vous ne vous êtes pas connecté" in answer.content.decode()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_afterwards(oidc: Issuers, wanted: str) -> None:
    browser = Browser()
    assert browser.through_oidc("a", "ada", next=wanted)["Location"] == "/account/waiting"


def test_a_path_of_ours_is_gone_to_afterwards(oidc: Issuers, world: World) -> None:
    Browser().through_oidc("a", "ada")
    Member.objects.update(state=Member.State.APPROVED)
    assert Browser().through_oidc("a", "ada", next="/search?q=x")["Location"] == "/search?q=x"


def test_a_log_in_begins_by_a_button_with_our_cookie(oidc: Issuers) -> None:
    assert Client().get("/accounts/sso/to/a").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/accounts/sso/to/a").status_code == 403
    assert Client().post("/accounts/sso/to/nobody").status_code == 404


def test_the_request_has_state_nonce_and_challenge(oidc: Issuers, settings: Settings) -> None:
    browser = Browser()
    first, second = (parse_qs(urlsplit(browser.leave("a")).query) for _ in range(2))
    assert first["redirect_uri"] == [f"{settings.PUBLIC_URL}/accounts/sso/oidc/a/callback"]
    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 32
        assert first[name] != second[name]


def test_a_provider_that_says_it_is_another_one_is_not_asked(oidc: Issuers, settings: Settings) -> None:
    configure(settings, [oidc_provider("a", f"{oidc[0]}/", "a.example", "Université A")])
    assert Client().post("/accounts/sso/to/a").status_code == 403


def test_a_provider_that_is_away_breaks_nothing(world: World, settings: Settings) -> None:
    configure(settings, [oidc_provider("a", "http://127.0.0.1:9", "a.example", "Université A")])
    settings.OUTBOUND_ALLOWED = ("127.0.0.1:9",)
    assert Client().post("/accounts/sso/to/a").status_code == 403


# — The ID token alone —

ISSUER, AUDIENCE, NONCE, JWKS = "https://idp.example", "iocmarket", "the nonce", "https://idp.example/jwks"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def keys() -> None:
    """The issuer's keys, as they were fetched."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    cache.set(f"sso.keys.{JWKS}", {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}, 60)


def token(key: Any = KEY, algorithm: str = "RS256", kid: str = "one", **changes: Any) -> str:
    """A token that is right but for the changes."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "ada", "aud": AUDIENCE, "exp": now + 300, "iat": now, "nonce": NONCE, **changes}
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None}, key, algorithm, headers={"kid": kid}
    )


def read(text: str) -> dict[str, Any]:
    return read_id_token(text, issuer=ISSUER, audience=AUDIENCE, nonce=NONCE, jwks_uri=JWKS)


def test_a_right_token_is_read(keys: None) -> None:
    assert read(token())["sub"] == "ada"


# Equal in every process that collects: the values hold moments and keys.
_WRONG = (
    "iss-other", "iss-none", "aud-other", "aud-none", "sub-none", "sub-empty", "sub-long", "nonce-other", "nonce-none",
    "azp-other", "exp-none", "iat-none", "expired", "issued-later", "not-yet", "another-key", "shared-secret",
    "unsigned",
)  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"}, {"iss": None}, {"aud": "another"}, {"aud": None}, {"sub": None}, {"sub": ""},
        {"sub": "x" * 256}, {"nonce": "another"}, {"nonce": None}, {"azp": "another"}, {"exp": None}, {"iat": None},
        {"exp": int(time.time()) - 120}, {"iat": int(time.time()) + 3600}, {"nbf": int(time.time()) + 3600},
        {"key": OTHER}, {"key": "secret" * 8, "algorithm": "HS256"}, {"key": None, "algorithm": "none"},
    ],
    ids=_WRONG,
)  # fmt: skip
def test_a_wrong_token_is_not(keys: None, changes: dict[str, Any]) -> None:
    with pytest.raises(NotTaken):
        read(token(**changes))


def test_a_token_signed_with_the_public_key_as_a_secret_is_not_read(keys: None) -> None:
    """The old confusion of RS256 and HS256."""
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT","kid":"one"}').rstrip(b"=")
    body = token().split(".")[1].encode()
    signature = hmac.new(public, head + b"." + body, hashlib.sha256).digest()
    made = b".".join((head, body, base64.urlsafe_b64encode(signature).rstrip(b"=")))
    with pytest.raises(NotTaken):
        read(made.decode())


@pytest.mark.parametrize("text", ["", "a.b.c", "é", "..", "null"])
def test_what_is_no_token_is_not(keys: None, text: str) -> None:
    with pytest.raises(NotTaken):
        read(text)
