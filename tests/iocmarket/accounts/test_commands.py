"""The commands of the contract: what they print is what scripts read."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.roles import Role
from iocmarket.accounts.secrets import is_well_formed
from iocmarket.kernel.marking import TLP
from iocmarket.settings.env import PROJECT

pytestmark = pytest.mark.django_db


def run(*arguments: str, stdin: str | None = None, monkeypatch: pytest.MonkeyPatch | None = None) -> str:
    """What a command writes on stdout."""
    if stdin is not None and monkeypatch is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def valbrune() -> Institution:
    """Made by the command."""
    run("create_institution", "Valbrune", "--domain", "valbrune.fr", "--domain", "u-valbrune.fr", "--approved")
    return Institution.objects.get()


def test_create_institution_prints_its_id_alone() -> None:
    printed = run("create_institution", "Valbrune", "--domain", "valbrune.fr")
    institution = Institution.objects.get()
    assert UUID(printed.strip()) == institution.public_id
    assert institution.state == Institution.State.APPLIED


def test_create_institution_lets_it_in_when_told_to(valbrune: Institution) -> None:
    assert valbrune.is_approved
    assert sorted(asset.value for asset in valbrune.assets.all()) == ["u-valbrune.fr", "valbrune.fr"]


def test_create_member_reads_the_password_from_stdin(valbrune: Institution, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = run(
        "create_member", "Ada@valbrune.fr", "--institution", "valbrune", "--role", "contributor", "--password-stdin",
        stdin="a long enough secret\n", monkeypatch=monkeypatch,
    )  # fmt: skip
    assert printed == "ada@valbrune.fr\n"
    assert authenticate(None, email="ada@valbrune.fr", password="a long enough secret") == Member.objects.get()


def test_create_member_draws_a_password_and_prints_it_once(valbrune: Institution) -> None:
    printed = run("create_member", "ada@valbrune.fr", "--institution", "Valbrune", "--role", "administrator")
    email, password = printed.split()
    member = authenticate(None, email=email, password=password)
    assert isinstance(member, Member)
    assert member.is_administrator
    assert member.role == Role.MANAGER
    assert member.institution == valbrune


def test_create_token_prints_the_token_alone_and_it_opens(valbrune: Institution) -> None:
    printed = run(
        "create_token", "--institution", "VALBRUNE", "--scope", "indicators:write", "indicators:read",
        "--scope", "feeds:read", "--expires", "2099-01-31", "--tlp-ceiling", "amber+strict",
    )  # fmt: skip
    secret = printed.removesuffix("\n")
    assert is_well_formed(secret)
    token = Token.objects.get()
    assert token.scopes == ["feeds:read", "indicators:read", "indicators:write"]
    assert token.expires_at == datetime(2099, 1, 31, tzinfo=UTC)
    assert token.tlp_ceiling == TLP.AMBER_STRICT
    answer = Client().post(
        "/api/v1/submissions", "[]", content_type="application/json", headers={"Authorization": secret}
    )
    assert answer.status_code == 422


TOKEN = ("create_token", "--institution", "Valbrune", "--scope")
MEMBER = ("create_member", "x@valbrune.fr", "--institution")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create_institution", "VALBRUNE"), "exists already"),
        ((*MEMBER, "Nobody", "--role", "reader"), "no institution named 'Nobody'"),
        ((*MEMBER, "Valbrune", "--role", "root"), "invalid choice"),
        (("create_member", "nonsense", "--institution", "Valbrune", "--role", "reader"), "not an e-mail address"),
        (("create_token", "--institution", "Nobody", "--scope", "feeds:read"), "no institution"),
        ((*TOKEN, "root"), "'root' is not a scope"),
        ((*TOKEN, "feeds:read", "--tlp-ceiling", "RED"), "no token carries it"),
        ((*TOKEN, "feeds:read", "--tlp-ceiling", "pink"), "not a TLP 2.0 label"),
        ((*TOKEN, "feeds:read", "--expires", "tomorrow"), "is not a day"),
        ((*TOKEN, "feeds:read", "--expires", "2020-01-01"), "lies in the past"),
    ],
)
def test_a_refused_command_says_why_and_prints_nothing_on_stdout(
    arguments: tuple[str, ...], said: str, valbrune: Institution, capsys: Any
) -> None:
    with pytest.raises(CommandError, match=said):
        run(*arguments)
    assert capsys.readouterr().out == ""
    assert not Token.objects.exists()
    assert not Member.objects.exists()


@pytest.mark.real
@pytest.mark.django_db(transaction=True)
def test_a_shell_reads_the_token_and_nothing_else_from_stdout() -> None:
    run("create_institution", "Valbrune", "--approved")
    held = connection.settings_dict
    url = f"postgresql://{held['USER']}@/{held['NAME']}?host={held['HOST']}"
    done = subprocess.run(
        [sys.executable, "manage.py", "create_token", "--institution", "Valbrune", "--scope", "feeds:read"],
        cwd=PROJECT, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert is_well_formed(done.stdout.removesuffix("\n"))
    assert Token.objects.get().hint == done.stdout[4:8]
