"""Connecting a tool: picked, saved, pasted, read; and the card says so."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from sharing.profiles.models import FeedProfile, FeedPull
from tests.browser.conftest import Visit
from tests.browser.eyes import barriers, overflow
from tests.browser.village import Village, session_of


@pytest.fixture(autouse=True)
def at_home(settings: Any, live_server: LiveServer) -> None:
    """The lines carry the address under which this server answers."""
    settings.PUBLIC_URL = live_server.url


def pasted(page: Page, folder: Path) -> None:
    """Run what stands in the block for a terminal; what tells the resolver to load the zone is noted."""
    told = folder / "rndc"
    told.write_text('#!/bin/sh\necho "$@" > told\n')
    told.chmod(0o755)
    text = page.locator("#lines [data-runs=sh]").inner_text()
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-eu"],
        input=text,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stderr}"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_resolver_is_connected_and_its_pull_is_shown(
    visit: Visit, village: Village, tmp_path: Path, scripts: bool
) -> None:
    page = visit("/", village.session, java_script_enabled=scripts)
    page.get_by_role("navigation", name="Principale", exact=True).get_by_role("link", name="Flux").click()
    page.get_by_role("link", name="BIND RPZ").click()
    page.get_by_label("action").select_option("nodata")
    page.get_by_label("Note").fill("ns1, salle machines")
    page.get_by_role("button", name="Enregistrer et montrer").click()
    profile = FeedProfile.objects.get(name="bind")
    assert profile.options == {"action": "nodata"}
    expect(page.locator("#lines")).to_contain_text("Jamais lu")
    expect(page.locator("#lines")).to_contain_text("min-update-interval 5")
    page.get_by_role("button", name="Créer un jeton pour ce flux").click()
    assert page.locator("#secret").inner_text() in page.locator("#lines").inner_text()
    if scripts:
        assert barriers(page) == []
    pasted(page, tmp_path)
    assert "CNAME *." in (tmp_path / "bind.zone").read_text()
    assert (tmp_path / "told").read_text() == "reload rpz.iocmarket\n"
    page.goto("/tools/feeds/bind")
    expect(page.locator("#lines")).to_contain_text("À jour")
    pull = FeedPull.objects.get(profile=profile)
    expect(page.get_by_role("row", name="bind")).to_contain_text(str(pull.count))
    assert page.locator("#secret").count() == 0


def test_the_test_button_says_what_comes_and_what_was_left_out(visit: Visit, village: Village) -> None:
    page = visit("/tools/feeds/resolveurs", village.session)
    page.get_by_role("button", name="Le lire maintenant").click()
    came = page.locator("#came")
    expect(came).to_contain_text("text/dns")
    expect(came.locator("pre")).to_contain_text("$TTL")
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert overflow(page) == 0
    assert barriers(page) == []


def test_a_policy_is_put_in_force_and_told_again(visit: Visit, village: Village) -> None:
    page = visit("/tools/policy", village.session)
    scans = page.get_by_label("balayage, Noms de domaine", exact=False).first
    scans.select_option("detect")
    page.get_by_label("Score minimal").fill("30")
    page.get_by_role("button", name="L’appliquer").click()
    expect(page.get_by_text("La politique est appliquée")).to_be_visible()
    assert page.get_by_label("balayage, Noms de domaine", exact=False).first.input_value() == "detect"
    assert page.get_by_label("Score minimal").input_value() == "30"
    assert page.get_by_label("balayage, Adresses", exact=False).first.input_value() == ""  # ruled type by type


def test_who_manages_nothing_looks_and_changes_nothing(visit: Visit, village: Village) -> None:
    page = visit("/tools", session_of(village.reader))
    assert page.get_by_role("link", name="BIND RPZ").count() == 0
    page.goto("/tools/feeds/resolveurs")
    assert page.get_by_role("button", name="Supprimer ce flux").count() == 0
    assert page.get_by_role("button", name="Le lire maintenant").count() == 1
    page.goto("/tools/policy")
    assert page.get_by_role("button", name="L’appliquer").count() == 0
