"""`manage.py demonstrate` on an empty platform, again, and on a real one."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db.models import Count
from django.test import Client
from pytest_django import Settings

from ingestion.demonstration import loading
from ingestion.demonstration.keepsake import recall
from ingestion.enrichment.models import Enrichment
from ingestion.submissions.models import Submission
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.services import create_institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP
from iocmarket.publication.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_dir(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


def demonstrate() -> str:
    out = io.StringIO()
    call_command("demonstrate", stdout=out)
    return out.getvalue()


def test_an_empty_platform_gets_a_community_and_working_lines(client: Client, tmp_path: Path) -> None:
    text = demonstrate()
    assert Institution.objects.filter(state=Institution.State.APPROVED).count() == 3
    assert Member.objects.filter(is_administrator=True).count() == 1
    assert Indicator.unscoped.count() >= 450
    assert Report.objects.count() >= 8
    assert not Contribution.unscoped.filter(tlp=TLP.RED).exists()
    corroborated = Contribution.unscoped.values("indicator").annotate(n=Count("institution", distinct=True))
    assert corroborated.filter(n__gte=2).count() > 40
    assert Enrichment.objects.exclude(data={}).count() > 50
    assert Entry.objects.count() >= 450

    keepsake = recall(tmp_path)
    assert keepsake is not None
    for login in keepsake.logins:
        assert login.password in text
        assert Member.objects.get(email=login.email).check_password(login.password)
    answers = [_paste(client, line) for line in text.splitlines() if line.strip().startswith("curl")]
    sent, listed, looked_up, taxii, addresses, zone = answers
    assert json.loads(sent)["counts"]["refused"] == 0
    assert len(json.loads(listed)["indicators"]) == 5
    assert [result["known"] for result in json.loads(looked_up)["results"]] == [True, True, False]
    assert len(json.loads(taxii)["collections"]) >= 2
    assert "185.220.10" in addresses
    assert "CNAME ." in zone


def _paste(client: Client, line: str) -> str:
    """What curl would print. An error status fails, and so does an empty answer."""
    words = shlex.split(line)
    url = urlsplit(words[-1])
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    path = url.path + (f"?{url.query}" if url.query else "")
    if "-d" in words:
        body = words[words.index("-d") + 1]
        json.loads(body)
        content_type = headers.pop("Content-Type")
        response = client.post(path, body, content_type=content_type, headers=headers)
    else:
        response = client.get(path, headers=headers)
    assert response.status_code in {200, 201}, (line, response.status_code)
    body_out = b"".join(response) if response.streaming else response.content
    assert len(body_out) > 20, line
    return body_out.decode()


def test_the_story_is_dated_as_it_happened() -> None:
    now = clock.now()
    loading.load(now)
    first, last = Submission.objects.order_by("created_at").first(), Submission.objects.order_by("-created_at").first()
    assert first is not None
    assert last is not None
    assert 50 < (now - first.created_at).days <= 60
    assert (now - last.created_at).days == 0


def test_a_second_start_prints_the_same_and_creates_nothing() -> None:
    first = demonstrate()
    before = (Submission.objects.count(), Member.objects.count())
    assert demonstrate() == first
    assert (Submission.objects.count(), Member.objects.count()) == before


def test_another_port_is_printed_as_it_is_now(settings: Settings) -> None:
    first = demonstrate()
    settings.PUBLIC_URL = "http://127.0.0.1:8100"
    assert demonstrate() == first.replace("127.0.0.1:8000", "127.0.0.1:8100")


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
