"""Tokens: made, shown once, pasted, revoked. What the page shows to paste is pasted here, and works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from iocmarket.accounts.models import Token
from tests.browser.conftest import Visit
from tests.browser.eyes import barriers
from tests.browser.village import Village, session_of

ALL_SCOPES = [
    "Lire les indicateurs",
    "Lire les flux",
    "Partager des indicateurs",
    "Signaler des observations et des faux positifs",
]


@pytest.fixture(autouse=True)
def at_home(settings: Any, live_server: LiveServer) -> None:
    """The lines carry the address under which this server answers."""
    settings.PUBLIC_URL = live_server.url


def make(page: Page, name: str, scopes: list[str]) -> str:
    page.get_by_label("Nom", exact=True).fill(name)
    for scope in ALL_SCOPES:
        page.get_by_label(scope).set_checked(scope in scopes)
    page.get_by_role("button", name="Créer le jeton").click()
    return page.locator("#secret").inner_text()


def blocks(page: Page, runs: str) -> dict[str, str]:
    """What can be pasted, by the name of its tool."""
    found = {}
    for card in page.locator(".tool-card").all():
        for block in card.locator(f"[data-runs={runs}]").all():
            found[card.locator("h3").inner_text()] = block.inner_text()
    return found


def run(command: list[str], folder: Path, text: str) -> str:
    """With the programs that are told of a new file: they note what they are told."""
    told = folder.parent / "programs"
    told.mkdir(exist_ok=True)
    for name in ("rndc", "unbound-control", "suricatasc"):
        (told / name).write_text('#!/bin/sh\necho "$@" > told\n')
        (told / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{told}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, input=text, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("scripts", [True, False])
def test_a_token_is_shown_once(visit: Visit, village: Village, scripts: bool) -> None:
    page = visit("/account/tokens", village.session, java_script_enabled=scripts)
    assert "TOKEN" in page.locator(".tools").inner_text()
    secret = make(page, "SIEM", ALL_SCOPES[:2])
    assert len(secret) == 40
    assert secret in page.locator(".tools").inner_text()
    share = page.locator(".tool-card", has_text="Partager depuis un script")
    expect(share).to_contain_text("demande indicators:write")
    if scripts:
        assert barriers(page) == []
    page.goto("/account/tokens")
    assert secret not in page.content()
    expect(page.get_by_role("row", name="SIEM")).to_contain_text("Ouvert")


def test_every_line_that_can_be_pasted_works(visit: Visit, village: Village, tmp_path: Path) -> None:
    page = visit("/account/tokens", village.session)
    secret = make(page, "essai", ALL_SCOPES)
    said: dict[str, str] = {}
    for tool, text in blocks(page, "sh").items():
        folder = tmp_path / tool
        folder.mkdir()
        said[tool] = run(["/bin/sh", "-eu"], folder, text)
        said[tool] += "".join(path.read_text() for path in sorted(folder.glob("*")))
    for tool, text in blocks(page, "python").items():
        said[tool] = run([sys.executable, "-"], tmp_path, text)
    assert secret in said["BIND 9"]  # of the header file, which only its owner reads
    assert (tmp_path / "BIND 9" / "iocmarket.header").stat().st_mode & 0o077 == 0
    assert "240.100.220.185.rpz-ip CNAME ." in said["BIND 9"]
    assert "240.100.220.185.rpz-ip CNAME ." in said["Unbound"]
    assert (tmp_path / "Unbound" / "told").read_text() == "auth_zone_reload rpz.iocmarket\n"
    assert "[185.220.100.240/32]" in said["Suricata"]
    assert "185.220.100.240\n" in said["Pare-feu"]
    assert "185.220.100.240" in said["Tableur"]
    assert '"known":false' in said["Vérifier depuis un script"].replace(" ", "")
    assert '"received":1' in said["Partager depuis un script"].replace(" ", "")
    assert '"kind":"seen"' in said["Signaler des observations depuis un script"].replace(" ", "")
    assert "[ipv4-addr:value = '185.220.100.240']" in said["Python"]
    assert said["Partager des objets STIX"] == "complete\n"
    assert '"marking-definition"' in said["curl"].replace(" ", "")


def test_revoking_asks_first_and_closes_the_token(visit: Visit, village: Village) -> None:
    page = visit("/account/tokens", village.session, java_script_enabled=False)
    page.get_by_text("Révoquer test").click()
    page.get_by_role("button", name="Révoquer définitivement").click()
    expect(page.get_by_text("ne permet plus rien")).to_be_visible()
    expect(page.get_by_role("row", name="test")).to_contain_text("Révoqué")
    token = Token.objects.get(name="test", institution=village.manager.institution)
    assert token.revoked_at is not None


def test_a_token_without_a_scope_is_refused_in_words(visit: Visit, village: Village) -> None:
    page = visit("/account/tokens", village.session)
    for scope in ALL_SCOPES:
        page.get_by_label(scope).uncheck()
    page.get_by_label("Nom", exact=True).fill("rien")
    page.get_by_role("button", name="Créer le jeton").click()
    expect(page.locator(".field-errors")).to_contain_text("obligatoire")
    assert barriers(page) == []
    assert not Token.objects.filter(name="rien").exists()


def test_only_managers_make_tokens(visit: Visit, village: Village) -> None:
    page = visit("/account/tokens", session_of(village.reader))
    expect(page.get_by_text("Les gestionnaires de votre établissement")).to_be_visible()
    expect(page.get_by_role("button", name="Créer le jeton")).to_have_count(0)
    expect(page.get_by_text("Révoquer")).to_have_count(0)
