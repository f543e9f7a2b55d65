"""What `manage.py demonstrate` leaves behind on an empty platform, and what it does there again.

Loading the community takes seconds: it is loaded once, and what each test does with it is undone.
"""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db.models import Count
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from ingestion.demonstration.keepsake import recall
from ingestion.enrichment.models import Enrichment
from ingestion.submissions.models import Submission
from iocmarket.accounts.models import Institution, Member
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP
from iocmarket.publication.models import Entry
from tests.undone import lasting, undone


@dataclass(frozen=True)
class Start:
    """The first one: when it was, what it printed, and where it kept the keys."""

    at: datetime
    text: str
    folder: Path


def demonstrate() -> str:
    out = io.StringIO()
    call_command("demonstrate", stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def started(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    folder = tmp_path_factory.mktemp("demonstration")
    with pytest.MonkeyPatch.context() as patch, lasting(django_db_blocker):
        patch.setattr(django_settings, "DATA_DIR", folder)
        patch.setattr(django_settings, "PUBLIC_URL", "http://127.0.0.1:8000")
        yield Start(clock.now(), demonstrate(), folder)


@pytest.fixture
def db(started: Start) -> Iterator[None]:
    """What a test writes is undone."""
    with undone():
        yield


@pytest.fixture
def start(started: Start, db: None) -> Start:
    return started


def test_an_empty_platform_gets_a_community_and_working_lines(client: Client, start: Start) -> None:
    assert Institution.objects.filter(state=Institution.State.APPROVED).count() == 3
    assert Member.objects.filter(is_administrator=True).count() == 1
    assert Indicator.unscoped.count() >= 450
    assert Report.objects.count() >= 8
    assert not Contribution.unscoped.filter(tlp=TLP.RED).exists()
    corroborated = Contribution.unscoped.values("indicator").annotate(n=Count("institution", distinct=True))
    assert corroborated.filter(n__gte=2).count() > 40
    assert Enrichment.objects.exclude(data={}).count() > 50
    assert Entry.objects.count() >= 450

    keepsake = recall(start.folder)
    assert keepsake is not None
    for login in keepsake.logins:
        assert login.password in start.text
        assert Member.objects.get(email=login.email).check_password(login.password)
    answers = [_paste(client, line) for line in start.text.splitlines() if line.strip().startswith("curl")]
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


def test_the_story_is_dated_as_it_happened(start: Start) -> None:
    first, last = Submission.objects.order_by("created_at").first(), Submission.objects.order_by("-created_at").first()
    assert first is not None
    assert last is not None
    assert 50 < (start.at - first.created_at).days <= 60
    assert (start.at - last.created_at).days == 0


def test_a_second_start_prints_the_same_and_creates_nothing(start: Start) -> None:
    before = (Submission.objects.count(), Member.objects.count())
    assert demonstrate() == start.text
    assert (Submission.objects.count(), Member.objects.count()) == before


def test_another_port_is_printed_as_it_is_now(start: Start, settings: Settings) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8100"
    assert demonstrate() == start.text.replace("127.0.0.1:8000", "127.0.0.1:8100")
