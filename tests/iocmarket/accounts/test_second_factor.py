"""OTP without rate limit, OTP secret or step skipped (security.md): none of it works here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from pytest_django import Settings

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from iocmarket.accounts.second_factor import must_have
from iocmarket.audit.models import Event
from iocmarket.settings.env import REQUIRED_IN_PRODUCTION, require_production
from tests.factories import PASSWORD, make_member
from tests.mailbox import Mailbox
from tests.second_factors import STEP, code_of, give_app, give_codes, wrong

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SECOND_STEP = "/accounts/2fa/authenticate/"
PAGES = ("/", "/search", "/share", "/account", "/account/tokens", "/members/applications")
MACHINES = ("/api/v1/indicators", "/feeds/csv", "/taxii2/")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The same second until a test moves on."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def manager() -> Member:
    """Somebody who needs a second factor."""
    return make_member(role=Role.MANAGER)


def password_given(member: Member, **extra: Any) -> Client:
    """A browser in which the first step is done."""
    client = Client(**extra)
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    """Whether the first page opens."""
    return bool(client.get("/").status_code == 200)


def test_who_needs_one_sees_only_where_it_is_set_up(settings: Settings, manager: Member) -> None:
    settings.MFA_REQUIRED = "managers"
    client = password_given(manager)
    for path in PAGES:
        assert client.get(path)["Location"] == "/account/second-factor", path
        assert client.post(path)["Location"] == "/account/second-factor", path
    for path in MACHINES:
        assert client.get(path).status_code == 401, path
    assert client.get("/account/second-factor").status_code == 200


def test_setting_up_an_app_opens_the_pages_and_gives_codes_once(settings: Settings, manager: Member) -> None:
    settings.MFA_REQUIRED = "managers"
    client = password_given(manager)
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert client.post("/accounts/2fa/totp/activate/", {"code": wrong(code_of(secret))}).status_code == 200
    done = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert done["Location"] == "/accounts/2fa/recovery-codes/"
    shown = re.findall(r"\b\d{8}\b", client.get(done["Location"]).content.decode())
    assert len(set(shown)) == 10
    assert not re.findall(r"\b\d{8}\b", client.get(done["Location"]).content.decode())
    assert is_in(client)
    assert client.get(MACHINES[0]).status_code == 200
    kinds = set(Event.objects.filter(action="member.factor_added").values_list("details__kind", flat=True))
    assert kinds <= {"totp", "recovery_codes"}


@pytest.mark.parametrize(
    ("required", "role", "administrator", "needed"),
    [
        ("managers", Role.MANAGER, False, True),
        ("managers", Role.READER, True, True),
        ("managers", Role.CONTRIBUTOR, False, False),
        ("all", Role.READER, False, True),
        ("none", Role.MANAGER, True, False),
    ],
)
def test_the_setting_says_who_needs_one(
    settings: Settings, required: str, role: Role, administrator: bool, needed: bool
) -> None:
    settings.MFA_REQUIRED = required
    member = make_member(role=role, administrator=administrator)
    assert must_have(member) is needed
    assert is_in(password_given(member)) is not needed


def test_the_second_step_cannot_be_skipped(manager: Member) -> None:
    secret = give_app(manager)
    client = password_given(manager)
    for path in PAGES:
        assert client.get(path)["Location"].startswith("/accounts/login/"), path
    for path in MACHINES:
        assert client.get(path).status_code == 401, path
    for path in ("totp/deactivate/", "totp/activate/", "recovery-codes/", "webauthn/add/", "recovery-codes/generate/"):
        answer = client.post(f"/accounts/2fa/{path}")
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/accounts/login/"), path
    assert Authenticator.objects.get(user=manager).type == "totp"
    assert client.post(SECOND_STEP, {"code": code_of(secret)})["Location"] == "/"
    assert is_in(client)


def test_a_code_before_the_password_opens_nothing(manager: Member) -> None:
    secret = give_app(manager)
    answer = Client().post(SECOND_STEP, {"code": code_of(secret)})
    assert answer["Location"].startswith("/accounts/login/")


def test_codes_are_not_guessed_by_trying_all(manager: Member) -> None:
    secret = give_app(manager)
    for number in range(5):
        client = password_given(manager, REMOTE_ADDR=f"198.51.100.{number}")
        client.post(SECOND_STEP, {"code": wrong(code_of(secret))})
        assert not is_in(client)
    client = password_given(manager, REMOTE_ADDR="198.51.100.99")
    client.post(SECOND_STEP, {"code": code_of(secret)})
    assert not is_in(client)


def test_patience_does_not_help_either(manager: Member, clock: time_machine.Traveller) -> None:
    secret = give_app(manager)
    for _ in range(12):
        client = password_given(manager)
        for _ in range(6):
            client.post(SECOND_STEP, {"code": wrong(code_of(secret))})
        clock.shift(timedelta(minutes=6))
    client = password_given(manager)
    client.post(SECOND_STEP, {"code": code_of(secret)})
    assert not is_in(client)
    clock.shift(timedelta(days=1))
    client = password_given(manager)
    client.post(SECOND_STEP, {"code": code_of(secret)})
    assert is_in(client)


@pytest.mark.parametrize("later", [0, 29, 31, 59])
def test_a_code_that_somebody_saw_opens_nothing_again(
    manager: Member, clock: time_machine.Traveller, later: int
) -> None:
    secret = give_app(manager)
    code = code_of(secret, steps=1)  # of a clock that is fast: good for the longest time
    first = password_given(manager)
    first.post(SECOND_STEP, {"code": code})
    assert is_in(first)
    clock.shift(timedelta(seconds=later))
    for spelling in (code, f"{code[:3]} {code[3:]}"):
        second = password_given(manager)
        second.post(SECOND_STEP, {"code": spelling})
        assert not is_in(second)


def test_the_code_that_set_the_app_up_is_used_too(manager: Member) -> None:
    client = password_given(manager)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    code = code_of(secret)
    client.post("/accounts/2fa/totp/activate/", {"code": code})
    assert Authenticator.objects.filter(user=manager, type="totp").exists()
    other = password_given(manager)
    other.post(SECOND_STEP, {"code": code})
    assert not is_in(other)


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_one_step(manager: Member, steps: int, good: bool) -> None:
    secret = give_app(manager)
    client = password_given(manager)
    client.post(SECOND_STEP, {"code": code_of(secret, steps=steps)})
    assert is_in(client) is good


def test_a_recovery_code_opens_once(manager: Member, clock: time_machine.Traveller) -> None:
    give_app(manager)
    code = give_codes(manager)[0]
    first = password_given(manager)
    first.post(SECOND_STEP, {"code": code})
    assert is_in(first)
    clock.shift(timedelta(seconds=10 * STEP))
    second = password_given(manager)
    second.post(SECOND_STEP, {"code": code})
    assert not is_in(second)


def test_recovery_codes_alone_are_no_second_factor(settings: Settings, manager: Member) -> None:
    settings.MFA_REQUIRED = "managers"
    give_codes(manager)
    assert password_given(manager).get("/")["Location"] == "/account/second-factor"


def test_a_copy_of_the_database_makes_no_code(manager: Member) -> None:
    secret = give_app(manager)
    codes = give_codes(manager)
    stored = str(list(Authenticator.objects.filter(user=manager).values_list("data", flat=True)))
    assert secret not in stored
    assert not any(code in stored for code in codes)


def test_another_key_of_the_server_opens_what_the_earlier_one_wrote(settings: Settings, manager: Member) -> None:
    secret = give_app(manager)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    client = password_given(manager)
    client.post(SECOND_STEP, {"code": code_of(secret)})
    assert is_in(client)


def test_a_step_half_done_is_over_after_ten_minutes(manager: Member, clock: time_machine.Traveller) -> None:
    secret = give_app(manager)
    client = password_given(manager)
    clock.shift(timedelta(minutes=11))
    client.post(SECOND_STEP, {"code": code_of(secret)})
    assert not is_in(client)


def production(**changed: str) -> dict[str, str]:
    """An environment that production accepts, but for what is changed."""
    usual = {
        **dict.fromkeys(REQUIRED_IN_PRODUCTION, "x"),
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST",
        "INDICATOR_ID_KEY": "0123456789abcdef",
    }
    return usual | changed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MFA_REQUIRED", "none"),
        ("SECRET_KEY", "secret"),
        ("SECRET_KEY", "a" * 80),
        ("INDICATOR_ID_KEY", "0" * 40),
        ("INDICATOR_ID_KEY", "abc"),
    ],
)
def test_default_and_weak_secrets_start_no_server(name: str, value: str) -> None:
    require_production(production())
    with pytest.raises(ImproperlyConfigured, match=name):
        require_production(production(**{name: value}))


def test_there_is_no_account_that_nobody_made() -> None:
    assert not Member.objects.exists()


def test_who_lost_everything_is_let_in_by_an_administrator(manager: Member, mailbox: Mailbox) -> None:
    secret = give_app(manager)
    give_codes(manager)
    client = password_given(manager)
    client.post(SECOND_STEP, {"code": code_of(secret)})
    call_command("reset_second_factor", manager.email.upper(), stdout=StringIO())
    assert not is_in(client)
    assert is_in(password_given(manager))
    assert len(mailbox.letters(manager.email)) == 1
    assert Event.objects.get(action="member.factors_reset").details == {"count": 2}
    with pytest.raises(CommandError, match="nobody"):
        call_command("reset_second_factor", "nobody@example.org")


def test_a_passkey_that_logs_in_alone_asks_for_the_person_and_not_for_the_device_only() -> None:
    """Two factors in one: the browser is told so, and the answer is held against it."""
    client = Client()
    told = client.get("/accounts/2fa/webauthn/login/", headers={"x-requested-with": "XMLHttpRequest"}).json()
    assert told["request_options"]["publicKey"]["userVerification"] == "required"
    assert client.session["mfa.webauthn.state"]["user_verification"] == "required"
