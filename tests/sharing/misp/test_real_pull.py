"""One running instance pulls another: its MISP feed by PyMISP, and its API by a subscription of ours."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pymisp import MISPEvent, MISPServerError, PyMISP

from tests.sharing.taxii.instance import PATIENCE, Instance, running, submit

pytestmark = pytest.mark.real

INDICATORS = [
    {"value": "evil.example.com", "type": "domain", "tlp": "GREEN", "pap": "GREEN", "threat_type": "phishing"},
    {"value": "45.9.20.7", "tlp": "CLEAR", "pap": "CLEAR", "threat_type": "scan"},
    {"value": "45.9.21.0/24", "tlp": "CLEAR", "pap": "AMBER", "threat_type": "c2"},
    {"value": "2a02:db9::1", "tlp": "GREEN", "pap": "RED", "threat_type": "c2"},
    {"value": "https://evil.example.com/a?b=1", "tlp": "GREEN", "pap": "AMBER", "threat_type": "phishing"},
    {"value": "a" * 64, "type": "sha256", "tlp": "AMBER", "pap": "GREEN", "threat_type": "malware"},
]
SAID = """SELECT indicator.type, indicator.value, said.tlp, said.pap, said.threat_type, coalesce(report.title, '')
FROM indicators_contribution AS said JOIN indicators_indicator AS indicator ON indicator.id = said.indicator_id
JOIN accounts_institution AS who ON who.id = said.institution_id
LEFT JOIN indicators_report AS report ON report.id = said.report_id WHERE who.name = %s AND said.withdrawn_at IS NULL"""
PROFILE = """
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from sharing.profiles.services import create_profile
create_profile(Institution.objects.get(name="Lectrice"), name="dossier", format="misp", actor=PLATFORM)
"""
SUBSCRIBE = """
from django.conf import settings
settings.OUTBOUND_ALLOWED = ({host!r},)  # what the operator of the one allows: the other is on this machine
from ingestion.subscriptions.models import Turn
from ingestion.subscriptions.running import pull
from ingestion.subscriptions.services import Told, create
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.accounts.views import actor_of
own = Institution.objects.get(name="Abonnée")
author = Member.objects.create_user("manager@abonnee.example", institution=own, role=Role.MANAGER, state="approved")
told = Told(name="Autre", kind="misp", url={url!r}, secret={secret!r}, permitted=True, tlp_floor=0, pap_floor=0)
made = create(own, told, author=author, actor=actor_of(author))
turn = pull(made.pk)
print("TURN", turn.error, turn.pages)
"""


@pytest.fixture(scope="module")
def source() -> Iterator[Instance]:
    """Where it was shared."""
    with running() as instance:
        yield instance


@pytest.fixture(scope="module")
def target() -> Iterator[Instance]:
    """Where it is pulled to."""
    with running() as instance:
        yield instance


@pytest.fixture(scope="module")
def secrets(source: Instance) -> dict[str, str]:
    """Who shares and who reads; what was shared is published."""
    found = source.community({"Autrice": ["indicators:write"], "Lectrice": ["indicators:read", "feeds:read"]})
    campaign: dict[str, Any] = {"report": {"title": "Une campagne"}, "defaults": {"tlp": "GREEN"}}
    for place, document in enumerate(
        ({**campaign, "indicators": INDICATORS[::2]}, {"indicators": INDICATORS[1::2]}), start=1
    ):
        counts = submit(source.url, found["Autrice"], document)["counts"]
        assert counts["accepted"] == len(INDICATORS) // 2, (place, counts)
    deadline = time.monotonic() + PATIENCE
    while _count(source, found["Lectrice"]) < len(INDICATORS):
        assert time.monotonic() < deadline, source.logs()
        time.sleep(0.5)
    return found


def _count(instance: Instance, secret: str) -> int:
    """Of what is there: nothing while the views of a new institution are being filled (503, Retry-After)."""
    try:
        return len(_attributes(instance, secret))
    except MISPServerError:
        return 0


def _attributes(instance: Instance, secret: str) -> list[dict[str, Any]]:
    answer: Any = PyMISP(f"{instance.url}/", secret).search(controller="attributes")
    found: list[dict[str, Any]] = answer["Attribute"]
    return found


def _said(instance: Instance, name: str) -> set[tuple[Any, ...]]:
    return set(instance.rows(SAID, name))


def test_pymisp_pulls_the_feed_into_another_instance(
    source: Instance, target: Instance, secrets: dict[str, str]
) -> None:
    source.python(PROFILE)
    key = target.community({"Importatrice": ["indicators:read", "indicators:write"]})["Importatrice"]
    misp = PyMISP(f"{target.url}/", key)
    headers = {"Authorization": secrets["Lectrice"]}

    def fetched(name: str) -> str:
        answer = requests.get(f"{source.url}/feeds/p/dossier/{name}", headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.text

    manifest = json.loads(fetched("manifest.json"))
    assert len(manifest) == 2
    for uuid in manifest:
        event = MISPEvent()
        event.load(fetched(f"{uuid}.json"))
        event.distribution = 1
        added = misp.add_event(event)
        assert "errors" not in added, added
    shared, pulled = _said(source, "Autrice"), _said(target, "Importatrice")
    assert {row[:-1] for row in pulled} == {row[:-1] for row in shared}
    assert {row for row in pulled if row[-1] == "Une campagne"} == {row for row in shared if row[-1]}


def test_our_own_subscription_reads_it(source: Instance, target: Instance, secrets: dict[str, str]) -> None:
    target.community({"Abonnée": ["indicators:write"]})
    told = target.python(
        SUBSCRIBE.format(host=f"127.0.0.1:{source.port}", url=f"{source.url}/", secret=secrets["Lectrice"])
    )
    assert "TURN  " in told, told
    shared, pulled = _said(source, "Autrice"), _said(target, "Abonnée")
    assert {row[:-1] for row in pulled} == {row[:-1] for row in shared}
    assert {row for row in pulled if row[-1] == "Une campagne"} == {row for row in shared if row[-1]}
