"""The page of one's own addresses: made, shown once, revoked; nobody else's."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from ingestion.mailbox.models import MailKey
from iocmarket.accounts.models import Member
from tests.factories import make_member
from tests.ingestion.mailbox.conftest import ADDRESS, secret_for

PAGE = "/account/tokens/mail"


@pytest.fixture
def hers(lea: Member, client: Client) -> Client:
    """Her session."""
    client.force_login(lea)
    return client


def test_an_address_is_shown_once(hers: Client) -> None:
    shown = hers.post(PAGE).content.decode()
    found = re.search(r"ioc\+([a-z2-7]{26})@ioc\.example", shown)
    assert found is not None
    again = hers.get(PAGE).content.decode()
    assert found[1] not in again
    assert f"+{found[1][:4]}…" in again
    assert ADDRESS in again


def test_an_address_is_revoked(hers: Client) -> None:
    hers.post(PAGE)
    key = MailKey.objects.get()
    hers.post(f"{PAGE}/{key.public_id}/revoke")
    hers.post(PAGE)
    key.refresh_from_db()
    assert key.revoked_at is not None
    shown = hers.get(PAGE, headers={"Accept-Language": "fr"}).content.decode()
    assert shown.index('data-state="ok"') < shown.index('data-state="idle"')
    assert "révoquée" in shown


def test_a_colleagues_address_is_not_there(hers: Client, lea: Member) -> None:
    other = make_member(lea.institution)
    secret_for(other)
    key = MailKey.objects.get()
    assert f"+{key.hint}…" not in hers.get(PAGE).content.decode()
    assert hers.post(f"{PAGE}/{key.public_id}/revoke").status_code == 404
    assert MailKey.objects.get().revoked_at is None


def test_the_page_of_tokens_leads_here_while_mails_are_taken(hers: Client, settings: Settings) -> None:
    assert PAGE in hers.get("/account/tokens").content.decode()
    settings.MAILBOX_ADDRESS = ""
    assert PAGE not in hers.get("/account/tokens").content.decode()
    assert hers.post(PAGE).status_code == 422
    assert not MailKey.objects.exists()
