"""Programs of others read a real server: taxii2-client, the stix2 library, the strict validator of OASIS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stix2
import stix2validator
from taxii2client.common import TokenAuth
from taxii2client.v21 import Collection, Server, as_pages

from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import ioc_types
from tests.sharing.taxii.instance import PROJECT, Instance, running, submit

pytestmark = pytest.mark.real
SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or PROJECT.parent / "shared" / "data")
CHECKER = SHARED.parent / "tools" / "taxii" / "taxii21_conformance.py"
AWKWARD = "l'espace « insécable »; \\ \"quotes\" <b>x</b> \u2028 = 1 + 1 ' or ''=''"


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """A community in which one institution shared every type of indicator, in every way, and took some back."""
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def reader(instance: Instance) -> str:
    """The token of an institution that shared nothing; what is to be read is published."""
    read, write = ["indicators:read"], ["indicators:write"]
    secrets = instance.community({"Lectrice": read, "Autre": read, "Autrice": write, "Seconde": write})
    for document in _documents():
        answer = submit(instance.url, secrets["Autrice"], document)
        assert answer["counts"]["refused"] == 0, [i for i in answer["items"] if i["status"] == "refused"]
    submit(instance.url, secrets["Seconde"], _documents()[0])
    _await_publication(instance)
    _take_one_back(instance)
    _await_publication(instance)
    return secrets["Lectrice"]


def _await_publication(instance: Instance) -> None:
    deadline = time.monotonic() + 60
    while instance.rows("SELECT 1 FROM publication_outbox LIMIT 1") or _unfilled(instance):
        assert time.monotonic() < deadline, instance.logs()
        time.sleep(0.2)


def _unfilled(instance: Instance) -> list[tuple[Any, ...]]:
    return instance.rows("SELECT 1 FROM publication_view WHERE filled_to IS NOT NULL LIMIT 1")


def _documents() -> list[dict[str, Any]]:
    every = [{"value": raw, "type": kind.name} for kind in ioc_types for raw, _ in kind.examples]
    threats = [
        {"value": f"45.10.0.{number}", "threat_type": threat, "confidence": number * 5, "tags": [f"tag:{number}", "é"]}
        for number, threat in enumerate(ThreatType.values)
    ]
    markings = [
        {"value": f"45.11.{t}.{p}", "tlp": tlp, "pap": pap, "comment": AWKWARD, "anonymous": bool(p % 2)}
        for t, tlp in enumerate(["CLEAR", "GREEN", "AMBER", "AMBER+STRICT"])
        for p, pap in enumerate(["CLEAR", "GREEN", "AMBER", "RED"])
    ]
    old = [{"value": "45.12.0.1", "first_seen": "2019-01-01T00:00:00Z", "last_seen": "2019-02-01T00:00:00Z"}]
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    ending = [{"value": "45.12.0.2", "valid_until": soon}, {"value": "taken-back.net"}]
    named = {"audience": "recipients", "recipients": ["Lectrice"]}
    return [
        {"indicators": every, "defaults": {"threat_type": "phishing", "comment": AWKWARD}},
        {"indicators": threats + markings + old + ending},
        {"indicators": ["45.13.0.1"], "defaults": named},
        {"indicators": ["45.13.0.2"], "defaults": {**named, "recipients": ["Autre"]}},
        {"indicators": ["45.13.0.3"], "defaults": {"audience": "own"}},
    ]


def _take_one_back(instance: Instance) -> None:
    instance.python(
        """
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.services import withdraw
from iocmarket.kernel.marking import FULL
said = Contribution.unscoped.get(indicator__value="taken-back.net")
withdraw(said, viewer=Viewer(institution_id=said.institution_id, ceiling=FULL, scopes=frozenset({"indicators:write"})))
"""
    )


def _server(instance: Instance, secret: str) -> Server:
    return Server(f"{instance.url}/taxii2/", auth=TokenAuth(key=secret))


def _collections(instance: Instance, secret: str) -> dict[str, Collection]:
    [root] = _server(instance, secret).api_roots
    return {collection.title: collection for collection in root.collections}


def _pulled(collection: Collection, per_request: int) -> list[dict[str, Any]]:
    pages = as_pages(collection.get_objects, per_request=per_request)
    return [found for page in pages for found in page.get("objects", [])]


def _published(instance: Instance, audience: str) -> list[bytes]:
    rows = instance.rows(
        "SELECT e.body FROM publication_entry e JOIN publication_view v ON v.id = e.view_id"
        " WHERE v.audience = %s ORDER BY e.date_added",
        audience,
    )
    return [bytes(body) for (body,) in rows]


@pytest.mark.parametrize("per_request", [0, 7, 1000])
def test_taxii2_client_pulls_what_another_institution_shared(instance: Instance, reader: str, per_request: int) -> None:
    pulled = _pulled(_collections(instance, reader)["Communauté"], per_request)
    assert pulled == [json.loads(body) for body in _published(instance, "community")]
    assert len(pulled) > 50


def test_the_inbox_holds_what_was_addressed_and_nothing_else(instance: Instance, reader: str) -> None:
    pulled = _pulled(_collections(instance, reader)["Reçus"], 5)
    assert [found["name"] for found in pulled if found["type"] == "indicator"] == ["45.13.0.1"]


def test_taxii2_client_pages_through_the_manifest(instance: Instance, reader: str) -> None:
    collection = _collections(instance, reader)["Communauté"]
    records = [record for page in as_pages(collection.get_manifest, per_request=9) for record in page["objects"]]
    assert [record["id"] for record in records] == [found["id"] for found in _pulled(collection, 1000)]


def test_taxii2_client_reads_one_object_and_filters(instance: Instance, reader: str) -> None:
    collection = _collections(instance, reader)["Communauté"]
    wanted = next(found for found in _pulled(collection, 1000) if found["type"] == "indicator")
    assert collection.get_object(wanted["id"])["objects"] == [wanted]
    assert collection.object_versions(wanted["id"])["versions"] == [wanted["modified"]]
    assert collection.get_objects(id=[wanted["id"]], version="last", type=["indicator"])["objects"] == [wanted]
    assert "objects" not in collection.get_objects(added_after=datetime(2999, 1, 1, tzinfo=UTC))


def test_the_stix2_library_parses_every_object(instance: Instance, reader: str) -> None:
    for title in ("Communauté", "Reçus"):
        for found in _pulled(_collections(instance, reader)[title], 1000):
            parsed = stix2.parse(json.dumps(found), allow_custom=False)
            assert parsed.id == found["id"]


@pytest.fixture
def validator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The validator with the OASIS schemas, which its package forgets: it looks for them beside its own file."""
    if not (SHARED / "stix-schemas").is_dir():
        pytest.skip(f"the STIX schemas are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    shutil.copytree(SHARED / "stix-schemas", tmp_path / "schemas-2.1" / "schemas")
    monkeypatch.setattr(stix2validator.validator, "__file__", str(tmp_path / "validator.py"))
    return stix2validator


@pytest.mark.shareddata
def test_the_strict_validator_has_nothing_to_say(instance: Instance, reader: str, validator: Any) -> None:
    options = validator.ValidationOptions(strict=True, version="2.1")
    complaints = {}
    for found in _pulled(_collections(instance, reader)["Communauté"], 1000):
        result = validator.validate_instance(found, options)
        if not result.is_valid or result.warnings:
            complaints[found["id"]] = [str(said) for said in [*result.errors, *result.warnings]]
    assert not complaints


@pytest.mark.shareddata
@pytest.mark.parametrize(
    "spelling", ["--token {} --scheme Token", "--token {} --scheme Bearer", "--user x --password {}"]
)
def test_the_conformance_checker_finds_no_fault(instance: Instance, reader: str, spelling: str) -> None:
    if not CHECKER.is_file():
        pytest.skip(f"the conformance checker is not at {CHECKER}; set IOCMARKET_SHARED_DATA")
    [(hidden,)] = instance.rows(
        "SELECT v.public_id FROM publication_view v JOIN accounts_institution i ON i.id = v.institution_id"
        " WHERE i.name = 'Autre'"
    )
    done = subprocess.run(
        [sys.executable, str(CHECKER), f"{instance.url}/taxii2/", *spelling.format(reader).split(), "--read-collection",
         "Communauté", "--nowrite-collection", "Communauté", "--hidden-collection", str(hidden), "--insecure-http",
         "--strict"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert not [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert done.returncode == 0, done.stdout
    print("\n".join(done.stdout.splitlines()[-2:]))
