"""The shell around a member: menus, shortcuts, and the community's own pages under the rules of accessibility."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import expect

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from tests.browser.conftest import Visit
from tests.browser.eyes import barriers, overflow
from tests.factories import make_institution, make_member


@pytest.fixture
def manager(transactional_db: None) -> Client:
    """A session of a manager who is also an administrator of the community."""
    client = Client()
    client.force_login(make_member(make_institution("Université de Valbrune"), role=Role.MANAGER, administrator=True))
    return client


@pytest.fixture
def applicant(transactional_db: None) -> Member:
    member = make_member(make_institution("INP Mériane"), email="l.serre@meriane.org")
    Member.objects.filter(pk=member.pk).update(state=Member.State.APPLICANT, why="Responsable sécurité")
    return member


@pytest.mark.parametrize("path", ["/account/tokens", "/members/applications"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_barrier_and_fit_a_phone(
    visit: Visit, manager: Client, applicant: Member, path: str, scheme: str
) -> None:
    page = visit(path, manager, color_scheme=scheme)
    assert barriers(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert overflow(page) == 0
    page.locator(".menu > summary").click()
    expect(page.get_by_role("navigation", name="Menu").get_by_role("link", name="Jetons")).to_be_visible()
    assert barriers(page) == []


def test_the_keyboard_goes_places_and_says_what_it_can(visit: Visit, manager: Client) -> None:
    page = visit("/members/applications", manager)
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Clavier")
    expect(help_).to_be_visible()
    assert barriers(page) == []
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    page.keyboard.type("gt")
    expect(page.get_by_role("heading", level=1)).to_have_text("Jetons")


def test_letters_do_nothing_while_typing_or_when_turned_off(visit: Visit, manager: Client) -> None:
    page = visit("/account/tokens", manager)
    page.get_by_label("Nom", exact=True).fill("")
    page.get_by_label("Nom", exact=True).press_sequentially("?gt")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.locator(".whoami-menu > summary").click()
    page.get_by_role("button", name="Désactiver les raccourcis").click()
    expect(page.locator("html")).to_have_attribute("data-keyboard", "off")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()
