"""`manage.py demonstrate` where it leaves nothing: on a real platform, and without a place for the keys."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from iocmarket.accounts.models import Institution
from iocmarket.accounts.services import create_institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Indicator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_dir(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


def demonstrate() -> str:
    out = io.StringIO()
    call_command("demonstrate", stdout=out)
    return out.getvalue()


def test_a_real_community_is_left_alone() -> None:
    create_institution(name="Université réelle", approved=True, actor=PLATFORM)
    assert demonstrate() == ""
    assert Institution.objects.count() == 1
    assert not Indicator.unscoped.exists()


def test_without_a_place_for_the_keys_nothing_is_created(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("ingestion.demonstration.management.commands.demonstrate.keep", full)
    with pytest.raises(OSError, match="no space"):
        demonstrate()
    assert not Institution.objects.exists()
